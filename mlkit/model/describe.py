"""Describe clusters: whether they come again, how far apart they are, and what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from mlkit.core.verdict import Finding, Verdict
from mlkit.model.accept import Accepted
from mlkit.model.audit.cards import Section, Table, sentence
from mlkit.model.audit.rules import Rules
from mlkit.model.audit.surrogate import surrogate
from mlkit.model.cluster import Clustering
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.judging import bars as bars_of
from mlkit.model.measures.measure import Measured
from mlkit.model.measures.metrics import METRICS
from mlkit.model.patterns.fitting import Rows, picked
from mlkit.model.patterns.options import STABLE
from mlkit.model.patterns.space import Space
from mlkit.model.patterns.stability import FEWEST, Repeats, again, apart
from mlkit.model.patterns.traits import Trait, cells_of, told, traits
from mlkit.model.patterns.truth import column_of, names_kinds, unlearnt
from mlkit.model.telling import labels
from mlkit.model.threads import one_thread
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Description", "describe"]

MOST, SHOWN, DISSOLVED, DOUBTFUL = 2000, 600, 0.5, 0.1
DEFAULTS = {"stability": STABLE, "replication": 0.5}
Array = NDArray[Any]


@dataclass(frozen=True, repr=False)
class Description:
    """What is known of clusters.

    Parameters
    ----------
    accepted
        Their numbers on rows that they were not made from, and how each bar went.
    clusters
        By cluster: its ``share`` of the training and of the validation rows
        (``valid``), how much of it comes again (``stability``), its ``silhouette``.
    traits
        How each differs from the rest.
    rules
        A small tree that stands in for the model.
    rows
        Some validation rows, the clearest first: ``row``, ``cluster``, ``surely``,
        ``silhouette``, ``what`` they are in words, and where they lie, ``x`` and ``y``.
    truth
        Beside what people say: the ``column``, and where it names kinds of rows
        ``rand`` (the adjusted Rand index) and ``counts`` by cluster and word.
    """

    accepted: Accepted
    clusters: Mapping[str, Mapping[str, float]]
    traits: tuple[Trait, ...]
    rules: Rules
    rows: Mapping[str, list[Any]] = field(repr=False, default_factory=dict)
    truth: Mapping[str, Any] = field(default_factory=dict)

    @property
    def metrics(self) -> Mapping[str, float]:
        """The numbers by name."""
        return self.accepted.metrics

    @property
    def verdict(self) -> Verdict:
        """What the gate judges by."""
        return Verdict(self.accepted.findings, "Clusters")

    def table(self) -> Grid:
        """Return the clusters, and what each is."""
        rows = [
            (
                name,
                f"{one['share']:.0%}",
                f"{one['valid']:.0%}",
                say(one["stability"], 2) if "stability" in one else "–",
                say(one["silhouette"], 2),
                told(self.traits, name),
            )
            for name, one in self.clusters.items()
        ]
        heads = ("cluster", "of train", "of valid", "comes again", "silhouette")
        return Grid((*heads, "unlike the rest in"), rows)

    def beside(self) -> Grid:
        """Return the clusters beside what people say."""
        column, counts = self.truth.get("column"), self.truth.get("counts")
        if counts is None:
            note = f"{column} is a number of many values: it names no kinds of rows"
            none = "no column says what the rows are: name one as `truth`"
            return Grid(("cluster",), [], [note if column else none])
        words = sorted({word for one in counts.values() for word in one})
        rows = [(n, *(str(c.get(w, 0)) for w in words)) for n, c in counts.items()]
        note = f"adjusted Rand index {say(self.truth['rand'])}: 1 is the same, 0 chance"
        return Grid(("cluster", *words), rows, [note])

    def examples(self, most: int = 3) -> Grid:
        """Return of each cluster its clearest rows, and the most doubtful."""
        frame = pd.DataFrame(self.rows).drop_duplicates(["cluster", "what"])
        rows = []
        for name in self.clusters:
            mine = frame[frame["cluster"] == name]
            doubtful = mine[mine["silhouette"] < DOUBTFUL][::-1]
            for what, some in (("typical", mine), ("doubtful", doubtful)):
                cells = some.head(most)[["row", "silhouette", "what"]]
                rows += [
                    (name, what, row, say(gap, 2), told_)
                    for row, gap, told_ in cells.itertuples(index=False)
                ]
        return Grid(("cluster", "", "row", "silhouette", "what it is"), rows)

    def sections(self) -> list[Section]:
        """Return what a card says of them."""
        grid = self.table()
        blocks: list[Any] = [Table(grid.heads, grid.rows)]
        if self.rules.tree:
            blocks += [sentence(self.rules.statement), self.rules.lines]
        found = [Section("The clusters", blocks)]
        if "counts" in self.truth:
            beside = self.beside()
            blocks = [Table(beside.heads, beside.rows), beside.notes[0]]
            found.append(Section(f"Beside {self.truth['column']}", blocks))
        return found

    def plot(self, what: str = "map") -> Picture:
        """Draw the clusters.

        Parameters
        ----------
        what
            ``map``: where rows lie, flattened; ``silhouette``: how far apart, row by
            row; ``traits``: what tells them apart.
        """
        from mlkit.model.charts import describe as charts

        return charts.DRAWN[what](self)

    def __repr__(self) -> str:
        count = sum(name != "none" for name in self.clusters)
        return f"Description({count} clusters, {self.verdict.state})"

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {
            **asdict(self),
            "accepted": self.accepted.to_dict(),
            "rules": self.rules.to_dict(),
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Description:
        """Read the form that `to_dict` gives."""
        return cls(
            **{
                **form,
                "accepted": Accepted.from_dict(form["accepted"]),
                "rules": Rules.from_dict(form["rules"]),
                "traits": tuple(Trait(**one) for one in form["traits"]),
            }
        )


def describe(
    model: Model,
    clustering: Clustering,
    train: pd.DataFrame,
    valid: pd.DataFrame,
    *,
    truth: str = "",
    repeats: int = 20,
    bars: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Description:
    """Judge clusters by whether they come again, and say what they are.

    Parameters
    ----------
    model, clustering
        Fitted clusters, and how they were chosen.
    train, valid
        Cleaned rows that they were made from, and rows that they were not.
    truth
        A column that says what the rows are; it is compared with, never learnt from.
        "" takes the one that `cluster` was told, else the target, if there is one.
    repeats
        Fits to parts of the rows.
    bars
        ``stability`` (0.6 where it is not set), ``replication`` (0.5) and
        ``silhouette``; None takes ``[goal.bars]``.
    seed
        Of everything drawn at random.

    Raises
    ------
    InputError
        Where there is no column `truth`, or the clusters were made from it.
    """
    column = column_of(train, truth or clustering.truth)
    unlearnt(model.problem, column, "cluster")
    parts = [_Part.of(model, table, seed) for table in (train, valid)]
    count = sum(name != "none" for name in model.classes)
    enough = len(parts[1].codes) >= FEWEST * count
    with one_thread():
        ours = _again(model, parts[0], count, repeats, seed)
        theirs = _again(model, parts[1], count, repeats, seed) if enough else None
    gaps = apart(parts[1].rows, parts[1].codes, count, seed)
    measured = _measured(ours, theirs, gaps)
    said = traits(train, model.problem, model.predict(train), model.classes)
    return Description(
        accepted=_accepted(model, clustering, measured, ours, parts[1], count, bars),
        clusters=_clusters(model, parts, ours, gaps, seed),
        traits=said,
        rules=surrogate(model, train, valid),
        rows=_rows(model, parts[1], gaps, said, seed),
        truth=_beside(model, pd.concat([train, valid]), column),
    )


@dataclass(frozen=True)
class _Part:
    """Some rows, encoded, and their clusters."""

    table: pd.DataFrame
    rows: Rows
    codes: Array

    @classmethod
    def of(cls, model: Model, table: pd.DataFrame, seed: int) -> _Part:
        used = picked(len(table), MOST, seed)
        some = table if used is None else table.iloc[used]
        encoder = model.encoders[0]
        rows = Rows(encoder.transform(some), encoder.sources)
        return cls(some, rows, model.predict_proba(some).argmax(axis=1))


def _again(model: Model, part: _Part, count: int, repeats: int, seed: int) -> Repeats:
    """Fit again to parts of some rows, and compare with what the model says of them."""
    made = model.parts[0]
    asked = (made.family, made.settings, part.rows, part.codes, count)
    return again(*asked, repeats=repeats, seed=seed)


def _measured(ours: Repeats, theirs: Repeats | None, gaps: Array) -> Measured:
    """Return means with their 95 % intervals, by the normal law."""
    values = {"stability": ours.agreement, "silhouette": gaps}
    if theirs is not None:
        values["replication"] = theirs.agreement
    metrics, intervals = {}, {}
    for name, each in values.items():
        error = 1.96 * each.std(ddof=1) / np.sqrt(len(each)) if len(each) > 1 else 1.0
        metrics[name] = round(float(each.mean()), 6)
        limits = (each.mean() - error, min(each.mean() + error, 1.0))
        intervals[name] = (round(float(limits[0]), 6), round(float(limits[1]), 6))
    return Measured(metrics, intervals)


def _accepted(
    model: Model,
    clustering: Clustering,
    measured: Measured,
    ours: Repeats,
    part: _Part,
    count: int,
    bars: Mapping[str, float] | None,
) -> Accepted:
    stated = bars_of.read(model.problem, bars)
    asked, rows = {**DEFAULTS, **stated}, len(part.table)
    few = []
    if "replication" not in measured.metrics:
        few = [_too_few(asked.pop("replication"), rows, count)]
    judged = bars_of.of_metrics(model.problem, measured, asked, rows) + few
    chosen = clustering[clustering.chosen]
    return Accepted(
        problem=model.problem,
        family=model.title,
        rows=rows,
        measured=measured,
        guessed={"silhouette": chosen.reference},
        threshold=None,
        slices=(),
        bars=stated,
        findings=(_crowd(clustering), *judged, _dissolved(model, ours)),
        notes=clustering.notes,
    )


def _crowd(clustering: Clustering) -> Finding:
    one = clustering[clustering.chosen]
    return Finding(
        "more than one crowd cut up",
        "passed" if clustering.found else "missed",
        got=f"silhouette {say(one.silhouette)}, one crowd {say(one.reference)}"
        + (f": {one.doubt or one.cut}" if one.doubt or one.cut else ""),
        need="clearly further apart than every table without clusters",
        help="these rows may simply have no clusters; or leave columns out "
        "that hide them (role ignored, in collect)",
        required=True,
    )


def _too_few(bar: float, rows: int, count: int) -> Finding:
    """Tell that there are too few validation rows to find the clusters again."""
    return Finding(
        f"{METRICS['replication'].title} at least {say(bar)}",
        "not_assessed",
        got=f"too few validation rows: {rows:,} for {count} clusters",
        need=f"{FEWEST * count:,} rows or more",
        help="collect more rows, or make the validation part larger in split",
        required=True,
    )


def _dissolved(model: Model, ours: Repeats) -> Finding:
    """Judge the cluster that comes again least."""
    means = ours.clusters.mean(axis=0)
    worst = int(means.argmin())
    held = means[worst] >= DISSOLVED
    return Finding(
        f"every cluster comes again, by {DISSOLVED:.0%} or more",
        "passed" if held else "missed",
        got=f"cluster {model.classes[worst]} by {means[worst]:.0%}",
        help="ask for fewer clusters: decision `clusters` in the step cluster",
        required=True,
    )


def _clusters(
    model: Model, parts: list[_Part], ours: Repeats, gaps: Array, seed: int
) -> dict[str, dict[str, float]]:
    looked = np.random.default_rng(seed).permutation(len(parts[1].codes))[: len(gaps)]
    here = parts[1].codes[looked]
    found: dict[str, dict[str, float]] = {}
    for k, name in enumerate(model.classes):
        mine = gaps[here == k]
        told_ = {
            "share": model.shares[k],
            "valid": float((parts[1].codes == k).mean()),
            "silhouette": float(mine.mean()) if len(mine) else 0.0,
        }
        if k < ours.clusters.shape[1]:
            told_["stability"] = float(ours.clusters[:, k].mean())
        found[name] = {key: round(value, 6) for key, value in told_.items()}
    return found


def _rows(
    model: Model, part: _Part, gaps: Array, said: tuple[Trait, ...], seed: int
) -> dict[str, list[Any]]:
    """Return some rows with where they lie, the clearest first."""
    looked = np.random.default_rng(seed).permutation(len(part.codes))[: len(gaps)]
    order = np.argsort(-gaps, kind="stable")
    if len(order) > SHOWN:
        order = order[np.linspace(0, len(order) - 1, SHOWN).astype(int)]
    used = looked[order]
    place = Space.fit(part.rows.matrix, part.rows.sources)
    at = place.transform(part.rows.matrix[used])
    surely = model.predict_proba(part.table.iloc[used]).max(axis=1)
    flat = at[:, 1] if at.shape[1] > 1 else np.zeros(len(at))
    return {
        "row": [str(name) for name in part.table.index[used]],
        "cluster": [model.classes[k] for k in part.codes[used]],
        "surely": [round(float(v), 6) for v in surely],
        "silhouette": [round(float(v), 6) for v in gaps[order]],
        "what": cells_of(part.table.iloc[used], said),
        "x": [round(float(v), 6) for v in at[:, 0]],
        "y": [round(float(v), 6) for v in flat],
    }


def _beside(model: Model, table: pd.DataFrame, column: str) -> dict[str, Any]:
    known = table[table[column].notna()] if column else table[:0]
    if known.empty:
        return {}
    if not names_kinds(known[column]):
        return {"column": column}
    words = pd.Series(labels(known[column]), known.index, object)
    said = model.predict(known)
    counts = {
        name: {str(w): int(n) for w, n in words[said == name].value_counts().items()}
        for name in model.classes
    }
    rand = float(adjusted_rand_score(words, said))
    return {"column": column, "rand": round(rand, 6), "counts": counts}
