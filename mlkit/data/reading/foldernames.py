"""What the names of files and their folders tell: labels, groups, parts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from mlkit.core.errors import InputError

__all__ = ["Named", "named", "pattern_of"]

GROUPS = ("group", "patient", "person", "speaker", "subject", "user")
PARTS = {
    "train": ("train", "training"),
    "valid": ("dev", "val", "valid", "validation"),
    "test": ("test", "testing"),
}
PART_OF = {word: part for part, words in PARTS.items() for word in words}
LABEL, PART = "label", "part"
HOLE = re.compile(r"\{([^{}]*)\}|(\*)")
MARKS = re.compile(r"[_\-. ]+")
NAMED = 5


@dataclass(frozen=True)
class Named:
    """What the names tell of each file.

    Parameters
    ----------
    columns
        Words by column, None where a name tells nothing; one a file, in order.
    roles, types
        By column, where they are known.
    target
        The column that is the label, or "".
    notes
        What a person should know, one sentence each.
    """

    columns: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    notes: tuple[str, ...] = ()


def named(paths: Sequence[str], pattern: str = "", taken: Sequence[str] = ()) -> Named:
    """Return what the names of files tell.

    With a pattern, what it names. Else the label is the name of the sub-folder;
    where folders are called train, valid or test, the row's part is theirs and the
    label that of the folder within. Without sub-folders, names that all share one
    structure are offered in their parts.

    Parameters
    ----------
    paths
        Relative to the folder, with ``/``.
    pattern
        Such as ``{digit}_{speaker}_{take}``, see `pattern_of`.
    taken
        Names that other columns have.

    Raises
    ------
    InputError
        Where a pattern cannot be read, or no name matches it.

    Examples
    --------
    >>> found = named(["cat/1.png", "dog/2.png"])
    >>> found.target, found.columns["label"]
    ('label', ['cat', 'dog'])
    >>> found = named(["7_jackson_0.wav"], "{digit}_{speaker}_{take}")
    >>> {name: words[0] for name, words in found.columns.items()}
    {'digit': '7', 'speaker': 'jackson', 'take': '0'}
    """
    if pattern:
        return _by_pattern(paths, pattern, taken)
    folders = [PurePosixPath(path).parent.parts for path in paths]
    shared = _shared(folders)
    folders = [parts[shared:] for parts in folders]
    parts = _parts(folders)
    if parts:
        folders = [inner[1:] for inner in folders]
    found = _by_folder(folders) if any(folders) else _by_structure(paths)
    if not parts:
        return found
    note = (
        f"the folders {_list(sorted({f'{p}' for p in parts if p}))} are kept as the "
        f"column {PART!r}, which no model learns from; split can take it as given"
    )
    return Named(
        {**found.columns, PART: parts},
        {**found.roles, PART: "ignored"},
        {**found.types, PART: "category"},
        found.target,
        (*found.notes, note),
    )


def pattern_of(pattern: str) -> re.Pattern[str]:
    """Return the regular expression that a pattern of names stands for.

    Parameters
    ----------
    pattern
        ``{name}`` stands for what is kept under that name, as little as will do;
        ``*`` for anything; neither crosses a ``/``. It is held against a file's name,
        or where it has a ``/`` against as many folders before it; an ending such as
        ``.png`` may be left out.

    Raises
    ------
    InputError
        Where it names nothing, a name comes twice, or a brace is left open.

    Examples
    --------
    >>> found = pattern_of("{label}/{patient}-*").fullmatch("cat/p7-3.png")
    >>> found.groupdict()
    {'label': 'cat', 'patient': 'p7'}
    """
    names = [hole[1] for hole in HOLE.finditer(pattern) if hole[1] is not None]
    rest = HOLE.sub("", pattern)
    wrong = [name for name in names if not name.isidentifier()]
    if wrong or not names or len(set(names)) < len(names) or {"{", "}"} & set(rest):
        raise InputError(
            "this pattern of names cannot be read",
            where=f"pattern {pattern!r}",
            expected="names in braces, each once, such as {label}_{speaker}_{take}",
            got=f"{{{wrong[0]}}}" if wrong else "",
        )
    said, at = "", 0
    for hole in HOLE.finditer(pattern):
        said += re.escape(pattern[at : hole.start()])
        said += f"(?P<{hole[1]}>[^/]+?)" if hole[1] else "[^/]*?"
        at = hole.end()
    last = pattern.rpartition("/")[2]
    ending = "" if PurePosixPath(HOLE.sub("x", last)).suffix else r"(?:\.[^./]+)?"
    return re.compile(said + re.escape(pattern[at:]) + ending)


def _by_pattern(paths: Sequence[str], pattern: str, taken: Sequence[str]) -> Named:
    columns, notes = _matched(paths, pattern, taken)
    target = LABEL if LABEL in columns else ""
    groups = [n for n in columns if n in GROUPS and _repeats(columns[n])]
    if groups:
        notes.append(
            f"{', '.join(map(repr, groups))} is taken as a group: rows of one "
            f"{groups[0]} stay in one part; if that is not wanted, set "
            f'roles = {{"{groups[0]}": "ignored"}}'
        )
    rest = [n for n in columns if n not in groups and n != target]
    if rest:
        notes.append(
            f"{', '.join(map(repr, rest))} from the names: unless it is the target "
            "or roles says otherwise, no model learns from it"
        )
    roles = dict.fromkeys(groups, "group") | dict.fromkeys(rest, "ignored")
    types = dict.fromkeys((*groups, *([LABEL] if target else [])), "category")
    return Named(columns, roles, types, target, tuple(notes))


def _matched(
    paths: Sequence[str], pattern: str, taken: Sequence[str]
) -> tuple[dict[str, list[str | None]], list[str]]:
    """Return what a pattern names in each path, and which paths it does not match."""
    form, depth = pattern_of(pattern), pattern.count("/") + 1
    names = list(form.groupindex)
    clash = sorted(set(names).intersection(taken))
    if clash:
        raise InputError(
            f"the name {clash[0]!r} is another column's",
            where=f"pattern {pattern!r}",
            todo="choose another name",
        )
    tails = ["/".join(path.split("/")[-depth:]) for path in paths]
    matched = [form.fullmatch(tail) for tail in tails]
    if not any(matched):
        raise InputError(
            "no file's name matches the pattern",
            where=f"pattern {pattern!r}",
            got=_list(list(paths)),
            todo="* stands for anything, / for a folder; an ending may be left out",
        )
    columns = {n: [m[n] if m else None for m in matched] for n in names}
    missed = [path for path, match in zip(paths, matched, strict=True) if not match]
    if not missed:
        return columns, []
    told = f"{len(missed):,} names do not match the pattern, what it names is missing"
    return columns, [f"{told} there: {_list(missed)}"]


def _shared(folders: Sequence[tuple[str, ...]]) -> int:
    """Count the outer folders that all files share, where there are others within."""
    deepest = max(map(len, folders), default=0)
    count = 0
    while count < deepest - 1 and len({parts[: count + 1] for parts in folders}) == 1:
        count += 1
    return count


def _parts(folders: Sequence[tuple[str, ...]]) -> list[str | None]:
    """Return each file's part, where the outer folders are called train and test."""
    outer = {parts[0] if parts else "" for parts in folders}
    known = {PART_OF.get(word.casefold(), "") for word in outer}
    if "" in known or len(known) < 2 or len(known) < len(outer):
        return []
    return [PART_OF[parts[0].casefold()] for parts in folders]


