"""What a profile shows: skrub's report, a gallery, ties, the words that tell."""

from __future__ import annotations

import gzip
import html
import re
from base64 import b64decode

import numpy as np
import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.data.charts.profile import plot_words
from mlkit.data.charts.report import Report
from mlkit.data.measures.associations import Associations, associations
from mlkit.data.measures.texts import describe, picture, telling
from mlkit.data.profile import Profile, profile
from tests.pictures import said

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


def hostile():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            EVIL: pd.array([EVIL, "</script>", "</iframe>"] * 30, "str"),
            "x": rng.normal(size=90),
            "words": pd.array([f"{EVIL} good", "bad </td>", "so so"] * 30, "str"),
            "t": pd.array([EVIL, "b", "c"] * 30, "str"),
        }
    )
    columns = (
        Column(EVIL, "category"),
        Column("x"),
        Column("words", "text"),
        Column("t", "category", ("target",)),
    )
    return Schema(columns).attach(frame)


@pytest.fixture(scope="module")
def found():
    return profile(hostile())


def unpacked(page):
    inner = html.unescape(re.search(r'srcdoc="([^"]*)"', page)[1])
    return inner, gzip.decompress(b64decode(re.search(r'atob\("([^"]*)"\)', inner)[1]))


def test_the_report_lies_in_a_frame_without_rights(found):
    page = found.report._repr_html_()
    assert re.search(r'sandbox="([^"]*)"', page)[1] == "allow-scripts"
    inner, report = unpacked(page)
    for text in (inner, report.decode()):
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
        assert policy.startswith("default-src 'none'")
        assert "http" not in policy
    assert page.count("<iframe") == page.count("</iframe>") == 1


def test_hostile_cells_are_text_everywhere(found):
    report = found.report.html
    pages = [report, found._repr_html_(), found.table._repr_html_()]
    pages += [found.gallery._repr_html_(), found.bias._repr_html_()]
    for page in pages:
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in report


def test_the_report_needs_no_net_and_is_the_same_twice(found):
    report = found.report.html
    loaded = re.findall(
        r'<(?:script|link|img)[^>]*(?:src|href)="(?!data:)([^"]*)"', report
    )
    assert loaded == []
    assert Report(found.sample, found.rows).html == report


def test_the_report_is_of_a_stated_sample():
    table = pd.DataFrame(np.arange(12_000.0 * 3).reshape(-1, 3)).rename(columns=str)
    report = Report(table, 12_000)
    assert (len(report.shown), "5,000 of 12,000 rows" in report.about) == (5000, True)
    wide = Report(pd.DataFrame(np.zeros((5, 60))).rename(columns=str), 5)
    assert wide.shown.shape == (5, 40)
    assert repr(wide) == "<Report of 5 rows, the first 40 of 60 columns>"


def test_a_profile_read_back_has_no_rows_and_says_so(found):
    again = Profile.from_dict(found.to_dict())
    assert again == found
    assert "run it again" in again.report._repr_html_()
    assert len(again.gallery.pictures) == 1


def test_the_gallery_shows_the_words_that_tell(found):
    told = found.telling["words"]
    assert told["b"][0][0] == "bad"
    page = found.gallery._repr_html_()
    assert page.startswith("<img width=")
    none = profile(pd.DataFrame({"x": [1.0, 2.0]})).gallery
    assert "No text" in none._repr_html_()
    assert repr(none) == "<Gallery of 0 pictures>"


def test_the_picture_of_telling_words_names_their_columns(found):
    assert "What the texts say: words" in said(found.gallery.pictures[0])
    more = plot_words({**found.telling, "notes": found.telling["words"]})
    assert "What the texts say: words, notes" in said(more)
    assert "What the texts say\n" in said(plot_words({"": found.telling["words"]}))


def test_texts_that_no_tie_is_measured_of_are_named(found):
    told = "texts, images and sounds are not measured so"
    assert f"{told}: words" in said(found.plot_ties())
    others = Schema.of(hostile()).without("words")
    assert told not in said(profile(others.attach(hostile()[others.names])).plot_ties())
    alone = Schema.of(hostile()).without(EVIL, "x")
    texts = profile(alone.attach(hostile()[alone.names]))
    assert "nothing but texts" in said(texts.plot_ties())


def test_the_middle_of_a_column_is_a_middle_or_nothing():
    table = hostile().assign(who=pd.array([f"n{i}" for i in range(90)], "str"))
    words = [f"{a}{b}" for a in "abcdefghij" for b in "klmnopqrs"]
    table["words"] = [w + " is good" * (n < 60) for n, w in enumerate(words)]
    schema = Schema.of(hostile()).put(Column("who", "id"))
    page = profile(schema.attach(table)).table._repr_html_()
    lines = re.findall(r"<tr style=.*?</tr>", page)
    middles = {}
    for line in lines[1:]:
        cells = [html.unescape(c) for c in re.findall(r"<td[^>]*>(.*?)</td>", line)]
        middles[cells[0]] = cells[5]
    assert middles["who"] == ""
    assert middles["words"] == "3 words"
    assert middles["t"] == f"{EVIL[:40]} (30)"


