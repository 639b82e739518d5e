"""A rehearsal of serving: start the server, replay rows, compare, measure."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from mlkit.core.errors import InputError, StepError
from mlkit.core.media import KINDS, contents
from mlkit.core.session import is_person
from mlkit.core.verdict import Finding, Verdict
from mlkit.data.charts.cards import card, many
from mlkit.model.grid import Grid
from mlkit.model.packing.parity import TOLERANCE
from mlkit.model.runtime import Predictor
from mlkit.model.words import say
from mlkit.product.client import LETTERS, Client, rows_of

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Server", "Serving", "rehearse", "start"]

SIZES = (1, 10, 100, 1000)
SECONDS, WARM, FEWEST = 0.5, 3, 5
MOST, FEW = 64 * 2**20, 16
CHILD = """
import sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, 15)  # end when the notebook's kernel does
from mlkit.cli.group import command_line
sys.exit(command_line(sys.argv[1:]))
"""


class Server:
    """A model server of its own process, on this machine alone.

    Parameters
    ----------
    package
        What it serves.
    port
        Where it listens; 0 takes a free one.
    """

    def __init__(self, package: Path, port: int = 0) -> None:
        self.package = package
        self._folder = Path(tempfile.mkdtemp(prefix="mlkit-serving-"))
        log, errors = self._folder / "requests.sqlite", self._folder / "errors"
        words = ["serve", "--port", str(port), "--log", str(log), str(package)]
        around = {k: v for k, v in os.environ.items() if k != "MLKIT_JOB"}
        with errors.open("wb") as told:
            self._process = subprocess.Popen(
                [sys.executable, "-c", CHILD, *words],
                stdout=subprocess.PIPE,
                stderr=told,
                env=around,
            )
        atexit.register(self.end)
        assert self._process.stdout
        line = self._process.stdout.readline().decode()
        if " answers at " not in line:
            why = errors.read_text(encoding="utf-8", errors="replace").strip()
            self.end()
            last = "\n".join(why.splitlines()[-8:])
            raise StepError("the server did not start", got=last or line)
        self.version = line.split()[1]
        self.url = line.partition(" answers at ")[2].partition("/v1/")[0]

    def leave(self) -> Server:
        """Leave it running for a person, until the kernel ends; in a run end it."""
        if not is_person():
            self.end()
        return self

    def end(self) -> None:
        """Ask it to finish what it has taken in, and to end."""
        atexit.unregister(self.end)
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
        if self._process.stdout:
            self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def runs(self) -> bool:
        """Whether it still answers."""
        return self._process.poll() is None

    def __repr__(self) -> str:
        return f"<Server of model {self.version}: {self._where()}>"

    def _repr_html_(self) -> str:
        title = f"Model {self.version} {'is' if self.runs else 'was'} served"
        if not self.runs or not is_person():
            return card(title, self._where())
        link = f'<a href="{self.url}" target="_blank">{escape(self.url)}</a>'
        below = "open it to try the model by hand; it ends with this kernel"
        return card(title, below) + link

    def _where(self) -> str:
        """Tell where it is; in a run without the port, which is another each time."""
        if not self.runs:
            return "it has ended, in good order"
        return f"at {self.url}" if is_person() else "on this machine, for this run"


@dataclass(frozen=True, repr=False)
class Serving:
    """What a rehearsal found.

    Parameters
    ----------
    model
        The version that answered.
    rows
        How many rows were replayed.
    different
        How many were answered otherwise than by the package without a server.
    furthest
        How far a probability, or a value against its size, was off at most.
    milliseconds
        Rows a request → what each of some requests took; not part of the identity.
    """

    volatile: ClassVar[tuple[str, ...]] = ("milliseconds",)

    model: str
    rows: int
    different: int
    furthest: float
    milliseconds: Mapping[str, Sequence[float]]

    @property
    def verdict(self) -> Verdict:
        """What the gate judges by."""
        same = not self.different and self.furthest <= TOLERANCE
        got = f"{self.different:,} of {many(self.rows, 'row')} differ"
        got += f", at most by {say(self.furthest)}"
        finding = Finding(
            "the server says what the package says",
            "passed" if same and self.rows else "missed",
            got=got,
            need=f"the same answers, within {say(TOLERANCE)}",
            help="package the model anew; if that does not help, please report it",
        )
        return Verdict((finding,), "Serving")

    def table(self) -> Grid:
        """Return what requests took, by how many rows each had."""
        lines = []
        for size, took in self.milliseconds.items():
            ends = (f"{v:.1f} ms" for v in np.quantile(took, [0.5, 0.95, 1]))
            each = f"{1000 * float(np.median(took)) / int(size):.0f} µs"
            lines.append((size, *ends, each))
        heads = ("rows a request", "half within", "95 % within", "all within", "a row")
        return Grid(heads, lines, ["one client, each reply on the disk before it came"])

    def plot(self) -> Picture:
        """Draw what requests took."""
        from mlkit.product.charts.serving import draw

        return draw(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Serving:
        """Read the form that `to_dict` gives."""
        return cls(**{**form, "milliseconds": dict(form.get("milliseconds", {}))})

    def __repr__(self) -> str:
        return f"<Serving of model {self.model}, {many(self.rows, 'row')} replayed>"


def start(package: Path, *, port: int = 0) -> Server:
    """Start a server of a package, in a process of its own, on this machine alone.

    Its log is a temporary one: what is asked here was asked by nobody.

    Parameters
    ----------
    package
        What the step `package` wrote.
    port
        Where it listens; 0 takes a free one.

    Raises
    ------
    StepError
        Where it does not start; it says why.
    """
    return Server(package, port)


def rehearse(server: Server, valid: pd.DataFrame, *, rows: int = 200) -> Serving:
    """Replay rows through a server, hold its answers against the package, measure.

    Parameters
    ----------
    server
        What `start` returned.
    valid
        Validation rows, as `split` saved them.
    rows
        How many to replay at most, evenly spaced.
    """
    predictor = Predictor(server.package)
    asked = _asked(predictor, valid, rows)
    with Client(server.url) as client:
        said = client.predict(asked)
        took = _measure(client, list(rows_of(asked)))
    alone = predictor.predict(
        {str(name): cells.to_numpy() for name, cells in asked.items()}
    )
    if alone.probabilities is None:
        values = said["prediction"].to_numpy(np.float64)
        apart = np.abs(values - alone.prediction) / np.maximum(np.abs(values), 1.0)
        different = int((apart > TOLERANCE).sum())
    else:
        names, chances = (
            [f"probability_{c}" for c in alone.classes],
            alone.probabilities,
        )
        if "rank" in said:
            names, chances = ["rank"], chances[:, -1:]
        apart = np.abs(said[names].to_numpy(np.float64) - chances)
        different = int((said["prediction"].to_numpy() != alone.prediction).sum())
    furthest = round(float(apart.max(initial=0.0)), 8)  # replies have nine places
    return Serving(server.version, len(asked), different, furthest, took)


def _asked(predictor: Predictor, valid: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return rows as a client would send them: with missing cells None."""
    rows = min(rows, len(valid), _held(predictor, valid))
    places = np.linspace(0, len(valid) - 1, rows).astype(int)
    some = valid.iloc[np.unique(places)]
    made = {}
    for name, kind in ((c["name"], c["type"]) for c in predictor.schema["input"]):
        cells = some[name] if name in some else pd.Series(None, some.index, object)
        if kind in KINDS:
            cells = pd.Series(contents(cells), some.index, object)
        if cells.dtype.kind == "M":
            cells = cells.dt.strftime("%Y-%m-%dT%H:%M:%S.%f")
        plain = cells.astype(object)
        made[name] = (
            cells if cells.dtype.kind == "f" else plain.where(cells.notna(), None)
        )
    return pd.DataFrame(made, index=some.index)


