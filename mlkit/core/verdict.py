"""What a gate judges by: findings, and the verdict they add up to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from mlkit.core.errors import UsageError, did_you_mean
from mlkit.core.files import digest

__all__ = ["Finding", "Verdict"]

STATES = ("passed", "missed", "not_assessed")
_MARKS = {"passed": "✓", "missed": "✗", "not_assessed": "–"}
_COLOURS = {"passed": "#2f8f5b", "missed": "#cf4a41", "not_assessed": "#a8801f"}
"""Legible on a light page and on a dark one."""


@dataclass(frozen=True)
class Finding:
    """One bar and how it went.

    Parameters
    ----------
    bar
        What was asked, in words: ``"ROC AUC at least 0.8"``.
    state
        ``passed``, ``missed`` or ``not_assessed``; the last is never a pass.
    got, need
        What was found and what the bar wants.
    help
        What would most likely help where the bar was missed.
    required
        Whether ``not_assessed`` blocks: so where ``[goal.bars]`` sets the bar.
    """

    bar: str
    state: str
    got: str = ""
    need: str = ""
    help: str = ""
    required: bool = False

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise UsageError(
                f"unknown finding state {self.state!r}",
                where=f"bar {self.bar!r}",
                todo=did_you_mean(self.state, STATES),
            )

    @property
    def blocks(self) -> bool:
        """Whether this finding alone keeps the gate shut."""
        return self.state == "missed" or (
            self.state == "not_assessed" and self.required
        )


@dataclass(frozen=True, repr=False)
class Verdict:
    """All findings of one gate.

    Examples
    --------
    >>> verdict = Verdict((Finding("at least 100 rows", "missed", "42", "100"),))
    >>> verdict.state
    'blocked'
    >>> print(verdict)
    blocked
      ✗ at least 100 rows: got 42, need 100
    """

    findings: tuple[Finding, ...]
    title: str = ""

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that keep the gate shut."""
        return tuple(finding for finding in self.findings if finding.blocks)

    @property
    def state(self) -> str:
        """``passed`` or ``blocked``."""
        return "blocked" if self.blocking else "passed"

    @property
    def fingerprint(self) -> str:
        """What an overrule was given for: the bars that block."""
        return digest(sorted(finding.bar for finding in self.blocking))

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {
            "title": self.title,
            "state": self.state,
            "findings": [asdict(finding) for finding in self.findings],
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Verdict:
        """Read the form that `to_dict` gives."""
        findings = tuple(Finding(**finding) for finding in form["findings"])
        return cls(findings, form.get("title", ""))

    def __str__(self) -> str:
        lines = [self.title or self.state]
        lines += [f"  {_MARKS[f.state]} {f.bar}{_detail(f)}" for f in self.findings]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour = _COLOURS["missed" if self.blocking else "passed"]
        ranked = sorted(self.findings, key=_rank)
        rows = "".join(map(_row, ranked))
        title = escape(self.title or "Gate")
        return (
            f'<div style="border-left:4px solid {colour};padding:.5em 1em;'
            f'margin:.5em 0;max-width:60em"><div style="margin-bottom:.4em">'
            f'<span style="font-weight:600;font-size:1.15em">{title}</span> '
            f'<span style="background:{colour};color:#fff;border-radius:1em;'
            f'padding:.1em .8em;margin:0 .6em;font-weight:600">{self.state}</span>'
            f'<span style="opacity:.7">{escape(self._count())}</span></div>{rows}</div>'
        )

    def _count(self) -> str:
        """Count how the bars went, in words."""
        told = [(len(self.blocking), "keep the gate shut" if self.blocking else "")]
        for state, words in (("passed", "passed"), ("not_assessed", "not assessed")):
            some = [f for f in self.findings if f.state == state and not f.blocks]
            told.append((len(some), words))
        if len(self.blocking) == 1:
            told[0] = (1, "keeps the gate shut")
        return " · ".join(f"{n} {words}" for n, words in told if n and words)


def _rank(finding: Finding) -> int:
    """Put what blocks first, then what was not assessed, then what passed."""
    return 0 if finding.blocks else 1 if finding.state == "not_assessed" else 2


def _detail(finding: Finding) -> str:
    parts = [f"got {finding.got}"] if finding.got else []
    parts += [f"need {finding.need}"] if finding.need else []
    if finding.state == "not_assessed":
        parts.insert(0, "not assessed")
    return (": " + ", ".join(parts)) if parts else ""


def _row(finding: Finding) -> str:
    colour = _COLOURS["missed" if finding.blocks else finding.state]
    strong = "font-weight:600" if finding.blocks else ""
    lines = [f'<span style="{strong}">{escape(finding.bar)}</span>']
    detail = escape(_detail(finding).removeprefix(": "))
    if finding.state == "passed":
        lines[0] += f' <span style="opacity:.65">{detail}</span>' if detail else ""
    elif detail:
        lines.append(f'<span style="opacity:.8">{detail}</span>')
    if finding.help and finding.state != "passed":
        advice = re.sub("`([^`]+)`", r"<code>\1</code>", escape(finding.help))
        lines.append(f'<span style="color:{colour}">→</span> {advice}')
    return (
        '<div style="display:flex;gap:.7em;padding:.22em 0;line-height:1.45">'
        f'<span style="color:{colour};font-weight:700;flex:0 0 1em">'
        f"{_MARKS[finding.state]}</span>"
        f"<div>{'<br>'.join(lines)}</div></div>"
    )
