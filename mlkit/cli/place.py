"""Which of two optional words is the project's folder."""

from __future__ import annotations

from pathlib import Path

__all__ = ["name_and_folder"]


def name_and_folder(name: str, folder: Path) -> tuple[str, Path]:
    """Take a lone word that is a project's folder as the folder.

    Parameters
    ----------
    name, folder
        The words of ``mlkit COMMAND [NAME] [DIR]``.

    Examples
    --------
    >>> name_and_folder("clean", Path("."))
    ('clean', PosixPath('.'))
    """
    alone = name and folder == Path()
    if alone and (Path(name) / "mlkit.toml").is_file():
        return "", Path(name)
    return name, folder
