"""Tables that name images by their path, and cells that hold them."""

import json

import pyarrow as pa
import pytest
from PIL import Image

from mlkit.core.errors import InputError
from mlkit.core.media import media
from mlkit.core.schema import Schema
from mlkit.data.collect import collect
from mlkit.data.media import unpacked
from mlkit.data.media.unpacking import class_names, kinds

CELL = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


@pytest.fixture
def table(tmp_path):
    """Write a table that names images, and return its path."""
    (tmp_path / "set" / "img").mkdir(parents=True)
    for n in range(6):
        Image.new("L", (9, 9), n * 30).save(tmp_path / "set" / "img" / f"{n}.png")

    def write(*names):
        rows = [f"{name},{'ab'[n % 2]}\n" for n, name in enumerate(names)]
        path = tmp_path / "set" / "table.csv"
        path.write_text("photo,kind\n" + "".join(rows))
        return path

    return write


def test_paths_are_packed_from_the_tables_folder(table):
    path = table(*[f"img/{n}.png" for n in range(6)])
    found = collect(path, target="kind", types={"photo": "image"})
    assert Schema.of(found.table)["photo"].type == "image"
    first = media().get(found.table["photo"].iloc[0])
    assert first == (path.parent / "img/0.png").read_bytes()


def test_a_column_that_names_images_is_taken_for_them_unless_told_otherwise(table):
    path = table(*[f"img/{n}.png" for n in range(6)], "")
    found = collect(path, target="kind")
    assert Schema.of(found.table)["photo"].type == "image"
    assert found.table["photo"].isna().tolist() == [False] * 6 + [True]
    assert "its cells name images" in " ".join(found.receipt.notes)
    plain = collect(path, target="kind", types={"photo": "text"})
    assert plain.table["photo"].iloc[0] == "img/0.png"


@pytest.mark.parametrize("name", ["img/nowhere.png", "../out.png", "img/0.gone"])
def test_names_of_what_is_not_there_stay_words(table, tmp_path, name):
    Image.new("L", (3, 3)).save(tmp_path / "out.png")
    found = collect(table("img/1.png", name), target="kind")
    assert Schema.of(found.table)["photo"].type not in ("image", "audio")
    assert found.table["photo"].iloc[1] == name


def test_a_file_that_is_not_there_is_a_missing_cell_and_told(table):
    path = table("img/0.png", "img/nowhere.png", "img/2.png", "")
    (path.parent / "img/2.png").write_bytes(b"torn")
    found = collect(path, target="kind", types={"photo": "image"})
    assert found.table["photo"].isna().tolist() == [False, True, True, True]
    told = " ".join(found.receipt.notes)
    assert "photo: 2 files cannot be read" in told
    assert "img/nowhere.png: no such file" in told and "img/2.png: no image" in told


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "img/../../x.png"])
def test_a_path_out_of_the_folder_is_refused(table, tmp_path, name):
    Image.new("L", (3, 3)).save(tmp_path / "secret.png")
    with pytest.raises(InputError, match="leads out of the table's folder"):
        collect(table("img/0.png", name), target="kind", types={"photo": "image"})


def test_a_link_out_of_the_folder_is_refused(table, tmp_path):
    path = table("img/0.png", "img/link.png")
    Image.new("L", (3, 3)).save(tmp_path / "secret.png")
    (path.parent / "img/link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(InputError, match="leads out of the table's folder"):
        collect(path, target="kind", types={"photo": "image"})


def test_a_column_of_no_paths_is_one_clear_error(table):
    with pytest.raises(InputError, match="not one of the files"):
        collect(table("red", "blue"), target="kind", types={"photo": "image"})


def test_a_first_look_reads_few_of_the_files(table):
    path = table(*[f"img/{n}.png" for n in range(6)])
    found = collect(path, target="kind", types={"photo": "image"}, sample=2)
    assert len(found.table) == 2
    assert "2 of 6 rows are read" in " ".join(found.receipt.notes)


def test_cells_that_hold_images_become_digests():
    cells = [{"bytes": b"one", "path": None}, None, {"bytes": None, "path": "x"}]
    digests = unpacked(pa.chunked_array([pa.array(cells, CELL)]), "image").to_pylist()
    assert media().get(digests[0]) == b"one" and digests[1:] == [None, None]
    plain = unpacked(pa.chunked_array([[b"one", None]]), "audio").to_pylist()
    assert plain == [digests[0], None]


def test_hugging_faces_description_names_kinds_and_classes():
    features = {
        "sound": {"_type": "Audio"},
        "label": {"_type": "ClassLabel", "names": ["no", "yes"]},
    }
    told = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = pa.schema([("sound", CELL), ("label", pa.int64())], metadata=told)
    assert kinds(schema) == {"sound": "audio"}
    assert class_names(schema) == {"label": ["no", "yes"]}
    bare = pa.schema([("picture", CELL)], metadata={"huggingface": "not json"})
    assert kinds(bare) == {"picture": "image"} and class_names(bare) == {}
