"""Whether remote sources changed: asked of a process of their own.

The engine imports no source; it starts ``python -m mlkit.data.sources``, which looks at
one place and prints its fingerprint.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkit.core.files import canonical

__all__ = ["Remote"]

WAIT = 60.0
COMMAND = (sys.executable, "-m", "mlkit.data.sources")


class Remote:
    """The remote sources of a project, each looked at once.

    Parameters
    ----------
    root
        The project's root.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[bytes, str | None] = {}

    def fingerprint(self, thing: Mapping[str, Any]) -> str | None:
        """Return the fingerprint of one outside thing of a depfile.

        None where it cannot be looked at, as without a network: what was read before
        then holds, and a line on stderr says so.
        """
        asked = canonical(thing["how"])
        if asked not in self._known:
            self._known[asked] = self._look(asked, thing["uri"])
        return self._known[asked]

    def _look(self, asked: bytes, uri: str) -> str | None:
        around = {k: v for k, v in os.environ.items() if k != "MLKIT_JOB"}
        try:
            done = subprocess.run(
                COMMAND,
                input=asked,
                capture_output=True,
                cwd=self.root,
                env=around,
                timeout=WAIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            _tell(uri, f"no answer in {WAIT:.0f} s")
            return None
        try:
            told = json.loads(done.stdout)
        except ValueError:
            told = {"error": done.stderr.decode(errors="replace").strip()[-200:]}
        if "fingerprint" in told:
            return str(told["fingerprint"])
        _tell(uri, str(told.get("error", "no answer")))
        return None


def _tell(uri: str, why: str) -> None:
    told = " ".join(why.split())
    sys.stderr.write(
        f"mlkit: {uri} could not be looked at ({told}); what was read before is used\n"
    )