def test_words_that_tell_are_not_those_that_all_use():
    texts = pd.Series(["the plot is a joy"] * 60 + ["the plot is a bore"] * 60)
    classes = ["pos"] * 60 + ["neg"] * 60
    found = telling(texts, classes)
    assert {kind: [word for word, _ in words] for kind, words in found.items()} == {
        "pos": ["joy"],
        "neg": ["bore"],
    }
    assert telling(texts, ["pos"] * 120) == {}
    assert picture(texts, classes)._repr_png_()[0].startswith(b"\x89PNG")


def test_texts_are_measured():
    texts = pd.Series(["Ja, ja!", "ja ja", "Nein.", None, "привет мир"], dtype="str")
    found = describe(texts)
    assert (found["distinct"], found["vocabulary"], found["near_rows"]) == (4, 4, 1)
    assert (found["shortest"], found["longest"]) == (5, 10)
    assert list(found["scripts"]) == ["Latin", "Cyrillic"]
    assert describe(pd.Series([None, None], dtype="str")) == {"distinct": 0}


def noisy(rows=600):
    rng = np.random.default_rng(1)
    x = rng.normal(size=rows)
    words = np.where(x > 0.5, "high", np.where(x < -0.5, "low", "middle"))
    frame = pd.DataFrame(
        {
            "x": x,
            "cube": -(x**3),
            "gaps": np.where(rng.random(rows) < 0.3, np.nan, x),
            "noise": rng.normal(size=rows),
            "words": words,
            "again": np.char.upper(words),
            "random": rng.choice(list("abcdefgh"), rows),
            "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(x, "D"),
            "same": 1.0,
        }
    )
    kinds = {"words": "category", "again": "category", "random": "category"}
    columns = [Column(c.name, kinds.get(c.name, c.type)) for c in Schema.of(frame)]
    return Schema(tuple(columns)).attach(frame)


def test_associations_tell_signal_from_noise():
    found = associations(noisy())
    pairs = {(one, other): tie for one, other, tie in found.strongest()}
    assert pairs["x", "cube"] == -1.0
    assert pairs["x", "gaps"] > 0.999
    assert pairs["x", "when"] == pytest.approx(1.0, abs=1e-3)
    assert pairs["words", "again"] == pytest.approx(1.0, abs=1e-6)
    assert 0.85 < pairs["x", "words"] < 1
    for one, other in pairs:
        if {"noise", "random"} & {one, other}:
            assert abs(pairs[one, other]) < 0.15
    assert found.left_out == 1
    assert Associations.from_dict(found.to_dict()) == found
    assert found.plot()._repr_png_()[0].startswith(b"\x89PNG")


def test_spearman_is_scipys():
    from scipy.stats import spearmanr

    table = noisy()[["x", "noise", "cube"]]
    table = table.assign(mixed=table["x"] + table["noise"])
    found = associations(table)
    known = spearmanr(table["mixed"], table["x"]).statistic
    pairs = {pair[:2]: pair[2] for pair in found.strongest()}
    assert pairs["x", "mixed"] == pytest.approx(known, abs=1e-3)


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(),
        pd.DataFrame({"x": [1.0, 2.0]}),
        pd.DataFrame({"x": [np.nan] * 50, "y": range(50)}),
        pd.DataFrame({"x": range(50), "y": [np.nan] * 25 + [*range(25)]}),
        pd.DataFrame(np.random.default_rng(0).normal(size=(30, 90))).rename(
            columns=str
        ),
    ],
)
def test_odd_tables_have_associations(table):
    found = associations(table)
    assert found.plot()._repr_png_()[0].startswith(b"\x89PNG")
    assert all(abs(tie) <= 1 for _, _, tie in found.strongest())


def test_private_cells_are_told_nowhere():
    table = hostile()
    secret = [f"Ann Secret{i} of Hidden Lane" for i in range(90)]
    table["person"] = pd.array(secret, "str")
    table["clinic"] = pd.array(["12", "13", "Hidden Hill"] * 30, "str")
    schema = Schema.of(table).change("person", type="text", roles=("private",))
    schema = schema.change("clinic", type="category", roles=("group", "private"))
    found = profile(schema.attach(table))
    pages = [found.report.html, found.table._repr_html_(), str(found.to_dict())]
    pages += [found._repr_html_(), str(found.telling)]
    assert not [page for page in pages if "Secret1" in page or "Hidden" in page]
    assert {column["name"] for column in found.columns} >= {"person"}
