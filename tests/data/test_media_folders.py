"""Folders of images, sounds and texts, through the front door."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mlkit.core.errors import InputError
from mlkit.core.media import media
from mlkit.core.schema import Schema
from mlkit.core.sounds import written as wav
from mlkit.data.collect import collect
from mlkit.data.reading.foldernames import named, pattern_of
from mlkit.data.sources import Place, audio, images, texts


def picture(path, tone=0, size=(8, 6)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (tone, 0, 0)).save(path)


def sound(path, pitch=3, rate=8000):
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = np.sin(np.arange(800) / pitch).astype(np.float32)[:, None]
    path.write_bytes(wav(tone, rate))


def text(path, words="some words here"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words)


def told(collected):
    return " ".join(collected.receipt.notes)


def of(collected):
    return {c.name: (c.type, *c.roles) for c in Schema.of(collected.table)}


def test_the_label_is_the_sub_folder(tmp_path):
    for tone, name in enumerate(["cat/1.png", "cat/2.jpg", "dog/1.PNG", "dog/2.webp"]):
        picture(tmp_path / name, tone)
    found = collect(tmp_path)
    assert of(found) == {
        "file": ("id",),
        "image": ("image",),
        "label": ("category", "target"),
    }
    assert found.table.index.tolist() == [
        *("cat/1.png", "cat/2.jpg", "dog/1.PNG", "dog/2.webp")
    ]
    assert found.table["label"].tolist() == ["cat", "cat", "dog", "dog"]
    kept = media().get(found.table["image"].iloc[1])
    assert kept == (tmp_path / "cat/2.jpg").read_bytes()


def test_digits_as_folders_are_classes_with_their_zeros(tmp_path):
    for label in ("00", "07"):
        for n in range(2):
            text(tmp_path / label / f"{n}.txt", f"a text of {label}, number {n}")
    found = collect(tmp_path)
    assert found.table["label"].tolist() == ["00", "00", "07", "07"]
    assert Schema.of(found.table)["text"].type == "text"


def test_a_pattern_names_digit_and_speaker_and_the_speaker_is_a_group(tmp_path):
    for digit in range(3):
        for n in range(6):
            speaker = "ann" if n % 2 else "bo"
            sound(tmp_path / f"{digit}_{speaker}_{n}.wav", 3 + digit)
    how = {"pattern": "{digit}_{speaker}_{take}"}
    found = collect(tmp_path, target="digit", options=how)
    assert of(found) == {
        "file": ("id",),
        "audio": ("audio",),
        "digit": ("category", "target"),
        "speaker": ("category", "group"),
        "take": ("number", "ignored"),
    }
    assert "'speaker' is taken as a group" in told(found)
    other = collect(
        tmp_path, target="digit", options=how, roles={"speaker": "sensitive"}
    )
    assert of(other)["speaker"] == ("category", "sensitive")


def test_a_pattern_over_folders_gives_label_and_patient(tmp_path):
    for label in ("ill", "well"):
        for patient in ("p1", "p2"):
            for n in range(2):
                picture(tmp_path / "scans" / label / f"{patient}-{n}.png", n)
    found = collect(tmp_path, options={"pattern": "{label}/{patient}-*.png"})
    assert Schema.of(found.table).target == "label"
    assert of(found)["patient"] == ("category", "group")
    assert sorted(found.table["patient"].unique()) == ["p1", "p2"]


def test_names_that_do_not_match_keep_their_rows(tmp_path):
    for name in ("a_1", "b_2", "odd"):
        text(tmp_path / f"{name}.txt", f"text {name}")
    found = collect(tmp_path, options={"pattern": "{label}_{n}"})
    assert found.table["label"].isna().tolist() == [False, False, True]
    assert "1 names do not match the pattern" in told(found) and "odd.txt" in told(
        found
    )


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("{a}_{a}", "cannot be read"),
        ("no names", "cannot be read"),
        ("{a b}_x", "cannot be read"),
        ("{a}_{b", "cannot be read"),
        ("{file}_{b}", "another column's"),
        ("{a}@{b}", "no file's name matches"),
    ],
)
def test_a_bad_pattern_is_one_clear_error(tmp_path, pattern, says):
    text(tmp_path / "x_1.txt")
    text(tmp_path / "y_2.txt")
    with pytest.raises(InputError, match=says):
        collect(tmp_path, options={"pattern": pattern})


def test_an_unknown_option_is_refused_with_the_known_one(tmp_path):
    text(tmp_path / "a/1.txt")
    with pytest.raises(InputError, match="did you mean 'pattern'"):
        collect(tmp_path, options={"patern": "{a}"})


def test_alike_names_are_offered_in_parts(tmp_path):
    for name in ("7_jackson_0", "7_theo_0", "3_jackson_0"):
        sound(tmp_path / f"{name}.wav")
    found = collect(tmp_path, target="part1")
    assert found.table["part1"].tolist() == ["3", "7", "7"]
    assert of(found)["part2"] == ("category", "ignored") and "part3" not in of(found)
    assert "{name1}_{name2}_{name3}" in told(found)


def test_folders_train_and_test_are_parts(tmp_path):
    for part in ("train", "val", "test"):
        for label in ("a", "b"):
            text(tmp_path / "set" / part / label / "1.txt", f"text of {part} {label}")
    found = collect(tmp_path)
    assert of(found)["part"] == ("category", "ignored")
    assert sorted(found.table["part"].unique()) == ["test", "train", "valid"]
    assert found.table["label"].tolist() == ["a", "b"] * 3


def test_no_row_is_lost_and_every_bad_file_is_named_with_its_cause(tmp_path):
    picture(tmp_path / "a/good.png")
    picture(tmp_path / "b/good.png", 9)
    whole = (tmp_path / "a/good.png").read_bytes()
    (tmp_path / "a/torn.png").write_bytes(whole[:-30])
    (tmp_path / "a/empty.png").write_bytes(b"")
    (tmp_path / "b/page.jpg").write_text("<html>")
    (tmp_path / "b/notes.doc").write_text("x")
    for junk in (".DS_Store", "desktop.ini", "__MACOSX/a/._good.png"):
        (tmp_path / junk).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / junk).write_text("x")
    found = collect(tmp_path)
    assert len(found.table) == 5
    assert found.table["image"].isna().sum() == 3
    said = told(found)
    assert "3 files cannot be read" in said and "a/empty.png: an empty file" in said
    assert "b/page.jpg: no image" in said and "a/torn.png" in said
    assert "3 hidden or system files passed over" in said
    assert "1 file of another kind passed over (1 .doc): b/notes.doc" in said


def test_a_torn_sound_is_missing_and_told(tmp_path):
    for n, label in enumerate("aabb"):
        sound(tmp_path / label / f"{n}.wav", 3 + n)
    whole = (tmp_path / "a/0.wav").read_bytes()
    (tmp_path / "a/0.wav").write_bytes(whole[: len(whole) // 2])
    found = collect(tmp_path)
    assert found.table["audio"].isna().sum() == 1
    assert "a/0.wav: it is cut short" in told(found)


def test_texts_of_several_encodings_are_read_and_told(tmp_path):
    text(tmp_path / "a/1.txt", "plain words")
    (tmp_path / "a/2.txt").write_bytes("déjà vu".encode("latin-1"))
    (tmp_path / "b/3.md").parent.mkdir()
    (tmp_path / "b/3.md").write_bytes("ein Öl".encode("utf-16"))
    (tmp_path / "b/4.txt").write_bytes(b"")
    (tmp_path / "b/5.txt").write_bytes(b"some words and\0some more")
    found = collect(tmp_path)
    assert found.table["text"].tolist()[:3] == ["plain words", "déjà vu", "ein Öl"]
    assert found.table["text"].isna().tolist() == [False] * 3 + [True] * 2
    assert "several encodings" in told(found) and "NUL byte" in told(found)


def test_a_first_look_reads_few_files_evenly_over_labels(tmp_path):
    for label, count in (("a", 40), ("b", 10)):
        for n in range(count):
            text(tmp_path / label / f"{n:02}.txt", f"text {n}")
    found = collect(tmp_path, sample=10)
    assert found.table["label"].value_counts().to_dict() == {"a": 5, "b": 5}
    assert "a first look: 10 of 50 files are read" in told(found)
    assert found.receipt.facts["files"] == 50


def test_nothing_to_read_is_one_clear_error(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.png").write_bytes(b"torn")
    with pytest.raises(InputError, match="not one of the images can be read"):
        collect(tmp_path)


def test_a_table_with_a_readme_beside_it_is_no_folder_of_texts(tmp_path):
    text(tmp_path / "README.md")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n3,4\n")
    place = Place(str(tmp_path)).at(tmp_path)
    assert not texts.claims(place)
    text(tmp_path / "more.txt")
    assert texts.claims(place) and not images.claims(place) and not audio.claims(place)


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_a_name_that_is_no_text_is_written_so(tmp_path):
    for label in "ab":
        text(tmp_path / label / "1.txt", f"text of {label}")
    (tmp_path / "a" / os.fsdecode(b"\xff.txt")).write_text("odd name")
    found = collect(tmp_path)
    assert found.table["file"].tolist()[-2:] == ["a/\\xff.txt", "b/1.txt"]


@given(
    st.lists(st.tuples(*[st.text("abc 7é.", min_size=1, max_size=6)] * 3), min_size=1)
)
def test_what_a_pattern_names_is_what_was_written(words):
    paths = [f"{a}/{b}_{c}.png" for a, b, c in words]
    found = named(paths, "{label}/{subject}_{take}.png")
    assert list(found.columns["label"]) == [a for a, _, _ in words]
    assert list(found.columns["subject"]) == [b for _, b, _ in words]
    assert list(found.columns["take"]) == [c for _, _, c in words]


@given(st.text("{}*/_ab.", max_size=12))
def test_any_pattern_is_read_or_refused(pattern):
    try:
        form = pattern_of(pattern)
    except InputError as error:
        assert error.todo or error.expected
    else:
        assert form.groupindex
