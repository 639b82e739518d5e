"""A command of mlkit that ends when the server that started it does.

``python -m mlkit.lab.bound PID COMMAND ...``: PID is that of the server. The
system ends the command also when the server is killed (Linux).
"""

from __future__ import annotations

import os
import signal
import sys

from mlkit.engine.execution.processes import die_with

__all__: list[str] = []


if __name__ == "__main__":
    die_with(int(sys.argv[1]), signal.SIGTERM)
    words = [sys.executable, "-P", "-m", "mlkit", *sys.argv[2:]]
    os.execv(sys.executable, words)  # noqa: S606
