"""Nothing changed: `mlkit run` against `dvc repro` on the same ten-step chain.

Both verify their outputs and the 145 MB input by size, time and inode, as each does
by default.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import cpu, notebook, tell

STEPS = 10
READ = """import mlkit as mk
from mlkit.core.cells import reads
size = len(reads(data).read_bytes())"""


def make_ours(root: Path, data: Path):
    root.mkdir()
    (root / "mlkit.toml").write_text("format = 1\n")
    (root / "data.bin").hardlink_to(data)
    notebook(
        root / "steps" / "00_step0.ipynb",
        'data: str = "data.bin"',
        READ,
        "mk.save(x0=size)",
    )
    for number in range(1, STEPS):
        path = root / "steps" / f"{number:02}_step{number}.ipynb"
        code = f'mk.save(x{number}=mk.load("x{number - 1}") + step)'
        notebook(path, "step: int = 1", "import mlkit as mk", code)


def make_theirs(root: Path, data: Path, dvc: list[str]):
    root.mkdir()
    (root / "data.bin").hardlink_to(data)
    (root / "first.py").write_text(
        "open('x0', 'w').write(str(len(open('data.bin', 'rb').read())))\n"
    )
    (root / "next.py").write_text(
        "import sys\na, b = sys.argv[1:]\n"
        "open(b, 'w').write(str(int(open(a).read()) + 1))\n"
    )
    stages = ["stages:"]
    for number in range(STEPS):
        before = "data.bin" if not number else f"x{number - 1}"
        script = "first.py" if not number else "next.py"
        words = "" if not number else f" x{number - 1} x{number}"
        stages += [
            f"  step{number}:",
            f"    cmd: {sys.executable} {script}{words}",
            f"    deps: [{script}, {before}]",
            f"    outs: [x{number}]",
        ]
    (root / "dvc.yaml").write_text("\n".join(stages) + "\n")
    subprocess.run([*dvc, "init", "--no-scm", "-q"], cwd=root, check=True)
    subprocess.run([*dvc, "config", "core.analytics", "false"], cwd=root, check=True)


def main():
    dvc = [sys.executable, "-m", "dvc"]
    folder = Path(tempfile.mkdtemp())
    try:
        data = folder / "data.bin"
        data.write_bytes(os.urandom(1 << 20) * 145)
        make_ours(folder / "ours", data)
        make_theirs(folder / "theirs", data, dvc)
        mlkit = [str(Path(sys.executable).with_name("mlkit")), "run"]
        run = {"cwd": folder / "ours"}, {"cwd": folder / "theirs"}
        for _ in range(2):
            cpu(mlkit, **run[0])
            cpu([*dvc, "repro"], **run[1])
        ours, theirs = [], []
        for _ in range(9):
            ours.append(cpu(mlkit, **run[0]))
            theirs.append(cpu([*dvc, "repro"], **run[1]))
        tell("an unchanged run, mlkit run / dvc repro", ours, theirs, 0.1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
