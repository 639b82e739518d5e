"""Images and sounds as numbers: features, near-duplicates, facts, pictures."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFilter
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

from mlkit.core.audible import log_mel, mel_bank
from mlkit.core.media import media
from mlkit.core.pictures import written as png
from mlkit.core.schema import Column, Schema
from mlkit.core.sounds import apply
from mlkit.core.sounds import written as wav
from mlkit.data.charts import media as charts
from mlkit.data.clean import Cleaning, clean
from mlkit.data.measures import images
from mlkit.data.media import features, near, pairs
from mlkit.data.media.facts import of_image, of_sound
from mlkit.data.media.nearness import hashes
from mlkit.data.profile import profile


def noise(seed, size=(64, 64)):
    """Give a soft picture unlike any other."""
    rng = np.random.default_rng(seed)
    rough = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    return rough.resize(size, Image.Resampling.BICUBIC)


def jpeg(image, **how):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=60, **how)
    return buffer.getvalue()


def speech(seed, rate=8000, loud=0.5):
    """Give a sound of five tones unlike any other."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(0.2 * rate)) / rate
    tones = [np.sin(2 * np.pi * f * t) for f in rng.uniform(200, 3000, 5)]
    return (loud * np.concatenate(tones)).astype(np.float32)[:, None]


def column(contents):
    cells = [None if data is None else media().put(data) for data in contents]
    return pd.Series(cells, dtype="str")


@pytest.fixture(scope="module")
def digits():
    loaded = load_digits()
    levels = (loaded.images * 16).clip(0, 255).astype(np.uint8)
    few = levels[:600]
    return column(map(png, map(Image.fromarray, few))), loaded.target[:600]


@pytest.mark.slow
def test_a_linear_model_on_the_features_tells_digits(digits):
    cells, target = digits
    found = features(cells, "image")
    assert found.dtype == np.float32 and found.shape == (600, 464)
    model = RidgeClassifier()
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    assert cross_val_score(model, found, target, cv=folds).mean() > 0.95


@pytest.mark.slow
def test_a_linear_model_on_the_features_tells_melodies():
    rng = np.random.default_rng(0)
    contents, kinds = [], []
    for n in range(60):
        samples = speech(n % 6) + rng.normal(0, 0.02, (8000, 1))
        contents.append(wav((rng.uniform(0.2, 1) * samples).astype(np.float32), 8000))
        kinds.append(n % 6)
    found = features(column(contents), "audio")
    model = LogisticRegression(max_iter=300)
    assert cross_val_score(model, found, kinds, cv=5).mean() > 0.9


def test_a_cell_that_cannot_be_read_is_the_mean_of_the_others():
    cells = column([png(noise(0)), None, b"no image", png(noise(1))])
    found = features(cells, "image")
    assert np.allclose(found[1], (found[0] + found[3]) / 2, atol=1e-6)
    assert np.array_equal(found[1], found[2]) and np.isfinite(found).all()
    assert not features(column([None, b"x"]), "audio").any()


def test_alike_images_share_a_number_and_others_do_not():
    one = noise(0, (200, 160))
    contents = [
        *(png(noise(1)), png(one), None, jpeg(one)),
        *(png(one.resize((100, 80))), png(noise(2)), b"torn"),
    ]
    assert near(column(contents), "image").tolist() == [0, 1, 2, 1, 1, 5, 6]


def test_images_of_one_tone_are_near_only_where_the_tone_is():
    tones = [png(Image.new("L", (20, 20), tone)) for tone in (0, 4, 250)]
    assert near(column(tones), "image").tolist() == [0, 0, 2]
    assert hashes(column(tones), "image").tolist() == [0, 0, 0]


def test_white_pages_with_other_specks_are_not_alike_but_their_copies_are():
    rng = np.random.default_rng(0)
    pages = [
        Image.fromarray((255 - 200 * (rng.random((64, 64)) < 0.01)).astype(np.uint8))
        for _ in range(60)
    ]
    buffer = io.BytesIO()
    pages[7].save(buffer, "TIFF")
    cells = column([*map(png, pages), buffer.getvalue()])
    found = near(cells, "image").tolist()
    assert found[:60] == list(range(60)) and found[60] == 7


def test_alike_sounds_are_near_whatever_their_loudness_rate_and_silence():
    one, other = speech(0), speech(1)
    quiet = wav(one * np.float32(0.2), 8000)
    padded = wav(np.pad(one, ((900, 700), (0, 0))), 8000)
    faster = apply({"op": "resample", "rate": 11025}, [wav(one, 8000)])[0]
    cells = column([wav(other, 8000), wav(one, 8000), quiet, padded, faster])
    assert near(cells, "audio").tolist() == [0, 1, 1, 1, 1]


