"""The sets that come with scikit-learn: ``sklearn:iris`` and the like, no download.

Options: ``images``, for ``sklearn:digits``: its 8 × 8 pixels as a column of images
instead of 64 numbers.

Examples
--------
>>> found = read(Place("sklearn:iris"))
>>> found.target, found.columns.num_rows, found.columns["target"][0].as_py()
('target', 150, 'setosa')
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.media import media
from mlkit.data.sources import Found, Place

__all__ = ["OPTIONS", "claims", "read"]

OPTIONS = {"images": "true: the digits as images of 8 × 8 pixels"}
BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")
CLASSES = ("breast_cancer", "digits", "iris", "wine")
YES = ("true", "yes", "1")
BRIGHTEST = 16


def claims(place: Place) -> bool:
    """Whether this is a set of scikit-learn's."""
    return place.scheme == "sklearn"


def read(place: Place) -> Found:
    """Read a set that comes with scikit-learn, classes by their names.

    Raises
    ------
    InputError
        Where it comes with no such set.
    """
    name = place.uri.partition(":")[2].removeprefix("//")
    if name not in BUNDLED:
        raise InputError(
            f"scikit-learn brings no set {name!r}",
            where=place.uri,
            expected=", ".join(f"sklearn:{known}" for known in BUNDLED),
            todo=did_you_mean(name, BUNDLED)
            + "; others are downloaded, fetch them first",
        )
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    if str(place.option("images")).lower() in YES:
        return _images(bunch, place)
    columns = {
        str(column): bunch.data[:, at] for at, column in enumerate(bunch.feature_names)
    }
    if name == "linnerud":
        more = {str(n): bunch.target[:, at] for at, n in enumerate(bunch.target_names)}
        note = f"it has three targets, {', '.join(more)}: name one"
        return Found(pa.table({**columns, **more}), False, _facts(name), (note,))
    columns["target"] = _target(bunch, name)
    types = {"target": "category"} if name in CLASSES else {}
    return Found(
        pa.table(columns), False, _facts(name), (), types=types, target="target"
    )


def _target(bunch: Any, name: str) -> Any:
    if name not in CLASSES:
        return bunch.target
    return [str(word) for word in np.asarray(bunch.target_names)[bunch.target]]


def _images(bunch: Any, place: Place) -> Found:
    from PIL import Image

    if "images" not in bunch:
        raise InputError(
            "this set holds no images", where=place.uri, todo="sklearn:digits does"
        )
    contents = []
    for pixels in bunch.images:
        shades = np.round(pixels * (255 / BRIGHTEST)).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(shades).save(file, "PNG")
        contents.append(file.getvalue())
    columns = {"image": media().put_all(contents), "target": _target(bunch, "digits")}
    types = {"image": "image", "target": "category"}
    return Found(
        pa.table(columns), False, _facts("digits"), (), types=types, target="target"
    )


def _facts(name: str) -> dict[str, str]:
    return {"format": "scikit-learn", "set": name}
