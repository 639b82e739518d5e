"""The shortlist: families compared on equal folds, and the one that is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from mlkit.core.errors import InputError
from mlkit.model.families import family
from mlkit.model.grid import Grid
from mlkit.model.measures.metrics import METRICS
from mlkit.model.problem import Problem
from mlkit.model.words import listed, say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Candidate", "Shortlist"]


WRITTEN = "formats: what can hold the model; a package holds it as ONNX"


@dataclass(frozen=True)
class Candidate:
    """One family and how it did.

    Parameters
    ----------
    family, title
        Its name in code and in words.
    score, error
        The mean of the metric over the folds, and the standard error of that mean.
    folds
        The metric on each fold.
    baseline, plain
        Whether it is there to compare with; whether a person can read it.
    formats
        The package formats it can take.
    size
        Bytes of the packaged model; 0 where it cannot be packaged.
    problem
        Why it cannot be packaged; "" where it can.
    cost
        What a fit takes by the family's own law, in seconds on one core, about.
    """

    family: str
    title: str
    score: float
    error: float
    folds: tuple[float, ...]
    baseline: bool
    plain: bool
    formats: tuple[str, ...]
    size: int
    problem: str
    cost: float = 0.0


@dataclass(frozen=True, repr=False)
class Shortlist:
    """The families compared, and the one that is chosen.

    Parameters
    ----------
    problem
        What is to be predicted.
    candidates
        The best first.
    chosen
        The best family that can be packaged.
    best, gap
        The best family of all, and by how much it beats the chosen one.
    rows, folds
        How many rows were compared on, in how many folds.
    notes
        What a reader should know.
    crossed_out, insisted
        What a person decided: families not to be trained, and the one to be, or "".
    seconds
        Processor time of each family's fits; not part of the identity.
    """

    volatile: ClassVar[tuple[str, ...]] = ("seconds",)

    problem: Problem
    candidates: tuple[Candidate, ...]
    chosen: str
    best: str
    gap: float
    rows: int
    folds: int
    notes: tuple[str, ...] = ()
    crossed_out: tuple[str, ...] = ()
    insisted: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, float]:
        """The chosen family's score, by the metric's name."""
        return {self.problem.metric: self[self.chosen].score}

    def __getitem__(self, name: str) -> Candidate:
        return next(c for c in self.candidates if c.family == name)

    def table(self) -> Grid:
        """Return the comparison as a table, the best first."""
        metric = METRICS[self.problem.metric].title
        rows = [
            (
                c.title + (" (chosen)" if c.family == self.chosen else ""),
                f"{say(c.score, 4)} ± {say(c.error, 2)}",
                f"{say(c.cost, 1)} s",
                f"{c.size / 1000:,.0f} kB" if c.size else "–",
                "yes" if c.plain else "no",
                ", ".join(c.formats) or "none",
                c.problem or "agrees with ONNX",
            )
            for c in self.candidates
        ]
        heads = ("family", metric, "a fit", "size", "readable", "formats", "package")
        return Grid(heads, rows, (*self.notes, WRITTEN))

    def decided(self, choice: Mapping[str, Any]) -> Shortlist:
        """Return the shortlist after a person's choice.

        Parameters
        ----------
        choice
            ``out``: families that were crossed out; ``insist``: the one to train
            whatever it scored, or "".

        Raises
        ------
        InputError
            Where the one insisted on was not compared, or all were crossed out.
        """
        insisted = str(choice.get("insist") or "")
        met = [c.family for c in self.candidates]
        out = tuple(n for n in met if n in choice.get("out", ()) and n != insisted)
        if insisted and insisted not in met:
            raise InputError(
                f"{family(insisted).title} was insisted on, but not compared",
                where="decision 'families'",
                todo=f'add "{insisted}" to the families in the parameters of `choose`',
            )
        left = [c for c in self.candidates if c.family not in out]
        if not left:
            raise InputError(
                "all families are crossed out", where="decision 'families'"
            )
        chosen = next((c for c in left if not c.problem), left[0])
        chosen = self[insisted] if insisted else chosen
        return replace(
            self,
            chosen=chosen.family,
            gap=abs(self.candidates[0].score - chosen.score),
            notes=(*self.notes, *_choice(self, out, insisted)),
            crossed_out=out,
            insisted=insisted,
        )

    def __repr__(self) -> str:
        chosen = self[self.chosen]
        return f"Shortlist({len(self.candidates)} families, {chosen.title} is chosen)"

    def plot(self) -> Picture:
        """Draw each family's score on each fold."""
        from mlkit.model.charts.choose import compare

        return compare(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {
            **asdict(self),
            "problem": self.problem.to_dict(),
            "seconds": dict(self.seconds),
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Shortlist:
        """Read the form that `to_dict` gives."""
        candidates = [
            Candidate(
                **{**c, "folds": tuple(c["folds"]), "formats": tuple(c["formats"])}
            )
            for c in form["candidates"]
        ]
        return cls(
            **{
                **form,
                "problem": Problem.from_dict(form["problem"]),
                "candidates": tuple(candidates),
                "notes": tuple(form["notes"]),
                "crossed_out": tuple(form.get("crossed_out", ())),
            }
        )


def _choice(shortlist: Shortlist, out: tuple[str, ...], insisted: str) -> Iterable[str]:
    """Say what a person decided, and what it costs."""
    if out:
        yield f"crossed out by hand: {listed(family(name).title for name in out)}"
    best = shortlist.candidates[0]
    if insisted:
        behind = abs(best.score - shortlist[insisted].score)
        cost = f"; {best.title} scored better by {say(behind)}" if behind else ""
        yield f"{shortlist[insisted].title} is insisted on{cost}"
