"""What a table's columns are: their types and their roles.

Types and roles are set once, in ``collect``, and travel with the table in
``DataFrame.attrs["schema"]``; later steps read them and do not declare them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mlkit.core.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ROLES", "TYPES", "Column", "Schema"]

TYPES = ("number", "category", "text", "date", "id", "image", "audio")
ROLES = ("target", "group", "time", "weight", "sensitive", "private", "ignored", "flag")
NOT_FEATURES = frozenset({"target", "group", "weight", "private", "ignored", "flag"})


@dataclass(frozen=True)
class Column:
    """One column: its name, its type and its roles.

    Parameters
    ----------
    name
        The column's name, unique in its table.
    type
        One of `TYPES`.
    roles
        Any of `ROLES`; a column without a role is a plain feature.
    categories
        The values a category may take, sorted; empty where not known.
    missing
        The words that mean a missing cell, where they were told; else the empty one.
    """

    name: str
    type: str = "number"
    roles: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise InputError(
                f"unknown column type {self.type!r}",
                where=f"column {self.name!r}",
                todo=did_you_mean(self.type, TYPES),
            )
        for role in self.roles:
            if role not in ROLES:
                raise InputError(
                    f"unknown column role {role!r}",
                    where=f"column {self.name!r}",
                    todo=did_you_mean(role, ROLES),
                )

    @property
    def is_feature(self) -> bool:
        """Whether a model may learn from this column."""
        return self.type != "id" and not NOT_FEATURES.intersection(self.roles)


@dataclass(frozen=True)
class Schema:
    """The columns of a table, in order.

    Examples
    --------
    >>> schema = Schema((Column("age"), Column("sex", "category", ("sensitive",)),
    ...                  Column("survived", "category", ("target",))))
    >>> schema.target, schema.features
    ('survived', ['age', 'sex'])
    """

    columns: tuple[Column, ...] = ()
    _by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {column.name: column for column in self.columns}
        object.__setattr__(self, "_by_name", by_name)
        if len(by_name) != len(self.columns):
            names = [column.name for column in self.columns]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise InputError(f"a column name is used twice: {', '.join(twice)}")

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Column:
        try:
            return self._by_name[name]
        except KeyError:
            raise InputError(
                f"no column {name!r}", todo=did_you_mean(name, self._by_name)
            ) from None

    def __deepcopy__(self, memo: dict[int, Any]) -> Schema:
        """Frozen, so pandas may share it when it copies ``attrs``."""
        return self

    @property
    def names(self) -> list[str]:
        """The column names, in order."""
        return [column.name for column in self.columns]

    @property
    def target(self) -> str | None:
        """The name of the target column, if there is one."""
        return next(iter(self.with_role("target")), None)

    @property
    def features(self) -> list[str]:
        """The names of the columns a model may learn from."""
        return [column.name for column in self.columns if column.is_feature]

    def with_role(self, role: str) -> list[str]:
        """Return the names of the columns that have `role`."""
        return [column.name for column in self.columns if role in column.roles]

    def with_type(self, *types: str) -> list[str]:
        """Return the names of the columns of one of `types`."""
        return [column.name for column in self.columns if column.type in types]

    def only(self, names: Iterable[str]) -> Schema:
        """Return the schema of a table that keeps just `names`."""
        return Schema(tuple(self[name] for name in names))

    def without(self, *names: str) -> Schema:
        """Return the schema of a table that leaves `names` out."""
        return Schema(tuple(c for c in self.columns if c.name not in names))

    def change(self, name: str, **changes: Any) -> Schema:
        """Return a schema in which column `name` differs in `changes`."""
        changed = replace(self[name], **changes)
        return Schema(tuple(changed if c.name == name else c for c in self.columns))

    def put(self, *columns: Column) -> Schema:
        """Return a schema with `columns` replaced by name, or added at the end."""
        new = {column.name: column for column in columns}
        kept = tuple(new.pop(c.name, c) for c in self.columns)
        return Schema(kept + tuple(new.values()))

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {
            "columns": [
                {"name": c.name, "type": c.type}
                | ({"roles": list(c.roles)} if c.roles else {})
                | ({"categories": list(c.categories)} if c.categories else {})
                | ({"missing": list(c.missing)} if c.missing else {})
                for c in self.columns
            ]
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Schema:
        """Read the form that `to_dict` gives."""
        return cls(
            tuple(
                Column(
                    c["name"],
                    c["type"],
                    tuple(c.get("roles", ())),
                    tuple(c.get("categories", ())),
                    tuple(c.get("missing", ())),
                )
                for c in form["columns"]
            )
        )

    @classmethod
    def of(cls, table: pd.DataFrame) -> Schema:
        """Return the schema of `table`: the one it carries, else one from its dtypes.

        Columns that the carried schema does not know get a type from their dtype.
        """
        carried = table.attrs.get("schema")
        known = carried if isinstance(carried, Schema) else cls()
        return cls(
            tuple(
                known[name] if name in known else Column(name, type_of(table[name]))
                for name in map(str, table.columns)
            )
        )

    def attach(self, table: pd.DataFrame) -> pd.DataFrame:
        """Make `table` carry this schema, narrowed to its columns, and return it."""
        names = [str(name) for name in table.columns]
        kept = Schema(tuple(self[name] for name in names if name in self))
        table.attrs["schema"] = kept
        return table


def type_of(values: pd.Series) -> str:
    """Tell a column type from a dtype alone."""
    import pandas as pd
    from pandas.api import types

    if types.is_bool_dtype(values.dtype):
        return "category"
    if types.is_numeric_dtype(values.dtype):
        return "number"
    if types.is_datetime64_any_dtype(values.dtype):
        return "date"
    if isinstance(values.dtype, pd.CategoricalDtype):
        return "category"
    return "text"