def _held(predictor: Predictor, valid: pd.DataFrame) -> int:
    """Return how many rows' images and sounds are held at a time, by a few of them."""
    some = [
        cell
        for column in predictor.schema["input"]
        if column["type"] in KINDS and column["name"] in valid
        for cell in contents(valid[column["name"]].iloc[:FEW])
    ]
    size = sum(len(cell) for cell in some if cell) / FEW
    return max(int(MOST / size), FEW) if size else len(valid)


def _measure(client: Client, rows: Sequence[Any]) -> dict[str, list[float]]:
    """Return what requests of some sizes took, in milliseconds.

    Rows with images or sounds are asked for as many at a time as a request may hold.
    """
    found = dict[str, list[float]]()
    letters = sum(len(c) for row in rows for c in row.values() if type(c) is str)
    most = max(LETTERS * len(rows) // max(letters, 1), 1)
    for size in (size for size in SIZES if size <= most):
        asked = [rows[k % len(rows)] for k in range(size)]
        try:
            for _ in range(WARM):
                client.ask(asked)
        except InputError:  # more than a request may hold
            if not found:
                raise
            break
        took, end = list[float](), time.perf_counter() + SECONDS
        while len(took) < FEWEST or time.perf_counter() < end:
            begun = time.perf_counter()
            client.ask(asked)
            took.append(round(1000 * (time.perf_counter() - begun), 3))
        found[str(size)] = took
    return found
