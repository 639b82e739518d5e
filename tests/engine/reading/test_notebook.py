"""Notebooks are read rightly, without being run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlkit.core.errors import ParameterError, UsageError
from mlkit.engine.reading import python_cells
from mlkit.engine.reading.notebook import Notebook, notebooks, read, write_parameters
from mlkit.engine.reading.reader import Cell


def code(source: str, *tags: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": f"c{abs(hash(source)) % 10**6}",
        "metadata": {"tags": list(tags)} if tags else {},
        "outputs": [],
        "source": source.splitlines(True),
    }


def document(*cells: dict[str, Any] | str, **metadata: Any) -> dict[str, Any]:
    made = [cell if isinstance(cell, dict) else code(cell) for cell in cells]
    metadata = metadata or {
        "kernelspec": {"name": "python3", "language": "python", "display_name": "P"}
    }
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def nb(tmp_path: Path):
    def make(*cells: Any, name: str = "04_clean.ipynb", **metadata: Any) -> Notebook:
        path = tmp_path / name
        path.write_text(json.dumps(document(*cells, **metadata)), encoding="utf-8")
        return read(path)

    return make


def wires(*cells: str):
    return python_cells.read([Cell(i, text) for i, text in enumerate(cells, 1)])


def whats(*cells: str) -> list[str]:
    return [problem.what for problem in wires(*cells).problems]


MK = "import mlkit as mk\n"


def test_a_whole_step(nb):
    found = nb(
        code("test_size: float = 0.2  # share sealed", "parameters"),
        MK + "import x\nparts = split(mk.load('labelled'), mk.load('raw'))",
        "limit = mk.decide('threshold', Picker(mk.load('raw')))",
        "mk.save(train=parts.train, valid=parts.valid, test=mk.sealed(parts.test))",
        "mk.gate(verdict)\n# the end",
        "# nothing more",
    )
    assert found.name == "clean"
    assert found.language == "python" and found.kernel == "python3"
    assert found.loads == ("labelled", "raw")
    assert found.saves == ("train", "valid", "test")
    assert found.seals == ("test",)
    assert found.decides == ("threshold",)
    assert found.gates and found.is_step and not found.is_reader and found.wired
    assert found.problems == ()
    assert [p.name for p in found.parameters] == ["test_size"]


def test_a_reader_and_a_stranger(nb):
    reader = nb(MK + "mk.load('clean')")
    assert reader.is_reader and not reader.is_step
    stranger = nb("print(1")
    assert not stranger.wired and not stranger.is_step and not stranger.is_reader


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("04_clean", "clean"),
        ("04b_clean", "clean"),
        ("clean", "clean"),
        ("2024_", "2024_"),
        ("1_2_x", "2_x"),
    ],
)
def test_names_of_steps(nb, stem, name):
    assert nb("", name=f"{stem}.ipynb").name == name


@pytest.mark.parametrize(
    "text",
    [
        "import mlkit as mk\nx = mk.load('raw')",
        "import mlkit\nx = mlkit.load('raw')",
        "import mlkit.data\nx = mlkit.load('raw')",
        "from mlkit import load\nx = load('raw')",
        "from mlkit import load as fetch, save\nx = fetch('raw')",
        "from mlkit import *\nx = load('raw')",
        "import mlkit as mk, os\nprint(f(1, [mk.load('raw')]), sep='')",
        "import mlkit as mk; x = (mk\n  .load('raw'))",
        "import mlkit as mk\nassert len(mk.load('raw')) > 3",
        "%matplotlib inline\nimport mlkit as mk\nx = mk.load('raw')",
        "  import mlkit as mk\n  x = mk.load('raw')",
        "import mlkit as mk\nmk.load('raw');",
        "import mlkit as mk\nmk.load('raw').pipe(await thing())",
        "from __future__ import annotations\nimport mlkit as mk\nmk.load('raw')",
        'import mlkit as mk\nx = "\\d"\nmk.load("ra" "w")',
    ],
)
def test_every_spelling_of_a_load(text):
    found = wires(text)
    assert found.loads == ("raw",)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("mk.load(name)", "computed"),
        ("mk.load(f'raw')", "computed"),
        ("mk.load('a' + 'b')", "computed"),
        ("mk.load(*names)", "computed"),
        ("mk.load(3)", "computed"),
        ("mk.load()", "names nothing"),
        ("mk.load('a', 'b')", "takes 1 argument"),
        ("mk.load('a', full=True)", "nothing else"),
        ("mk.load(name='a')", "names nothing"),
        ("mk.save(x)", "by name only"),
        ("mk.save(**x)", "from `**`"),
        ("mk.save()", "saves nothing"),
        ("mk.save(a=1)\nmk.save(a=2)", "saved twice"),
        ("s = mk.sealed(x)\nmk.save(a=s)", "not directly inside"),
        ("mk.save(a=f(mk.sealed(x)))", "not directly inside"),
        ("mk.unseal('test')", "says why"),
        ("mk.unseal('test', why='')", "says why"),
        ("mk.unseal('test', why='x', more=1)", "says why"),
        ("mk.unseal(test, why='x')", "computed"),
        ("mk.decide('x')", "takes 2 arguments"),
        ("mk.decide(x, Editor())", "computed"),
        ("if full:\n    mk.load('a')", "an `if`"),
        ("x = mk.load('a') if full else 0", "an `if`"),
        ("x = full and mk.load('a')", "an `and`"),
        ("for x in y:\n    mk.load('a')", "`for`"),
        ("while x:\n    mk.load('a')", "`while`"),
        ("with x:\n    mk.load('a')", "`with`"),
        ("try:\n    mk.load('a')\nexcept E:\n    pass", "`try`"),
        ("def f():\n    return mk.load('a')", "a function"),
        ("class A:\n    x = mk.load('a')", "a class"),
        ("f = lambda: mk.load('a')", "`lambda`"),
        ("[mk.load(x) for x in 'ab']", "comprehension"),
        ("match x:\n    case 1:\n        mk.load('a')", "`match`"),
        ("get = mk.load", "passed on"),
        ("map(mk.load, names)", "passed on"),
        ("%time mk.load('a')", "magic"),
        ("x = !echo {mk.load('a')}", "magic"),
        ("mk.gate(v)\nprint(1)", "not the last call"),
        ("x = mk.gate(v)", "not the last call"),
        ("mk.gate(v)\nmk.gate(w)", "one gate"),
        ("mk.gate()", "one verdict"),
        ("x = mk.load('a'\n", "cannot be parsed"),
    ],
)
def test_what_cannot_be_wired(text, word):
    problems = wires("# first\n", MK + text).problems
    assert any(word in problem.what for problem in problems), problems
    assert all(problem.cell == 2 and problem.todo for problem in problems)


def test_a_problem_points_to_the_line():
    (problem,) = wires(MK, "x = 1\n%time y\nmk.load(name)").problems
    assert (problem.cell, problem.line, problem.source) == (2, 3, "mk.load(name)")


def test_a_gate_in_a_cell_that_is_not_the_last():
    assert whats(MK + "mk.gate(v)", "print(1)") == [
        "`gate` is not the last call of the notebook"
    ]


@pytest.mark.parametrize(
    ("texts", "fine"),
    [
        ((MK + "import pandas", "mk.load('a')"), True),
        (("import pandas", MK + "mk.load('a')"), False),
        (("import pandas\n" + MK + "mk.load('a')",), False),
        (("import pandas, mlkit as mk\nmk.load('a')",), False),
        (("from .x import y\n" + MK + "mk.load('a')",), False),
        (("import pandas", MK), True),
        (("from mlkit.data import split\n" + MK + "mk.load('a')",), True),
    ],
)
def test_mlkit_comes_first(texts, fine):
    wrong = [what for what in whats(*texts) if "before mlkit" in what]
    assert bool(wrong) is not fine


def test_used_before_it_is_imported():
    assert whats("mk.load('a')", MK) == ["`mk` is used before it is imported"]
    assert whats("mk = Thing()\nmk.load('a')") == []
    assert whats("def f(mk):\n    mk.load('a')\nmk = 3") == [
        "`mk` is used before it is imported"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "from mlkit import load\nload = 3\nload",
        "from mlkit import load\nfrom joblib import load\nload(name)",
        "from mlkit import load\ndef load(x): pass\nload(name)",
        "from mlkit import load\nfor load in x: pass\nload(name)",
        "from mlkit import load\ndel load\nload(name)",
        "from mlkit import load\nf = lambda load: load(name)",
        "from mlkit import load\ndef f(load):\n    return load(name)",
        "from mlkit import load\ndef f():\n    load = 3\n    load(name)",
        "import mlkit as mk\nmk = 3\nmk.load(name)",
        "import json\njson.load(file)\njoblib.load(file)\nload(name)",
        "import mlkit as mk\nmk.attribute.load(name)",
    ],
)
def test_other_peoples_names(text):
    assert whats(text) == []


def test_a_local_name_hides_nothing_outside():
    text = "from mlkit import load\ndef f():\n    load = 1\n"
    assert wires(text + "x = [load for load in y]\nload('a')").loads == ("a",)


@pytest.mark.parametrize(
    "text",
    [
        "%matplotlib inline\n!ls {x} \\\n  -l\nx = !ls\na, b = %sx ls",
        "?print\nprint?\nmk.load??\nx = [1\n % 2]",
        'x = """\n%not a magic\n!nor this\n"""\n%time y',
        "x = '''a\\''' '''\n!ls\n# it's a comment with a quote\n%pwd",
        "if x:\n    %time y\n    !ls\nelse:\n    !pwd",
        "y = 1 + \\\n  2\n%time 'a # b'",
        "%%bash\nfor x in 1 2; do echo $x; done",
        "\n%%html\n<p>it's</p>",
    ],
)
def test_magics_are_no_problem(text):
    assert wires(MK, text, "mk.load('a')").loads == ("a",)
    assert wires(MK, text, "mk.load('a')").problems == ()


def test_a_call_under_a_cell_magic():
    assert whats(MK, "%%time\nx = mk.load('a')") == [
        "`load` is called inside a `%%` cell"
    ]


class TestKeys:
    def same(self, one: str, other: str) -> bool:
        return wires(one).code == wires(other).code

    def test_layout_does_not_matter(self):
        assert self.same("x = f(1,2)\ny=3", "# why\nx = f(\n  1, 2,\n)\n\ny = 3  # so")
        assert wires("# only a comment").code == ()

    def test_content_does(self):
        assert not self.same("x = 1", "x = 2")
        assert not self.same("x = 1", "x = True")
        assert not self.same("x = '#a'", "x = '#b'")

    def test_magics_and_torn_cells_are_their_text(self):
        assert wires("%time x  # a").code == ("%time x  # a",)
        assert wires("x = (  # a").code == ("x = (  # a",)

    def test_parameters_are_not_in_it(self, nb):
        found = nb(code("a = 1", "parameters"), code("x = a", "other"), name="a.ipynb")
        assert found.code == wires("x = a").code


def test_injected_cells_are_refused(nb):
    found = nb(code("a = 1", "parameters"), code("a = 2", "injected-parameters"))
    assert "papermill" in found.problems[0].what


def test_two_parameters_cells(nb):
    found = nb(code("a = 1", "parameters"), MK, code("b = 2", "parameters"))
    (problem,) = found.problems
    assert "two parameters cells" in problem.what and problem.cell == 3
    assert [p.name for p in found.parameters] == ["a"]


def test_other_languages(nb):
    found = nb(
        code("a <- 1", "parameters"),
        "x <- mlkit_load('clean')",
        kernelspec={"name": "ir", "language": "R"},
    )
    assert (found.language, found.kernel) == ("r", "ir")
    assert found.problems[0].what == "there is no reader for r yet"
    assert found.has_parameters and found.wired and not found.is_step


def test_sparse_notebooks(tmp_path):
    path = tmp_path / "a.ipynb"
    cells = [{"cell_type": "code", "source": "x = 1"}, {"cell_type": "markdown"}]
    path.write_text("\ufeff" + json.dumps({"nbformat": 4, "cells": cells}), "utf-8")
    found = read(path)
    assert (found.language, found.kernel, len(found.code)) == ("python", "python3", 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b"\xff\xfe",
        b'{"cells": []}',
        b'{"nbformat": 3, "worksheets": [], "cells": []}',
        b'{"nbformat": 4, "cells": [3]}',
        b'{"nbformat": 4, "cells": {}}',
        b"[" * 100_000,
    ],
)
def test_not_a_notebook(tmp_path, content):
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"not a notebook[\s\S]*a.ipynb"):
        read(path)


def test_no_such_notebook(tmp_path):
    with pytest.raises(UsageError, match="cannot be opened"):
        read(tmp_path / "a.ipynb")


def test_which_notebooks(tmp_path):
    for name in (
        "02_b.ipynb",
        "01_a.ipynb",
        "sub/03_c.ipynb",
        ".hidden/x.ipynb",
        ".x.ipynb",
        "sub/.ipynb_checkpoints/03_c-checkpoint.ipynb",
        "runs/1/01_a.ipynb",
        "node_modules/x.ipynb",
        "Untitled.ipynb",
        "Untitled3.ipynb",
        "01_a-Copy1.ipynb",
        "env/x.ipynb",
        "env/pyvenv.cfg",
        "other/x.ipynb",
        "other/mlkit.toml",
        "mlkit.toml",
        "notes.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    found, notices = notebooks(tmp_path)
    places = [path.relative_to(tmp_path).as_posix() for path in found]
    assert places == ["01_a.ipynb", "02_b.ipynb", "sub/03_c.ipynb"]
    assert [notice.split()[0] for notice in notices] == [
        "01_a-Copy1.ipynb",
        "Untitled.ipynb",
        "Untitled3.ipynb",
    ]
    with pytest.raises(UsageError):
        notebooks(tmp_path / "absent")


class TestWriting:
    def write(self, tmp_path: Path, source: Any, **values: Any) -> Any:
        path = tmp_path / "a.ipynb"
        cell = {**code("", "parameters"), "source": source}
        other = {"cell_type": "markdown", "metadata": {}, "source": "Grüße \ud800"}
        whole = document(cell, other)
        path.write_text(json.dumps(whole, indent=4))
        path.chmod(0o640)
        write_parameters(path, values)
        assert path.stat().st_mode & 0o777 == 0o640
        assert [p.name for p in tmp_path.iterdir()] == ["a.ipynb"]
        text = path.read_text()
        after = json.loads(text)
        assert text.endswith("}\n") and '\n "cells"' in text and "Grüße \\ud800" in text
        changed = after["cells"][0].pop("source")
        assert after["cells"][1:] == whole["cells"][1:]
        assert after["metadata"] == whole["metadata"]
        return changed

    def test_only_the_value_changes(self, tmp_path):
        source = [
            "# ----\n",
            "# where it is\n",
            "path:str='a # b'# Ü\n",
            "rate  =  1e-3 ;  n: int=(3)\n",
            "many = [  # of them\n",
            "  1,\n",
            "]  # all",
        ]
        after = self.write(tmp_path, source, path="it's", rate=0.001, n=-4, many=[2, 3])
        assert after == [
            "# ----\n",
            "# where it is\n",
            'path:str="it\'s"# Ü\n',
            "rate  =  1e-3 ;  n: int=(-4)\n",
            "many = [2, 3]  # all",
        ]

    def test_text_sources_stay_text(self, tmp_path):
        assert self.write(tmp_path, "ü = 1\r\nb = 2", b=3) == "ü = 1\r\nb = 3"

    def test_refusals(self, tmp_path):
        for values, word in (
            ({"sed": 1}, "did you mean 'seed'"),
            ({"seed": 1.5}, "int"),
        ):
            with pytest.raises(ParameterError, match=word) as error:
                self.write(tmp_path, "seed: int = 0", **values)
            assert "a.ipynb" in str(error.value)

    def test_no_cell(self, tmp_path):
        path = tmp_path / "a.ipynb"
        path.write_text(json.dumps(document("x = 1")))
        with pytest.raises(ParameterError, match="no parameters cell"):
            write_parameters(path, {"x": 2})

    def test_a_full_disk_leaves_the_old_file(self, tmp_path, monkeypatch):
        path = tmp_path / "a.ipynb"
        path.write_text(json.dumps(document(code("x = 1", "parameters"))))
        before = path.read_bytes()

        def full(handle: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_parameters(path, {"x": 2})
        assert path.read_bytes() == before
        assert len(list(tmp_path.iterdir())) == 1


def test_nothing_heavy_is_imported(nb, tmp_path):
    nb(code("a = 1", "parameters"), MK + "mk.load('raw')")
    program = (
        "import sys; from pathlib import Path;"
        "from mlkit.engine.reading.notebook import read;"
        f"read(Path({str(tmp_path / '04_clean.ipynb')!r}));"
        "heavy = {'pandas', 'numpy', 'nbformat', 'papermill', 'IPython', 'jsonschema'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
