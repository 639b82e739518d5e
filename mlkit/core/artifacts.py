"""Kinds of artifacts: how each is told, identified, written and read.

=======  ==========================================  ===============================
kind     what                                        identity
=======  ==========================================  ===============================
table    a DataFrame                                 schema, row ids and values
record   a frozen dataclass of mlkit's               its JSON without volatile fields
json     dict, list, str, number, bool, None         its canonical JSON
figure   a matplotlib Figure                         its PNG
folder   a Path to a folder                          its sorted tree, less about.json
model    anything with ``predict``                   ``joblib.hash`` when saved
=======  ==========================================  ===============================
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any

from mlkit.core import trust
from mlkit.core.errors import InputError, StoreError
from mlkit.core.files import canonical, digest, file_hash, folder_hash, read_json
from mlkit.core.schema import Schema

__all__ = ["KINDS", "Kind", "kind_of", "volatile_of"]

ABOUT = frozenset({"about.json"})
LONG, WIDE = 2**27, 90
TRUSTED = frozenset(
    {
        "numpy.dtype",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
    }
)


@dataclass(frozen=True)
class Kind:
    """One kind of artifact.

    Parameters
    ----------
    identify
        value → hex digest that names its content.
    write
        value, empty folder → None; fills the folder.
    read
        folder → value.
    describe
        value → a few words, such as ``"344 rows × 8 columns"``.
    """

    identify: Callable[[Any], str]
    write: Callable[[Any, Path], None]
    read: Callable[[Path], Any]
    describe: Callable[[Any], str]


def kind_of(value: Any, name: str) -> str:
    """Tell the kind of a value from what it is.

    Raises
    ------
    InputError
        Where mlkit does not know how to keep such a value.

    Examples
    --------
    >>> kind_of({"a": 1}, "x"), kind_of(Path("."), "x")
    ('json', 'folder')
    """
    if hasattr(value, "columns") and _comes_from(value, "pandas"):
        return "table"
    if _is_record(value):
        return "record"
    if hasattr(value, "savefig") and _comes_from(value, "matplotlib"):
        return "figure"
    if isinstance(value, Path):
        return "folder"
    if hasattr(value, "predict") and not isinstance(value, type):
        return "model"
    if value is None or isinstance(value, (dict, list, tuple, str, int, float)):
        return "json"
    raise InputError(
        f"mlkit cannot keep a {type(value).__name__}",
        where=f"mk.save({name}=...)",
        expected="a DataFrame, JSON data, a matplotlib Figure, a Path to a folder, "
        "or a model (anything with predict)",
        todo="turn it into one of these",
    )


def volatile_of(value: Any) -> dict[str, Any]:
    """Return a record's fields that stay outside its identity, such as timings."""
    if not _is_record(value):
        return {}
    form = value.to_dict()
    return {name: form[name] for name in getattr(value, "volatile", ()) if name in form}


def _comes_from(value: Any, package: str) -> bool:
    return any(c.__module__.partition(".")[0] == package for c in type(value).__mro__)


def _is_record(value: Any) -> bool:
    return (
        is_dataclass(value)
        and not isinstance(value, type)
        and hasattr(value, "to_dict")
        and type(value).__module__.startswith("mlkit.")
    )


# table


