"""Cells and names that tell of persons: private data, and what may treat unequally."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mlkit.core.schema import Column
from mlkit.data.measures.alert import Alert, roles
from mlkit.data.measures.bias import looks_sensitive
from mlkit.data.reading import hints

__all__ = ["alerts", "is_card", "is_iban"]

MOSTLY = 0.5
SOME = 0.01
FEW = 5
EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")
PHONE = re.compile(
    r"(?:\+[0-9]{1,3}|\(?0[0-9]{1,4}\)?|\([0-9]{2,5}\)|[0-9]{3,4})"
    r"(?:[ ./-]?\(?[0-9]{2,5}\)?){2,5}"
)
CARD = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")
IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
BYTE = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
ADDRESS = re.compile(rf"(?:{BYTE}\.){{3}}{BYTE}")
PRIVATE = frozenset(
    {
        *("address", "birthdate", "birthday", "dob", "email", "firstname", "forename"),
        *("fullname", "iban", "lastname", "login", "mail", "mobile", "name"),
        *("passport", "phone", "ssn", "surname", "telephone", "username"),
    }
)
OF_THINGS = frozenset(
    {
        *("brand", "city", "class", "column", "company", "file", "host", "item"),
        *("model", "product", "species", "street", "type"),
    }
)


def alerts(column: Column, words: Sequence[str]) -> Iterator[Alert]:
    """Yield what seems to tell of a person.

    Parameters
    ----------
    column
        Its name, type and roles.
    words
        Some of its distinct cells, as text; of a column of numbers none but whole
        ones of 13 to 19 digits.

    Examples
    --------
    >>> [found.kind for found in alerts(Column("contact", "text"), ["a@example.org"])]
    ['private']
    """
    if {"private", "sensitive", "ignored", "target"}.intersection(column.roles):
        return
    told = _of_cells(words) or (_of_name(column) if len(words) >= FEW else "")
    if told:
        yield Alert(
            *("private", column.name, "look"),
            told,
            'a model should not see it: a click gives it the role "private"',
            roles(column, "private"),
        )
        return
    if looks_sensitive([column.name]):
        yield Alert(
            *("sensitive", column.name, "note"),
            "by its name it tells groups of people",
            'with the role "sensitive" the model is judged group by group',
            roles(column, "sensitive"),
        )


def is_card(word: str) -> bool:
    """Tell whether the digits of a word pass the check of card numbers.

    Notes
    -----
    Luhn's check, ISO/IEC 7812-1.

    Examples
    --------
    >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112")
    (True, False)
    """
    digits = [int(sign) for sign in word if sign.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) < 2 or digits[0] == 0:
        return False
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(word: str) -> bool:
    """Tell whether a word passes the check of bank accounts.

    Notes
    -----
    ISO 13616: the first four signs moved to the end leave 1 modulo 97.

    Examples
    --------
    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE88370400440532013000")
    (True, False)
    """
    plain = word.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def _of_cells(words: Sequence[str]) -> str:
    if not words:
        return ""
    counts = {
        "e-mail addresses": sum(EMAIL.search(word) is not None for word in words),
        "card numbers": sum(_has(CARD, word, is_card) for word in words),
        "bank accounts": sum(_has(IBAN, word, is_iban) for word in words),
    }
    for kind, count in counts.items():
        # by chance a tenth of all long numbers pass the check of card numbers
        least = MOSTLY if kind == "card numbers" else SOME
        if count and count >= least * len(words):
            return f"{count / len(words):.0%} of the cells looked at hold {kind}"
    for kind, pattern in (
        ("addresses of computers", ADDRESS),
        ("phone numbers", PHONE),
    ):
        found = [word for word in words if pattern.fullmatch(word.strip())]
        if len(found) >= MOSTLY * len(words) and (kind[0] == "a" or _are_phones(words)):
            return f"{len(found) / len(words):.0%} of its cells look like {kind}"
    return ""


def _of_name(column: Column) -> str:
    parts = _parts(column.name)
    named = PRIVATE.intersection(parts)
    whole = column.type in ("text", "category", "id", "date")
    if not named or not whole or OF_THINGS.intersection(parts):
        return ""
    return f"its name tells of a person's {sorted(named)[0]}"


def _are_phones(words: Sequence[str]) -> bool:
    """Tell phone numbers from dates, amounts and plain codes."""
    if hints.marks(list(words)) is not None or hints.date_formats(list(words)):
        return False
    digits = [sum(sign.isdigit() for sign in word) for word in words]
    marked = [not word.strip().isdigit() for word in words]
    likely = [9 <= n <= 15 and mark for n, mark in zip(digits, marked, strict=True)]
    return sum(likely) >= MOSTLY * len(words)


def _has(pattern: re.Pattern[str], word: str, check: object) -> bool:
    return callable(check) and any(check(found[0]) for found in pattern.finditer(word))


def _parts(name: str) -> set[str]:
    """Return the words of a column's name, in lower case.

    Examples
    --------
    >>> sorted(_parts("SeniorCitizen")), sorted(_parts("home_address2"))
    (['citizen', 'senior'], ['address', 'home'])
    """
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return {word.casefold() for word in re.findall(r"[^\W\d_]+", spaced)}
