"""What a person decided about cleaning: refused, accepted and added operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.rows import place_of
from mlkit.core.schema import Schema
from mlkit.data.cleaning.takes import FITTED, ROW, TAKES, fits

__all__ = ["Decided"]

FORM = '{"refuse": [names], "accept": [names], "add": [operations]}'
UNPLAYED = "cannot be replayed on a single request"


@dataclass(frozen=True)
class Decided:
    """A decision on cleaning.

    Parameters
    ----------
    refuse
        Names of proposed operations that are not wanted.
    accept
        Names of operations that are offered and not done by default.
    add
        Operations that were asked for, each with its ``op``, ``column`` and ``name``.
    left_out
        Operations that were asked for and cannot be replayed, refused by name.
    """

    refuse: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    add: tuple[Mapping[str, Any], ...] = ()
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: Any, schema: Schema) -> Decided:
        """Read a decision and check what it asks for.

        Parameters
        ----------
        value
            ``{"refuse": [names], "accept": [names], "add": [operations]}``, any of
            them left out; a list of names refuses them; None decides nothing.
        schema
            The columns that there are.

        Raises
        ------
        InputError
            Where it has another form, or asks for an operation that is unknown, does
            not fit its column, has other arguments, or cannot be replayed.

        Examples
        --------
        >>> from mlkit.core.schema import Column
        >>> asked = {"add": [{"op": "clip", "column": "price", "max": 100}]}
        >>> made = Decided.of(asked, Schema((Column("price"),)))
        >>> made.add[0]["name"]
        'clip price'
        """
        parts = _parts(value)
        refuse = _names(parts.get("refuse", ()), "refuse")
        accept = _names(parts.get("accept", ()), "accept")
        asked = _named(parts.get("add", ()))
        add, left_out = [], []
        for name, one in asked.items():
            unplayed = _unplayed(one)
            if unplayed and name in refuse:
                left_out.append(name)
                continue
            if unplayed:
                raise _unplayable(name, unplayed)
            _check(one, schema)
            add.append({**one, "name": name})
        return cls(refuse, accept, tuple(add), tuple(left_out))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form that a decision is recorded in."""
        add = [dict(operation) for operation in self.add]
        return {"refuse": list(self.refuse), "accept": list(self.accept), "add": add}

    def of_column(self, name: str) -> list[dict[str, Any]]:
        """Return the operations that were asked for on one column."""
        return [dict(op) for op in self.add if op.get("column") == name]

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        """The row operations that were asked for."""
        return [op for op in self.add if op["op"] in ROW]


def _parts(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if isinstance(value, (list, tuple, set, frozenset)):
        return {"refuse": sorted(value, key=str)}
    if isinstance(value, Decided):
        return value.to_dict()
    known = ("refuse", "accept", "add")
    if not isinstance(value, Mapping):
        raise _misformed(repr(value)[:80])
    odd = [str(key) for key in value if key not in known]
    if odd:
        raise _misformed(f"{odd[0]!r}, {did_you_mean(odd[0], known)}")
    return value


def _misformed(got: str) -> InputError:
    return InputError(
        "this is no decision about cleaning",
        where='decision "cleaning"',
        expected=FORM,
        got=got,
    )


def _names(names: Any, part: str) -> tuple[str, ...]:
    good = isinstance(names, (list, tuple, set, frozenset))
    if not good or not all(isinstance(name, str) for name in names):
        raise _misformed(f"{part}: {names!r}"[:80])
    return tuple(dict.fromkeys(names))


def _named(asked: Any) -> dict[str, Any]:
    """Give each operation that was asked for a name that no other has."""
    if not isinstance(asked, (list, tuple)):
        raise _misformed(f"add: {asked!r}"[:80])
    named: dict[str, Any] = {}
    for one in asked:
        base, count = _name(one), 1
        name = base
        while name in named:
            count += 1
            name = f"{base} {count}"
        named[name] = one
    return named


def _name(one: Any) -> str:
    if isinstance(one, Mapping):
        if isinstance(one.get("name"), str) and one["name"]:
            return str(one["name"])
        if one.get("column") is None:
            return str(one.get("op"))
        return f"{one.get('op')} {place_of(dict(one))}"
    return str(getattr(one, "__name__", "") or repr(one)[:40])


def _unplayed(one: Any) -> str:
    """Say why an operation cannot be replayed, if so."""
    if callable(one):
        return "it is a Python function"
    op = str(one.get("op")) if isinstance(one, Mapping) else ""
    return "what is fitted on rows lives in the model" if op in FITTED else ""


def _unplayable(name: str, why: str) -> InputError:
    return InputError(
        f"the operation {name!r} {UNPLAYED}: {why}",
        where='decision "cleaning"',
        expected=f"one of {', '.join(sorted({*TAKES, *ROW}))}",
        todo=f"say it with these, or go on without it: refuse {name!r}",
    )


def _check(one: Any, schema: Schema) -> None:
    where = f'decision "cleaning", {_name(one)!r}'
    if not isinstance(one, Mapping) or not isinstance(one.get("op"), str):
        raise InputError(
            "this is no operation",
            where=where,
            expected='a dict such as {"op": "trim", "column": "name"}',
            got=repr(one)[:80],
        )
    op = one["op"]
    takes = {**TAKES, **ROW}.get(op)
    if takes is None:
        todo = did_you_mean(op, [*TAKES, *ROW])
        raise InputError(f"unknown operation {op!r}", where=where, todo=todo)
    if takes.column:
        _check_column(one, schema, where)
    takes.check(one, where)
    fits(one, schema, where)


def _check_column(one: Mapping[str, Any], schema: Schema, where: str) -> None:
    name = one.get("column")
    if not isinstance(name, str) or name not in schema:
        todo = did_you_mean(str(name), schema.names)
        raise InputError(f"no column {name!r}", where=where, todo=todo)
    column = schema[name]
    if not column.is_feature and "target" not in column.roles:
        told = " · ".join([column.type, *column.roles])
        raise InputError(
            f"the column {name!r} passes through cleaning as it is",
            where=where,
            expected="a feature, or the target",
            got=told,
        )
