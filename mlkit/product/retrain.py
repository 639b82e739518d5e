"""Champion or challenger: who is to answer from now on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkit.core.artifacts import ABOUT
from mlkit.core.files import folder_hash
from mlkit.core.session import session
from mlkit.core.verdict import Finding
from mlkit.data.charts.cards import card, grid
from mlkit.model.accept import Accepted
from mlkit.model.judging.duel import Duel, Meeting
from mlkit.model.measures.metrics import METRICS
from mlkit.model.words import say
from mlkit.product.serving.trial import turned_away
from mlkit.product.watching.health import Health

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Promotion", "retrain"]

TAKEN = "a server that answers by the champion takes it up"


@dataclass(frozen=True, repr=False)
class Promotion:
    """Whether a challenger should take the champion's place, and why.

    Parameters
    ----------
    challenger, champion
        The identities of their packages in the store.
    title
        What is predicted, in words.
    family
        What the challenger is.
    findings
        What was asked of the challenger.
    duel
        How the two fared; None where they were not held against each other.
    reasons
        Why the model is retrained.
    """

    challenger: str
    champion: str
    title: str
    family: str
    findings: tuple[Finding, ...]
    duel: Duel | None = None
    reasons: tuple[str, ...] = ()

    @property
    def better(self) -> bool:
        """Whether nothing speaks against the challenger."""
        return not any(finding.blocks for finding in self.findings)

    @property
    def turned_away(self) -> str:
        """Why a running server would not take the challenger up; "" if it would."""
        return next((f.got for f in self.findings if f.bar == TAKEN and f.blocks), "")

    @property
    def why(self) -> str:
        """What decides, in one line."""
        away = self.turned_away
        return f"{self._met()}; {away}" if away else self._met()

    def _met(self) -> str:
        if self.duel is None:
            return next((f.got for f in self.findings if f.blocks), "")
        met = self.duel.deciding
        kind = "fresh rows" if met is self.duel.fresh else "rows new to both"
        metric = METRICS[self.duel.metric].title
        if met.ahead is None:
            return f"not held against each other: {met.why}"
        return f"{met.words} in {metric}, on {met.rows:,} {kind}"

    def plot(self) -> Picture:
        """Draw both on the rows that neither was fitted on, and how far apart."""
        from mlkit.product.charts.duel import draw

        return draw(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {**asdict(self), "better": self.better, "why": self.why}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Promotion:
        """Read the form that `to_dict` gives."""
        plain = {k: v for k, v in form.items() if k not in ("better", "why")}
        findings = tuple(Finding(**one) for one in form["findings"])
        duel = form["duel"] and Duel.from_dict(form["duel"])
        told = {"findings": findings, "duel": duel, "reasons": tuple(form["reasons"])}
        return cls(**{**plain, **told})

    def __repr__(self) -> str:
        return f"{self._advice()}: {self.why}"

    def _repr_html_(self) -> str:
        lines = [(f.bar, _how(f), f.got, f.need) for f in self.findings]
        heads = ("asked", "", "found", "needed")
        return card(self._advice(), self.why) + grid(heads, lines)

    def _advice(self) -> str:
        return "Promote the challenger" if self.better else "Keep the champion"


def retrain(
    health: Health, accepted: Accepted, package: Path, *, margin: float = 0.0
) -> Promotion:
    """Tell whether a challenger should take the champion's place.

    Both met in `accept`, on sealed rows that neither was fitted on. Where enough of
    them came in since the champion was made, these decide: they are the world that the
    model works in now. Else all do. A server that answers by the champion has to take
    the challenger up, too: its clients go on asking as they do.

    Parameters
    ----------
    health
        Of the champion, as `monitor` found it.
    accepted
        What the sealed rows say of the challenger.
    package
        The challenger's package.
    margin
        By how much the lower limit of the paired interval must be ahead.
    """
    duel = accepted.duel
    return Promotion(
        challenger=f"folder-{folder_hash(package, ABOUT)}",
        champion=duel.champion if duel else "",
        title=accepted.problem.title,
        family=accepted.family,
        findings=tuple(_findings(duel, margin, package)),
        duel=duel,
        reasons=tuple(health.reasons),
    )


def _findings(duel: Duel | None, margin: float, package: Path) -> list[Finding]:
    passed = Finding("the challenger is accepted and packaged", "passed")
    title = "ahead of the champion"
    if duel is None:
        got = "there is no other champion to hold it against"
        return [passed, Finding(title, "not_assessed", got=got, required=True)]
    return [
        passed,
        *_taken(duel, package),
        _ahead(f"{title} on rows that came in since", duel, duel.fresh, margin),
        _ahead(f"{title} on all rows new to both", duel, duel.whole, margin),
    ]


def _taken(duel: Duel, package: Path) -> list[Finding]:
    """Hold against the challenger what a server would; nothing outside of a project."""
    project = session().project
    if project is None:
        return []
    why = turned_away(project, package, duel.champion)
    if not why:
        return [Finding(TAKEN, "passed", required=True)]
    got = f"the server would turn it away: {why}"
    help_ = "`mlkit promote RUN --anyway` and a server that is started anew serve it"
    need = "what the champion takes and answers"
    return [Finding(TAKEN, "missed", got=got, need=need, help=help_, required=True)]


def _ahead(title: str, duel: Duel, met: Meeting, margin: float) -> Finding:
    """Judge one meeting; it counts where it is the one that decides."""
    decides = met is duel.deciding
    got = f"{met.words}, {met.rows:,} rows" if met.ahead is not None else met.why
    need = f"a lower limit above {say(margin)}" if decides else ""
    if met.ahead is None or not decides:
        return Finding(title, "not_assessed", got=got, need=need, required=decides)
    certain = met.low is not None and met.low > margin
    state = "passed" if certain else "missed"
    help_ = "keep the champion until more truth has come in"
    return Finding(title, state, got=got, need=need, help=help_, required=True)


def _how(finding: Finding) -> str:
    if finding.state == "not_assessed":
        return "not assessed" if finding.required else "for information"
    return finding.state
