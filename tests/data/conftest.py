from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

collect_ignore = ["bad", "servers"]  # what tests read, not tests

HERE = Path(__file__).resolve().parents[2]
REAL = HERE.parent / "shared" / "data" / "tables"


@pytest.fixture
def real() -> Callable[[str], str]:
    """Give the path of a real table that lies beside the project, or skip."""

    def find(name: str) -> str:
        path = REAL / f"{name}.csv"
        if not path.exists():
            pytest.skip(f"{path.name} does not lie beside the project")
        return str(path)

    return find