def _by_folder(folders: Sequence[tuple[str, ...]]) -> Named:
    labels = [parts[0] if parts else None for parts in folders]
    kinds, loose = {word for word in labels if word is not None}, labels.count(None)
    if len(kinds) == 1 and not loose:
        only = next(iter(kinds))
        told = f"all lie in one folder, {only!r}, which is no label: there is no other"
        return Named(notes=(told,))
    notes = []
    if loose:
        notes.append(f"{loose:,} files lie in no sub-folder: their label is missing")
    deeper = sum(len(parts) > 1 for parts in folders)
    if deeper:
        notes.append(
            f"{deeper:,} files lie in folders within folders: the label is the outer "
            "one; the option pattern names others"
        )
    return Named({LABEL: labels}, {}, {LABEL: "category"}, LABEL, tuple(notes))


def _by_structure(paths: Sequence[str]) -> Named:
    """Offer the parts of names that all share one structure."""
    stems = [PurePosixPath(path).stem for path in paths]
    marks = {tuple(MARKS.findall(stem)) for stem in stems}
    if len(marks) != 1 or not next(iter(marks)):
        return Named(notes=(_unlabelled(),))
    columns = {
        f"part{place}": list(words)
        for place, words in enumerate(
            zip(*(MARKS.split(stem) for stem in stems), strict=True), 1
        )
    }
    kept = {name: words for name, words in columns.items() if _repeats(words)}
    if not kept:
        return Named(notes=(_unlabelled(),))
    holes = "".join(
        f"{{name{place}}}{mark}"
        for place, mark in enumerate([*next(iter(marks)), ""], 1)
    )
    told = (
        f"all names are built alike, such as {stems[0]!r}: their parts are the columns "
        f"{', '.join(kept)}; name them by the option pattern, {holes!r} with your names"
    )
    return Named(kept, dict.fromkeys(kept, "ignored"), notes=(told,))


def _unlabelled() -> str:
    return "no label is told by folders or names: the option pattern may find one"


def _repeats(words: Sequence[str | None]) -> bool:
    """Whether words put files together: more than one, and fewer than there are."""
    counts = Counter(word for word in words if word is not None)
    return 1 < len(counts) < counts.total()


def _list(words: Sequence[str]) -> str:
    more = f" and {len(words) - NAMED:,} more" if len(words) > NAMED else ""
    return ", ".join(words[:NAMED]) + more
