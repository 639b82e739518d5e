"""Rules that give labels: a line of words, or a plain Python function of a row.

A line says when, an arrow, and the label::

    text contains "refund" -> complaint
    subject matches "^re: .*order" -> order
    Age >= 60 and Sex == 'male' -> senior

``contains``, ``starts with``, ``ends with`` and ``matches`` (a regular expression,
found anywhere) do not mind the case of letters; all else is an expression over
columns, as in checks. Where a cell is missing, a rule about it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.expressions import parse
from mlkit.core.schema import Schema

__all__ = ["Function", "Rule", "Votes", "read_rule", "vote"]

Function = Callable[[Mapping[str, Any]], Any]
Mask = NDArray[np.bool_]
WORDS = re.compile(
    r"""(?:`(?P<ticked>[^`]+)`|\b(?P<plain>\w+))\s+
    (?P<how>contains|matches|starts\s+with|ends\s+with)\s+
    (?P<quote>["'/])(?P<word>(?:(?!(?P=quote)).)*)(?P=quote)""",
    re.VERBOSE | re.DOTALL,
)
FORMS = {"contains": "{}", "starts with": r"\A{}", "ends with": r"{}\Z"}
SLIP = 0.85
AN_EXAMPLE = 'text contains "refund" -> complaint'


@dataclass(frozen=True)
class Rule:
    """A rule that was read and found fit.

    Parameters
    ----------
    text
        As it was written; a function's name.
    label
        The label it gives; "" where its function says which.
    holds
        Tells of which rows of a table it holds.
    """

    text: str
    label: str
    holds: Callable[[pd.DataFrame], Mask]


@dataclass(frozen=True)
class Votes:
    """What each rule says of each row.

    Parameters
    ----------
    names
        The rules, in order.
    classes
        The labels they give, and those that are known, sorted.
    codes
        Places in `classes`, −1 where a rule says nothing; shape (rows, rules).
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    codes: NDArray[np.int16]


def read_rule(text: str, names: Sequence[str]) -> Rule:
    """Read one line.

    Parameters
    ----------
    text
        When, an arrow, and the label.
    names
        The columns there are.

    Raises
    ------
    InputError
        Where the line cannot be read, or names no column.

    Examples
    --------
    >>> rule = read_rule('text contains "refund" -> complaint', ["text"])
    >>> rule.holds(pd.DataFrame({"text": ["No REFUND yet", "thanks", None]})).tolist()
    [True, False, False]
    """
    when, arrow, label = (part.strip() for part in text.rpartition("->"))
    label = label[1:-1] if re.fullmatch(r"(['\"]).+\1", label) else label
    if not (arrow and when and label):
        raise InputError(
            "a rule cannot be read",
            where=text[:200],
            expected=AN_EXAMPLE,
            got="no arrow `->`" if not arrow else "nothing on one side of the arrow",
        )
    return Rule(text, label, _holds(when, names, text))


def vote(
    table: pd.DataFrame, rules: Sequence[str | Function], known: Sequence[str] = ()
) -> Votes:
    """Let every rule say what it makes of every row.

    Parameters
    ----------
    table
        Cleaned rows.
    rules
        Lines, or functions of a row that return a label or None.
    known
        Labels that there are already.

    Raises
    ------
    InputError
        Where a rule cannot be read, fails on a row, or gives a label that looks like
        a slip of a known one.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [20, 70]}, index=["a", "b"])
    >>> vote(table, ["age >= 60 -> old", lambda row: "young"]).codes.tolist()
    [[-1, 1], [0, 1]]
    """
    names, said = [], []
    for rule in rules:
        if isinstance(rule, str):
            read = read_rule(rule, [str(name) for name in table])
            given = np.full(len(table), None, object)
            given[read.holds(table)] = read.label
            names.append(rule)
        else:
            names.append(str(getattr(rule, "__name__", "rule")))
            given = _by_function(rule, names[-1], table)
        _mind_slips({word for word in given if word}, known, names[-1])
        said.append(given)
    words = {word for given in said for word in given if word is not None}
    classes = tuple(sorted({*words, *known}))
    place = {word: code for code, word in enumerate(classes)} | {None: -1}
    codes = [[place[word] for word in given] for given in said]
    shaped = np.array(codes, np.int16).reshape(len(said), len(table)).T
    return Votes(tuple(names), classes, shaped)


def _holds(
    when: str, names: Sequence[str], text: str
) -> Callable[[pd.DataFrame], Mask]:
    searches: dict[str, tuple[str, re.Pattern[str]]] = {}

    def searched(found: re.Match[str]) -> str:
        word = f"_search_{len(searches)}"
        searches[word] = _search(found, names, text)
        return f"({word} == 1)"

    plain = WORDS.sub(searched, when)
    parse(plain, [*names, *searches])
    turned = parse(f"not ({plain})", [*names, *searches])

    def holds(table: pd.DataFrame) -> Mask:
        made = {
            word: _found(table[column], fits)
            for word, (column, fits) in searches.items()
        }
        reads = {c.name: {"type": _kind(c.type)} for c in Schema.of(table)}
        reads |= {word: {"type": "number"} for word in made}
        cells = {
            n: made[n] if n in made else table[n].to_numpy() for n in turned.columns
        }
        return np.asarray(turned.failing(cells, len(table), reads), bool)

    return holds


def _search(
    found: re.Match[str], names: Sequence[str], text: str
) -> tuple[str, re.Pattern[str]]:
    column = found["ticked"] or found["plain"]
    if column not in names:
        raise InputError(
            f"there is no column {column!r}",
            where=text[:200],
            todo=did_you_mean(column, names),
        )
    form = FORMS.get(" ".join(found["how"].split()))
    pattern = form.format(re.escape(found["word"])) if form else found["word"]
    try:
        return column, re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise InputError(
            "this is no regular expression", where=text[:200], got=str(error)
        ) from None


def _found(values: pd.Series, fits: re.Pattern[str]) -> NDArray[np.float64]:
    """Return 1 where a cell has the pattern, 0 where not, NaN where it is missing."""
    known = values.notna().to_numpy()
    made = np.full(len(values), np.nan)
    cells = values[known].astype("str")
    made[known] = [fits.search(cell) is not None for cell in cells]
    return made


def _kind(type_: str) -> str:
    return type_ if type_ in ("number", "date") else "text"


def _by_function(rule: Function, name: str, table: pd.DataFrame) -> NDArray[Any]:
    plain = table.astype(object).where(table.notna(), None)
    found: list[str | None] = []
    for row, cells in zip(plain.index, plain.to_dict("records"), strict=True):
        try:
            said = rule({str(name): cell for name, cell in cells.items()})
        except Exception as error:
            raise InputError(
                f"the rule {name!r} fails",
                where=f"row {row!r}",
                got=f"{type(error).__name__}: {error}"[:200],
                todo="a rule gets a row's cells by column, None where missing",
            ) from None
        found.append(None if said is None else str(said))
    made = np.empty(len(found), object)
    made[:] = found
    return made


def _mind_slips(said: set[str], known: Sequence[str], name: str) -> None:
    for word in sorted(said - set(known)):
        near = get_close_matches(word, known, 1, SLIP)
        near += [other for other in known if other.casefold() == word.casefold()]
        if near:
            raise InputError(
                f"a rule gives the label {word!r}, which no row has",
                where=name[:200],
                todo=f"did you mean {near[0]!r}?",
            )
