"""Files with images and sounds scored by a package alone."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mlkit.cli.group import command_line
from mlkit.core.errors import InputError
from mlkit.core.media import media
from mlkit.core.project import Project
from mlkit.product.predict import predict_file
from tests.product.showing import MAKE, packed

SLOW = pytest.param("audio", marks=pytest.mark.slow)
ENDS = {"image": "png", "audio": "wav"}


@pytest.fixture
def files(tmp_path):
    """Write twelve files of a kind; return what each shows."""

    def make(kind):
        rng = np.random.default_rng(9)
        shown = ["red", "blue"] * 6
        folder = tmp_path / "seen"
        folder.mkdir()
        for k, word in enumerate(shown):
            file = folder / f"{k:02}.{ENDS[kind]}"
            file.write_bytes(MAKE[kind](word, rng))
        return folder, shown

    return make


def scored(package, source, out):
    notes = []
    assert predict_file(package, source, out, notes.append) > 0
    return pd.read_csv(out, dtype={"id": str}).set_index("id"), notes


@pytest.mark.parametrize("kind", ["image", SLOW])
def test_paths_in_a_table_and_bytes_in_parquet_say_the_same(
    kind, shown_by, files, tmp_path
):
    folder, shown = files(kind)
    names = sorted(folder.iterdir())
    sizes = np.arange(len(names)) + 1.0
    paths = [f"seen/{name.name}" for name in names]
    table = pd.DataFrame({"seen": paths, "size": sizes})
    table.to_csv(tmp_path / "in.csv", index=False)
    data = pd.DataFrame({"seen": [f.read_bytes() for f in names], "size": sizes})
    data.to_parquet(tmp_path / "in.parquet", index=False)
    one, notes = scored(shown_by(kind), tmp_path / "in.csv", tmp_path / "1.csv")
    two, _ = scored(shown_by(kind), tmp_path / "in.parquet", tmp_path / "2.csv")
    assert one["prediction"].tolist() == shown
    assert not notes
    pd.testing.assert_frame_equal(one, two)


def test_what_cannot_be_read_is_missing_and_told_once(shown_by, files, tmp_path):
    folder, _ = files("image")
    (folder / "00.png").write_bytes(b"none")
    cells = ["seen/00.png", "seen/01.png", "seen/none.png", ""]
    table = pd.DataFrame({"seen": cells, "size": 10.0})
    table.to_csv(tmp_path / "in.csv", index=False)
    found, notes = scored(shown_by("image"), tmp_path / "in.csv", tmp_path / "1.csv")
    assert len(found) == 4
    assert found.filter(like="probability").iloc[[0, 2, 3]].nunique().max() == 1
    (note,) = notes
    assert "2 files cannot be read" in note
    bad = [b"none", (folder / "01.png").read_bytes()]
    data = pd.DataFrame({"seen": bad, "size": 10.0})
    data.to_parquet(tmp_path / "in.parquet", index=False)
    _, notes = scored(shown_by("image"), tmp_path / "in.parquet", tmp_path / "2.csv")
    assert notes == ["seen: 1 cell cannot be read, and count as missing"]


def test_paths_that_lead_out_of_the_tables_folder_are_refused(
    shown_by, files, tmp_path
):
    files("image")
    inner = tmp_path / "inner"
    inner.mkdir()
    table = pd.DataFrame({"seen": ["../seen/01.png"], "size": [10.0]})
    table.to_csv(inner / "in.csv", index=False)
    with pytest.raises(InputError, match="leads out"):
        predict_file(shown_by("image"), inner / "in.csv", tmp_path / "out.csv")


def test_a_folder_is_scored_by_the_names_of_its_files(tmp_path, capsys):
    made = tmp_path / "made"
    made.mkdir()
    package = packed("image", made, alone=True)
    rng = np.random.default_rng(9)
    for k, word in enumerate(["red", "blue"] * 3):
        (tmp_path / "new" / word).mkdir(parents=True, exist_ok=True)
        file = tmp_path / "new" / word / f"{k}.png"
        file.write_bytes(MAKE["image"](word, rng))
    (tmp_path / "new" / "red" / "torn.png").write_bytes(b"none")
    out = tmp_path / "out.csv"
    asked = ["--input", str(tmp_path / "new"), "--output", str(out), str(package)]
    assert command_line(["predict", *asked]) == 0
    told = capsys.readouterr()
    assert "red/torn.png" in told.err
    found = pd.read_csv(out, dtype=str).set_index("id")
    assert len(found) == 7
    good = found.drop(index="red/torn.png")
    assert (good["prediction"] == good.index.str.split("/").str[0]).all()


def test_what_is_scored_is_not_kept_in_the_project(
    shown_by, files, tmp_path, monkeypatch
):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    project = Project.open(tmp_path)
    here = SimpleNamespace(project=project)
    monkeypatch.setattr("mlkit.core.media.session", lambda: here)
    assert media().path.parent == project.state
    files("image")
    table = pd.DataFrame({"seen": ["seen/00.png", "seen/01.png"], "size": 10.0})
    table.to_csv(tmp_path / "in.csv", index=False)
    scored(shown_by("image"), tmp_path / "in.csv", tmp_path / "out.csv")
    assert not media().path.exists()
