"""`mlkit --help` against `python -c pass`."""

import shutil
import sys
from pathlib import Path

from measure import cpu, tell


def main():
    beside = Path(sys.executable).with_name("mlkit")
    command = str(beside) if beside.exists() else shutil.which("mlkit")
    ours, bare = [], []
    for _ in range(15):
        ours.append(cpu([command, "--help"]))
        bare.append(cpu([sys.executable, "-c", "pass"]))
    tell("mlkit --help / python -c pass", ours, bare, 6)


if __name__ == "__main__":
    main()
