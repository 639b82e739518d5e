"""Package a model: a folder that stands alone, held against the model row by row."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlkit.core.columns import with_columns
from mlkit.core.errors import MlkitError
from mlkit.core.verdict import Finding, Verdict
from mlkit.data.clean import Cleaning
from mlkit.model.accept import Accepted
from mlkit.model.fitted import Model
from mlkit.model.formats.onnx import convert
from mlkit.model.grid import Grid
from mlkit.model.judging import bars as bars_of
from mlkit.model.packing import contents, parity
from mlkit.model.packing.parity import TOLERANCE, Agreement, compare, probes
from mlkit.model.review import Review
from mlkit.model.runtime import Predictor, cut
from mlkit.model.telling import UNLABELLED
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Package", "package"]

LATENCY, SIZE = 100.0, 200.0
DAYS = 182


@dataclass(frozen=True)
class Package:
    """A package and what its gate judges by.

    Parameters
    ----------
    folder
        The files; `mk.save` keeps a copy.
    verdict
        Whether it agrees with the model, and is small and quick enough.
    model, packaged
        What the two say of the hold-out rows: probabilities of the second of two
        classes, of the likeliest of many, or values.
    title
        What is predicted, in words.
    """

    folder: Path
    verdict: Verdict
    model: tuple[float, ...] = field(default=(), repr=False)
    packaged: tuple[float, ...] = field(default=(), repr=False)
    title: str = ""

    def table(self) -> Grid:
        """Return the files and what each is for."""
        names = sorted(path.name for path in self.folder.iterdir())
        rows = [(name, contents.FILES.get(name, "")) for name in names]
        return Grid(("file", "what it is"), rows)

    def plot(self) -> Picture:
        """Draw what the package says against what the model says."""
        from mlkit.model.charts.package import agreement

        return agreement(self)


def package(
    model: Model,
    accepted: Accepted,
    cleaning: Cleaning,
    contract: Any,
    valid: pd.DataFrame,
    test: pd.DataFrame,
    *,
    review: Review | None = None,
    bars: Mapping[str, float] | None = None,
    days: int = DAYS,
) -> Package:
    """Write the package, and hold it against the model on every hold-out row.

    Parameters
    ----------
    model
        A fitted model.
    accepted
        What the sealed rows said of it; its threshold is packaged.
    cleaning
        The cell operations, which travel with the model.
    contract
        The data contract, a record or a plain mapping.
    valid
        Cleaned validation rows.
    test
        Raw hold-out rows; their target is not looked at.
    review
        What was found of the model; the card tells of it.
    bars
        ``latency_ms`` (one row, 100 by default) and ``size_mb`` (200); None takes
        ``[goal.bars]``.
    days
        After so many days the package is to be reviewed.
    """
    folder = Path(tempfile.mkdtemp(prefix="mlkit-package-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    asked = bars_of.read(model.problem, bars)
    threshold = cut(accepted.threshold)
    contents.write(folder, model, accepted, cleaning, contract, valid, review)
    try:
        onnx = convert(model, threshold)
        (folder / "model.onnx").write_bytes(onnx)
        predictor = Predictor(folder)
        hold = _Hold(model, cleaning, predictor, threshold)
        findings = [*hold.findings(valid, test), *_of_cost(predictor, test, asked)]
        drawn = hold.drawn(test)
    except MlkitError:
        raise
    except Exception as error:
        findings, drawn = [_not_converted(model, error)], ((), ())
    _about(folder, days)
    return Package(
        folder, Verdict(tuple(findings), "Package"), *drawn, model.problem.title
    )


@dataclass(frozen=True)
class _Hold:
    """The model and the package, side by side."""

    model: Model
    cleaning: Cleaning
    predictor: Predictor
    threshold: float

    def findings(self, valid: pd.DataFrame, test: pd.DataFrame) -> Iterator[Finding]:
        """Hold the two against each other on all rows, and on hard ones."""
        yield self._finding(
            "agrees on every hold-out row, from raw values", self.raw(test)
        )
        yield self._finding("agrees on every validation row", self.cleaned(valid))
        hard = probes(valid, self.model)
        yield self._finding(
            "agrees on ties, gaps, huge and unseen values", self.cleaned(hard)
        )
        odd = self._odd(test.head(500))
        yield self._finding(
            "agrees on raw rows with gaps and unseen words", self.raw(odd)
        )
        yield self._finding(
            "says the same of JSON as of a table", self.json(test.head(500))
        )

    def _finding(self, bar: str, found: Agreement) -> Finding:
        if not found.rows:
            got = "there are no such rows"
            return Finding(bar, "not_assessed", got=got, required=True)
        return Finding(
            bar,
            "passed" if found.holds else "missed",
            got=found.reason or f"{found.rows:,} rows agree",
            need=f"equal labels, differences of at most {TOLERANCE:.0e}",
            help="choose another family: "
            f"the step {_chooser(self.model)} says which can be packaged",
            required=True,
        )

    def raw(self, table: pd.DataFrame) -> Agreement:
        """Compare from raw values."""
        cells = {name: table[name] for name in self.predictor.columns if name in table}
        said = self.predictor.predict({k: _cells(v) for k, v in cells.items()})
        return compare(self.model, self.cleaning.apply(table), said, self.threshold)

    def cleaned(self, table: pd.DataFrame) -> Agreement:
        """Compare from cleaned values."""
        names = self.model.schema.names
        said = self.predictor.graph.predict({n: table[n].to_numpy() for n in names})
        return compare(self.model, table, said, self.threshold)

    def json(self, table: pd.DataFrame) -> Agreement:
        """Compare from what a request would hold."""
        names = [name for name in self.predictor.columns if name in table]
        form = json.dumps({name: _listed(table[name]) for name in names})
        said = self.predictor.predict(json.loads(form))
        return compare(self.model, self.cleaning.apply(table), said, self.threshold)

    def drawn(self, table: pd.DataFrame) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return what the two say of some hold-out rows, for the picture."""
        some = table.head(2000)
        names = [name for name in self.predictor.columns if name in some]
        said = self.predictor.predict({name: _cells(some[name]) for name in names})
        mine = self.model.predicted(self.cleaning.apply(some))
        theirs = said.prediction if said.probabilities is None else said.probabilities
        if mine.ndim == 2:
            top = mine.argmax(axis=1) if mine.shape[1] > 2 else np.ones(len(mine), int)
            rows = np.arange(len(mine))
            mine, theirs = mine[rows, top], theirs[rows, top]
        return tuple(map(float, mine)), tuple(map(float, theirs))

    def _odd(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return raw rows in which one column after the other is missing, or unseen."""
        copies = []
        for place, name in enumerate(self.predictor.columns):
            if name not in table:
                continue
            rows = table.iloc[place :: max(len(self.predictor.columns), 1)].copy()
            dtype = rows[name].dtype
            gaps = pd.Series(index=rows.index, dtype=dtype)
            copies.append(with_columns(rows, {name: gaps}))
            if dtype.kind not in "fiubM" and name not in self.predictor.media:
                copies.append(with_columns(rows, {name: parity.UNSEEN}))
        odd = pd.concat(copies) if copies else table
        odd.attrs = table.attrs
        return odd


def _cells(values: pd.Series) -> Any:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    kind = values.dtype.kind
    return values.to_numpy() if kind in "fiubM" else values.to_numpy(dtype=object)


def _listed(values: pd.Series) -> list[Any]:
    """Return cells as JSON would hold them: dates as text, what is missing as null."""
    if values.dtype.kind == "M":
        values = values.map(lambda cell: cell.isoformat(), na_action="ignore")
    plain = values.astype(object).where(values.notna(), None)
    return [None if cell in (np.inf, -np.inf) else cell for cell in plain.tolist()]


def _chooser(model: Model) -> str:
    """Return the step that compares families: what has no target has one of its own."""
    kind = model.problem.kind
    return kind if kind in UNLABELLED else "choose"


def _not_converted(model: Model, error: Exception) -> Finding:
    return Finding(
        "can be converted to ONNX",
        "missed",
        got=f"{type(error).__name__}: {str(error)[:200]}",
        help=f"this model ({model.title}) cannot be packaged: "
        f"choose another, with `families` in the step {_chooser(model)}",
        required=True,
    )


def _of_cost(
    predictor: Predictor, test: pd.DataFrame, bars: Mapping[str, float]
) -> Iterator[Finding]:
    """Judge size and time; the time itself is left out, so that verdicts repeat."""
    size = (predictor.folder / "model.onnx").stat().st_size / 1e6
    most = bars.get("size_mb", SIZE)
    yield Finding(
        f"at most {say(most)} MB",
        "passed" if size <= most else "missed",
        got=f"{say(size)} MB",
        help="choose a smaller family, or fewer and smaller trees",
        required=True,
    )
    if len(test):
        spent, most = _latency(predictor, test), bars.get("latency_ms", LATENCY)
        yield Finding(
            f"one row within {say(most)} ms",
            "passed" if spent <= most else "missed",
            got="" if spent <= most else f"{say(spent)} ms",
            help="choose a smaller family, or fewer and smaller trees",
            required=True,
        )


def _latency(predictor: Predictor, test: pd.DataFrame) -> float:
    """Return the median time of one row, in milliseconds."""
    row = {n: _cells(test[n].head(1)) for n in predictor.columns if n in test}
    spent = []
    for _ in range(30):
        start = time.perf_counter()
        predictor.predict(row)
        spent.append(time.perf_counter() - start)
    return float(np.median(spent)) * 1000


def _about(folder: Path, days: int) -> None:
    """Write what changes from run to run; the store leaves it out of the identity."""
    now = datetime.now(UTC)
    form = {
        "made": now.isoformat(timespec="seconds"),
        "review_by": (now + timedelta(days=days)).date().isoformat(),
    }
    (folder / "about.json").write_text(json.dumps(form, indent=2) + "\n")