def test_many_alike_are_found_in_no_great_time():
    rng = np.random.default_rng(0)
    same = [np.full((16, 16), tone, np.uint8) for tone in rng.integers(0, 40, 400)]
    cells = column([png(Image.fromarray(levels)) for levels in same])
    assert len(set(near(cells, "image").tolist())) < 10
    assert all(one < other for one, other in pairs(cells, "image"))


def test_mel_bands_cover_the_spectrum_and_a_tone_falls_into_its_own():
    for rate in (8000, 16000, 44100):
        bank = mel_bank(rate, int(0.032 * rate), 40)
        empty = ~bank.any(axis=1)
        assert not empty[: 27 if rate == 8000 else 40].any()
        tone = np.sin(2 * np.pi * 1000 * np.arange(rate) / rate).astype(np.float32)
        assert log_mel(tone, rate).mean(axis=1).argmax() == 13


def test_the_facts_of_an_image_are_those_of_the_upright_one():
    image = noise(3, (40, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    found = of_image(jpeg(image, exif=exif))
    assert (found.width, found.height, found.turned) == (20, 40, True)
    assert found.format == "JPEG" and found.mode == "RGB"
    soft = of_image(png(image.filter(ImageFilter.GaussianBlur(3))))
    assert soft.sharpness < found.sharpness / 2


def test_the_facts_of_a_sound():
    loud = np.clip(3 * speech(0), -1, 1)
    found = of_sound(wav(np.pad(loud, ((8000, 0), (0, 0))), 8000))
    assert found.seconds == 2.0 and found.silence == pytest.approx(0.5, abs=0.02)
    assert found.peak == pytest.approx(0, abs=0.01) and found.clipped > 0.1
    assert of_sound(wav(speech(0), 8000)).clipped == 0


def of_profile(cells, kind):
    """Give the alerts of a whole profile, by kind."""
    label = Column("y", "category", ("target",))
    frame = pd.DataFrame({"x": cells, "y": ["a", "b"] * (len(cells) // 2)}, dtype="str")
    table = Schema((Column("x", kind), label)).attach(frame)
    return {alert.kind: alert for alert in profile(table).alerts if alert.column == "x"}


def test_images_that_differ_in_size_mode_and_light_are_told_with_a_remedy():
    exif = Image.Exif()
    exif[0x0112] = 8
    cells = column(
        [
            *(png(noise(n)) for n in range(6)),
            png(noise(6, (90, 60))),
            png(noise(7).convert("L")),
            *(png(Image.new("RGB", (64, 64))), jpeg(noise(8), exif=exif)),
            *(png(noise(0)), png(noise(9)), jpeg(noise(0)), None),
        ]
    )
    found = of_profile(cells, "image")
    assert found["mixed sizes"].change == {"accept": ["resize x"]}
    assert "all 64 × 64" in found["mixed sizes"].evidence
    assert found["mixed modes"].change == {"accept": ["mode x"]}
    assert "1 row" in found["images twice"].evidence
    assert "2 images" in found["near duplicates"].evidence
    assert {"blank images", "turned images"} <= set(found)
    measured = images.describe(cells)
    assert measured["distinct"] == 12 and measured["looked_at"] == 12
    assert measured["sizes"]["64 × 64"] == 11


def test_images_that_are_alike_in_kind_raise_no_alert():
    assert not of_profile(column(png(noise(n)) for n in range(6)), "image")
    assert images.describe(pd.Series([None], dtype="str"))["looked_at"] == 0
    nothing = pd.Series([None], dtype="str")
    assert not list(images.alerts(nothing, Column("x", "image")))


def test_sounds_that_differ_in_rate_channels_and_level_are_told_with_a_remedy():
    cells = column(
        [
            wav(speech(0), 8000),
            wav(speech(1, 16000), 16000),
            wav(np.repeat(speech(2), 2, axis=1), 8000),
            wav(np.zeros((8000, 1), np.float32), 8000),
            wav(np.clip(4 * speech(3), -1, 1), 8000),
            wav(np.pad(speech(4), ((9000, 9000), (0, 0))), 8000),
            wav(speech(0), 8000),
            wav(speech(5, loud=0.01), 8000),
        ]
    )
    found = of_profile(cells, "audio")
    assert found["mixed rates"].change == {"accept": ["resample x"]}
    assert "clean does it: resample x" in found["mixed rates"].remedy
    assert "clean can do it: mono x" in found["mixed channels"].remedy
    assert {"silent sounds", "clipping", "much silence", "sounds twice"} <= set(found)
    assert "uneven loudness" in found
    assert not of_profile(column(wav(speech(n), 8000) for n in range(4)), "audio")


@pytest.mark.parametrize("kind", ["image", "audio"])
def test_what_cannot_be_read_is_a_serious_alert(kind):
    whole = png(noise(0)) if kind == "image" else wav(speech(0), 8000)
    found = of_profile(column([whole, b"torn"]), kind)
    assert [a.evidence for a in found.values() if a.level == "serious"] == [
        "1 (50.0%) cannot be read"
    ]
    assert of_profile(column([b"torn", b"too"]), kind)


def cleaned_of(cells, kind, decided=None):
    frame = pd.DataFrame({"x": cells, "y": ["a", "b"] * (len(cells) // 2)}, dtype="str")
    label = Column("y", "category", ("target",))
    return clean(Schema((Column("x", kind), label)).attach(frame), decided=decided)


def test_clean_offers_to_resize_and_does_so_when_accepted():
    cells = column([png(noise(n, (60 + n, 64))) for n in range(6)])
    offered = cleaned_of(cells, "image")
    assert [(o.name, o.state) for o in offered.offers] == [("resize x", "offered")]
    assert offered.table["x"].tolist() == cells.tolist()
    done = cleaned_of(cells, "image", {"accept": ["resize x"]})
    assert {of_image(media().get(c)).width for c in done.table["x"]} == {64}
    assert done.offers[0].examples[0][1] == "64 × 64 RGB"
    again = Cleaning.from_dict(done.cleaning.to_dict()).apply(done.raw)
    assert again["x"].tolist() == done.table["x"].tolist()
    assert done.plot_changes()._repr_png_()[0].startswith(b"\x89PNG")


def test_near_duplicates_are_offered_and_flag_all_but_the_first():
    cells = column([png(noise(0)), png(noise(1)), jpeg(noise(0)), png(noise(2))])
    offered = cleaned_of(cells, "image").offers
    assert ("near duplicates", "offered", 1) in [
        (o.name, o.state, o.cells) for o in offered
    ]
    done = cleaned_of(cells, "image", {"accept": ["near duplicates"]})
    assert done.table["dropped"].tolist() == ["", "", "near duplicate of row 0", ""]
    lone = cleaned_of(column([png(noise(0)), None, None, None]), "image")
    assert "near duplicates" not in [offer.name for offer in lone.offers]


def test_clean_resamples_mixed_rates_says_so_and_can_be_refused():
    rates = (8000, 16000, 16000, 16000)
    cells = column([wav(speech(n, r), r) for n, r in enumerate(rates)])
    done = cleaned_of(cells, "audio")
    assert [(o.name, o.state, o.cells) for o in done.offers] == [
        ("resample x", "done", 1)
    ]
    assert of_sound(media().get(done.table["x"].iloc[0])).rate == 16000
    assert done.table["x"].tolist()[1:] == cells.tolist()[1:]
    assert done.plot_changes()._repr_png_()[0].startswith(b"\x89PNG")
    left = cleaned_of(cells, "audio", {"refuse": ["resample x"]})
    assert left.table["x"].tolist() == cells.tolist()


@pytest.mark.parametrize("classes", [None, ["a", "b", None, "<b>$x$"]])
def test_pictures_of_images_and_sounds_say_how_many(classes):
    cells = column([png(noise(0, (9, 30))), png(noise(1)), None, b"torn"])
    picture = charts.sheet(cells, classes)
    assert "of 3 images" in " ".join(text.get_text() for text in picture.texts)
    assert picture._repr_png_()[0].startswith(b"\x89PNG")
    sounds = column([wav(speech(0), 8000), wav(speech(1), 8000), None, b"torn"])
    assert charts.waves(sounds, classes)._repr_png_()[0].startswith(b"\x89PNG")


def test_cards_of_texts_draw_what_the_font_lacks_as_a_box(monkeypatch):
    monkeypatch.setattr(charts, "fonts", lambda: ["DejaVu Sans"])
    texts = pd.Series(["plain", "日本語 and \U0001f996", "$a_b$ <b>", None, ""])
    picture = charts.cards(texts, ["a", "a", "b", "b", None])
    drawn = [text.get_text() for text in picture.axes[0].texts]
    assert "□□□ and □" in drawn and "$a_b$ <b>" in drawn
    assert picture._repr_png_()[0].startswith(b"\x89PNG")
    assert charts.cards(pd.Series([None], dtype="str"))._repr_png_()


def test_a_table_is_drawn_by_what_it_holds(digits):
    cells, target = digits
    label = Column("y", "category", ("target",))
    frame = pd.DataFrame({"x": cells, "y": target.astype("str")})
    table = Schema((Column("x", "image"), label)).attach(frame)
    assert "images" in charts.gallery(table).texts[0].get_text()
    plain = Schema((Column("x", "category"), label)).attach(frame.copy())
    assert charts.gallery(plain) is None
