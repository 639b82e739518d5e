"""Look at one remote place, asked as JSON on stdin; print its fingerprint as JSON."""

from __future__ import annotations

import json
import sys

from mlkit.data.sources import Place, fingerprint


def main() -> None:
    """Answer with ``{"fingerprint": ...}``, or with ``{"error": ...}``."""
    asked = json.load(sys.stdin)
    try:
        place = Place(asked["uri"], options=asked.get("options", {}), quick=True)
        told = {"fingerprint": fingerprint(place)}
    except Exception as error:
        told = {"error": str(error)}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
