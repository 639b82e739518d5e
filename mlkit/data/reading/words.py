"""Words that stand for something else than themselves."""

from __future__ import annotations

__all__ = ["FALSE", "MISSING_WORDS", "NO_NUMBERS", "SENTINELS", "TRUE"]

MISSING_WORDS = frozenset(
    {"", "?", "??", "na", "n/a", "n.a.", "#n/a", "#na", "nan", "null", "<na>"}
)
"""Words, in lower case, that hide a missing value in any column."""

NO_NUMBERS = MISSING_WORDS | {
    *("-", "--", "---", ".", "..", "none", "nil", "missing", "unknown", "inf"),
    *("-inf", "+inf", "infinity", "-infinity", "+infinity", "not available"),
}
"""Words, in lower case, that hide a missing value among numbers or dates."""

SENTINELS = (-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, 999.0, 9999.0, 99999.0)
"""Numbers that often stand for a missing one."""

TRUE = frozenset({"1", "t", "true", "y", "yes", "on", "ja", "oui", "si", "sí"})
"""Words, in lower case, that say yes."""

FALSE = frozenset({"0", "f", "false", "n", "no", "off", "nein", "non"})
"""Words, in lower case, that say no."""
