"""What a person decided in `choose`, and what is tried of it as she prefers."""

from __future__ import annotations

from mlkit.core.errors import InputError, UsageError
from mlkit.model.families import able, family
from mlkit.model.shortlist import Candidate, Shortlist
from mlkit.model.tuning.draws import draw
from mlkit.model.tuning.prefer import entries, fits, legible
from mlkit.model.tuning.race import Drawn

__all__ = ["agreed", "compared", "drawn", "out", "outdone", "untried"]

WHAT = {
    "transparent": "a person can read",
    "portable": "every format can take",
}
WHERE = "prefer, and decision 'families'"


def out(shortlist: Shortlist) -> list[str]:
    """Return what is not to be tried: what was crossed out or cannot be packaged.

    Parameters
    ----------
    shortlist
        What `choose` found, and what was decided.
    """
    broken = [c.family for c in shortlist.candidates if c.problem]
    return sorted({*broken, *shortlist.crossed_out} - {shortlist.insisted})


def agreed(shortlist: Shortlist, prefer: str) -> None:
    """Refuse a preference that what a person decided leaves no room for.

    Parameters
    ----------
    shortlist
        What `choose` found, and what was decided.
    prefer
        One of `mlkit.model.tuning.prefer.PREFERENCES`.

    Raises
    ------
    UsageError
        Where the family insisted on is not what is preferred, or none of those is left.
    """
    if prefer not in WHAT:
        return
    names = _preferred(shortlist, prefer)
    insisted, wanted = shortlist.insisted, f"one of {', '.join(names)}"
    if insisted and not fits(insisted, prefer):
        raise UsageError(
            f"{family(insisted).title} is insisted on, but is nothing that "
            f"{WHAT[prefer]}",
            where=WHERE,
            expected=wanted,
            got=f"prefer = {prefer!r} with {insisted!r}",
            todo="insist on one of these or on none, or take prefer = 'best'",
        )
    if not insisted and set(names) <= set(out(shortlist)):
        raise UsageError(
            f"no family is left that {WHAT[prefer]}",
            where=WHERE,
            expected=wanted,
            got="each of them is crossed out, or cannot be packaged",
            todo="take one of them back, or take prefer = 'best'",
        )


def drawn(
    shortlist: Shortlist, trials: int, prefer: str, contenders: int, seed: int
) -> tuple[Drawn, int]:
    """Return families and settings to try, and how many of the first always end.

    Parameters
    ----------
    shortlist, prefer
        As `agreed` takes them.
    trials
        How many settings to draw.
    contenders
        How many families at most.
    seed
        Of the settings drawn.
    """
    only = [shortlist.insisted] if shortlist.insisted else []
    if prefer == "transparent":
        items = legible(shortlist.problem, only, out(shortlist))
        return items, len(items)
    names = only or _contenders(shortlist, contenders, prefer)
    defaults: Drawn = [(name, {}) for name in names]
    return defaults + draw(names, shortlist.problem.kind, trials, seed), len(names)


def compared(shortlist: Shortlist, prefer: str) -> Candidate:
    """Return the best family of the comparison that is what a person prefers.

    Parameters
    ----------
    shortlist, prefer
        As `agreed` takes them.

    Raises
    ------
    InputError
        Where there is none.
    """
    for name in _ranked(shortlist):
        if fits(name, prefer):
            return shortlist[name]
    raise InputError(
        "nothing ran to the end within the budget, and no family was compared that "
        f"{WHAT[prefer]}",
        where="seconds",
        todo="take more seconds, or prefer = 'best'",
    )


def untried(shortlist: Shortlist, prefer: str) -> str:
    """Say why the defaults are taken, with a score that is not of the search.

    Parameters
    ----------
    shortlist, prefer
        As `agreed` takes them.
    """
    name, told = shortlist.insisted, "nothing ran to the end within the budget"
    if name and not entries(shortlist.problem, prefer, [name]):
        told = f"{family(name).title} is not searched, as it cannot be packaged"
    if name == "dummy":
        told = "a guess has nothing to search"
    return f"{told}: the defaults are taken, with the score they had in the comparison"


def outdone(name: str) -> str:
    """Say why a family is trained that was not searched.

    Parameters
    ----------
    name
        A family that did better in the comparison than what the search found.
    """
    title = family(name).title
    if name == "dummy":
        return f"{title} did better in the comparison than all that was searched"
    return (
        f"{title} did not fit the budget fold by fold, and its defaults did better in "
        "the comparison: they are trained once"
    )


def _preferred(shortlist: Shortlist, prefer: str) -> list[str]:
    """Return the families that are installed and what a person prefers."""
    problem = shortlist.problem
    if prefer == "transparent":
        return list(dict(legible(problem)))
    return [n for n in able(problem.kind) if fits(n, prefer)]


def _ranked(shortlist: Shortlist) -> list[str]:
    """Return the families that can be packaged, the chosen one first, then the best."""
    left_out = {"dummy", *out(shortlist)} - {shortlist.chosen}
    names = [c.family for c in shortlist.candidates if c.family not in left_out]
    return sorted(names, key=lambda name: name != shortlist.chosen)


def _contenders(shortlist: Shortlist, count: int, prefer: str) -> list[str]:
    """Return the best families to search; one that was not compared if none else is."""
    kept = [name for name in _ranked(shortlist) if fits(name, prefer)]
    others = entries(shortlist.problem, prefer, (), out(shortlist))
    return (kept or [name for name, _ in others[:1]])[: max(count, 1)]
