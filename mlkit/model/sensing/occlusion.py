"""Where in an image, or when in a sound, lies what moved the prediction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError, did_you_mean
from mlkit.model.audit.asking import said_with
from mlkit.model.audit.dependence import towards as told_of
from mlkit.model.fitted import Model
from mlkit.model.runtime import choice, cut
from mlkit.model.sensing.small import Sound, column, image_of, sound_of
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Occlusion", "occlusion"]

Array = NDArray[Any]
Place = tuple[slice, ...]
PART, STEPS, LONG, QUIET = 5, 3, 8, 0.1
NOTHING = 1e-9


@dataclass(frozen=True)
class Occlusion:
    """One image or sound, and what each part of it does to the prediction.

    Parameters
    ----------
    row, column, kind
        Its row's id, its column, and ``image`` or ``audio``.
    output
        What is predicted: the chance of a class, or the target.
    said
        The prediction.
    shown
        What the model was shown: levels of shape (height, width, 3), or samples of
        shape (samples,); None where it is missing or cannot be read.
    rate
        Of a sound, its samples a second.
    effects
        How far the prediction falls where that place is hidden, shape (height, width)
        or (samples,), the mean over all that hide it; empty where there is nothing.
    most
        The one part that moves the prediction most, as a place to name.
    moved
        How far the prediction falls where that part is hidden.
    then
        What the model would say without it, where that is another label.
    """

    row: str
    column: str
    kind: str
    output: str
    said: float
    shown: Array | None = field(default=None, repr=False)
    rate: int = 0
    effects: Array = field(default_factory=lambda: np.zeros(0), repr=False)
    most: str = ""
    moved: float = 0.0
    then: str = ""

    @property
    def statement(self) -> str:
        """What matters most, in a sentence."""
        if self.shown is None:
            return f"{self.column} is missing, or cannot be read"
        if not self.moved:
            return "hiding any one part of it changes nothing"
        down = "falls" if self.moved > 0 else "rises"
        told = f"without {self.most} it {down} by {say(abs(self.moved))}"
        return told + (f", and the model would say {self.then}" if self.then else "")

    def plot(self) -> Picture:
        """Draw the image or sound, and beside it what each part does."""
        from mlkit.model.charts.occlusion import hidden

        return hidden(self)


def occlusion(
    model: Model,
    row: pd.DataFrame,
    name: str,
    *,
    threshold: float | None = None,
    towards: int | None = None,
) -> Occlusion:
    """Hide one part of an image or sound after the other, and see what is said then.

    Parameters
    ----------
    model
        A fitted model.
    row
        One cleaned row.
    name
        A column of images or sounds.
    threshold
        Of two classes, the least probability that says the second; None is a half.
    towards
        The class whose chance is told, by its place; None takes the second of two,
        of more the one that the model says.

    Raises
    ------
    InputError
        Where `row` is not one row, or the model does not look at that column.

    Notes
    -----
    Zeiler and Fergus (2014): a square, a fifth as wide as the image and of its mean
    colour, is moved over it; in a sound an eighth of its time becomes noise as quiet
    as its quietest tenth. What the prediction loses is laid on all that was hidden, and
    averaged. It tells what the model looks at as the image stands, not what it would
    see elsewhere.

    Examples
    --------
    >>> from PIL import Image
    >>> from mlkit.core.media import media
    >>> from mlkit.core.pictures import written
    >>> from mlkit.model.fitted import fit
    >>> from mlkit.model.problem import Problem
    >>> dot = np.zeros((2, 20, 20), np.uint8)
    >>> dot[1, 2:6, 2:6] = 255
    >>> kept = media().put_all(written(Image.fromarray(one)) for one in dot)
    >>> rows = pd.DataFrame({"seen": kept * 20, "y": ["no", "yes"] * 20})
    >>> task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), images=("seen",))
    >>> found = occlusion(fit("linear", {}, rows, task), rows.iloc[[1]], "seen")
    >>> found.output, found.most, found.moved > 0
    ('chance of yes', 'its upper left', True)
    """
    kinds = model.problem.media
    if name not in kinds:
        todo = did_you_mean(name, kinds)
        raise InputError(f"the model looks at no image or sound {name!r}", todo=todo)
    if len(row) != 1:
        raise InputError("one row is explained at a time", got=f"{len(row)} rows")
    kind, (said,) = kinds[name], model.predicted(row)
    at = told_of(model, said[None]) if towards is None else towards
    plain = Occlusion(
        row=str(row.index[0]),
        column=name,
        kind=kind,
        output=f"chance of {model.classes[at]}" if at >= 0 else model.problem.target,
        said=float(said[at] if at >= 0 else said),
    )
    read: Any = image_of if kind == "image" else sound_of
    found = read(row[name].iloc[0])
    if found is None:
        return plain
    shown, rate, places, cells = _image(found) if kind == "image" else _sound(found)
    table = row.iloc[np.zeros(len(cells), int)]
    told = said_with(model, table, {name: column(cells, kind)})
    one = told[:, at] if at >= 0 else told
    away = one[0] - one[1:]  # what is small is held against what is small
    best = int(np.abs(away).argmax())
    return replace(
        plain,
        shown=shown,
        rate=rate,
        effects=_spread(shown.shape[: len(places[0])], places, away),
        most=_where(places[best], shown, rate),
        moved=float(f"{away[best]:.6g}") if abs(away[best]) > NOTHING else 0.0,
        then=_other(model, told[[0, 1 + best]], threshold),
    )


def _other(model: Model, told: Array, threshold: float | None) -> str:
    """Return the second label, where it is another than the first."""
    if not model.classes:
        return ""
    first, second = choice(told, cut(threshold))
    return "" if first == second else model.classes[int(second)]


def _image(image: Any) -> tuple[Array, int, list[Place], list[Any]]:
    """Return an image, the places to hide, and first the whole, then each hidden."""
    from PIL import Image

    levels = np.asarray(image, np.uint8)
    grey = levels.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)
    rows, columns = (list(_parts(side, PART, STEPS)) for side in levels.shape[:2])
    places: list[Place] = [(row, across) for row in rows for across in columns]
    cells = [image]
    for place in places:
        copy = levels.copy()
        copy[place] = grey
        cells.append(Image.fromarray(copy))
    return levels, 0, places, cells


def _sound(sound: Sound) -> tuple[Array, int, list[Place], list[Any]]:
    samples, rate = sound
    hush = _hush(samples[:, 0])
    places: list[Place] = [(part,) for part in _parts(len(samples), LONG, STEPS)]
    cells: list[Sound] = [sound]
    for place in places:
        copy = samples.copy()
        copy[place] = hush[place][:, None]
        cells.append((copy, rate))
    return samples[:, 0], rate, places, list(cells)


def _hush(samples: Array) -> NDArray[np.float32]:
    """Return noise as quiet as the quietest tenth of a sound: zeros are never heard."""
    loud = [float(np.mean(part.astype(float) ** 2)) for part in _fiftieths(samples)]
    level = float(np.sqrt(np.quantile(loud, QUIET)))
    return np.random.default_rng(0).normal(0, level, len(samples)).astype(np.float32)


def _fiftieths(samples: Array) -> list[Array]:
    return np.array_split(samples, min(len(samples), 50))


def _parts(length: int, part: int, steps: int) -> Iterator[slice]:
    """Yield windows of a length's part, each a share of itself further on."""
    wide = max(round(length / part), 1)
    count = max(-(-(length - wide) * steps // wide), 0) + 1
    for start in np.unique(np.linspace(0, length - wide, count).round().astype(int)):
        yield slice(int(start), int(start) + wide)


def _spread(shape: tuple[int, ...], places: list[Place], away: Array) -> Array:
    total, count = np.zeros(shape), np.zeros(shape)
    for place, moved in zip(places, away, strict=True):
        total[place] += moved
        count[place] += 1
    return total / np.maximum(count, 1)


def _where(place: Place, shown: Array, rate: int) -> str:
    """Name a place: a ninth of an image, or the seconds of a sound."""
    if rate:
        return f"{place[0].start / rate:.2f} to {place[0].stop / rate:.2f} s"
    thirds = [
        min(int(3 * (one.start + one.stop) / 2 / side), 2)
        for one, side in zip(place, shown.shape, strict=False)
    ]
    down, across = (("upper", "", "lower")[thirds[0]], ("left", "", "right")[thirds[1]])
    told = " ".join(word for word in (down, across) if word)
    if not told:
        return "its middle"
    return f"its {told}" + ("" if down and across else " part" if down else " side")