def _write_table(table: Any, folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [str(name) for name in table.columns]
    plain = table.set_axis(names, axis=1)
    plain.attrs = {}
    pq.write_table(pa.Table.from_pandas(plain), folder / "table.parquet")
    (folder / "schema.json").write_bytes(canonical(Schema.of(table).to_dict()))


def _identify_table(table: Any) -> str:
    if table.index.nlevels > 1 or len(set(map(str, table.columns))) < table.shape[1]:
        raise InputError(
            "a table needs one index, and no column name may be used twice",
            todo="use reset_index() or rename the columns before mk.save",
        )
    from mlkit.core.identity import table_identity

    return table_identity(table)


def _read_table(folder: Path) -> Any:
    import pyarrow.parquet as pq

    read = pq.read_table(folder / "table.parquet")
    # a long table is not held twice; a wide one would be slow in as many blocks
    long = read.nbytes > LONG and read.num_columns < WIDE
    table = read.to_pandas(split_blocks=long, self_destruct=long)
    return Schema.from_dict(read_json(folder / "schema.json")).attach(table)


def _describe_table(table: Any) -> str:
    return f"{len(table)} rows × {table.shape[1]} columns"


# record and json


def _record_form(value: Any) -> dict[str, Any]:
    kept = set(getattr(value, "volatile", ()))
    fields = {k: v for k, v in value.to_dict().items() if k not in kept}
    return {
        "type": f"{type(value).__module__}:{type(value).__name__}",
        "fields": fields,
    }


def _write_record(value: Any, folder: Path) -> None:
    (folder / "record.json").write_bytes(canonical(_record_form(value)))


def _read_record(folder: Path, volatile: Mapping[str, Any] | None = None) -> Any:
    form = read_json(folder / "record.json")
    module, _, name = form["type"].partition(":")
    if not module.startswith("mlkit."):
        raise StoreError("a record of a foreign type is not read", got=form["type"])
    kept = getattr(importlib.import_module(module), name)
    return kept.from_dict({**form["fields"], **(volatile or {})})


def _json_form(value: Any) -> bytes:
    try:
        return canonical(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            "this is not plain JSON data",
            expected="dicts with text keys, lists, text, finite numbers, booleans",
            got=str(error),
            todo="convert it first, for instance with float(x) or x.tolist()",
        ) from None


def _write_json(value: Any, folder: Path) -> None:
    (folder / "value.json").write_bytes(_json_form(value))


# figure and folder


def _png(figure: Any) -> bytes:
    import io

    buffer = io.BytesIO()
    figure.savefig(
        buffer, format="png", dpi=120, bbox_inches="tight", metadata={"Software": None}
    )
    return buffer.getvalue()


def _write_figure(figure: Any, folder: Path) -> None:
    (folder / "figure.png").write_bytes(_png(figure))


def _read_figure(folder: Path) -> Any:
    from IPython.display import Image

    return Image(data=(folder / "figure.png").read_bytes())


def _identify_figure(figure: Any) -> str:
    import hashlib

    return hashlib.sha256(_png(figure)).hexdigest()


def _write_folder(source: Path, folder: Path) -> None:
    if not source.is_dir():
        raise InputError("mk.save takes a Path to a folder", got=str(source))
    shutil.copytree(source, folder / "folder")


# model


def _identify_model(model: Any) -> str:
    import joblib

    return digest(["model", type(model).__qualname__, joblib.hash(model)])


def _write_model(model: Any, folder: Path) -> None:
    """Write by skops where it can be read back without trusting anything new."""
    import joblib
    import skops.io

    path = folder / "model.skops"
    try:
        skops.io.dump(model, path)
        if all(map(_trusted, skops.io.get_untrusted_types(file=path))):
            return
    except Exception:  # noqa: S110 - skops refuses in many ways; joblib follows
        pass
    path.unlink(missing_ok=True)
    joblib.dump(model, folder / "model.joblib", compress=3)
    signature = trust.sign(file_hash(folder / "model.joblib"))
    (folder / "signature").write_text(signature)


def _read_model(folder: Path) -> Any:
    import joblib
    import skops.io

    path = folder / "model.skops"
    if path.exists():
        trusted = [t for t in skops.io.get_untrusted_types(file=path) if _trusted(t)]
        return skops.io.load(path, trusted=trusted)
    pickle = folder / "model.joblib"
    if not trust.signed(file_hash(pickle), (folder / "signature").read_text()):
        raise StoreError(
            "this model is a pickle that was written elsewhere, and is not read",
            where=str(pickle),
            todo="run the step that makes it again, here: `mlkit run --refresh`",
        )
    return joblib.load(pickle)


def _trusted(name: str) -> bool:
    return name in TRUSTED or name.startswith("mlkit.model.")


KINDS = {
    "table": Kind(_identify_table, _write_table, _read_table, _describe_table),
    "record": Kind(
        lambda value: digest(_record_form(value)),
        _write_record,
        _read_record,
        lambda value: type(value).__name__,
    ),
    "json": Kind(
        lambda value: digest(["json", *[_json_form(value).decode()]]),
        _write_json,
        lambda folder: read_json(folder / "value.json"),
        lambda value: f"{type(value).__name__}",
    ),
    "figure": Kind(_identify_figure, _write_figure, _read_figure, lambda _: "picture"),
    "folder": Kind(
        lambda source: folder_hash(source, ABOUT),
        _write_folder,
        lambda folder: folder / "folder",
        lambda source: f"{sum(p.is_file() for p in source.rglob('*'))} files",
    ),
    "model": Kind(
        _identify_model, _write_model, _read_model, lambda model: type(model).__name__
    ),
}
