"""What a server holds against a package before it answers anybody."""

from __future__ import annotations

import pytest

from mlkit.core.champion import move
from mlkit.core.project import Project
from mlkit.core.store import Store
from mlkit.product.serving.trial import turned_away


@pytest.fixture
def shop(tmp_path, loans):
    """A project whose champion answers for loans."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "mlkit.toml").write_text("format = 1\n")
    project = Project.open(root)
    entry = Store(project.state).put(loans, "package")
    move(project.ledger, "promote", entry, "the first")
    return project


def column(form, name):
    return next(one for one in form["input"] if one["name"] == name)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda f: column(f, "name").update(type="id"),
            "its columns are others (name was text, is id)",
        ),
        (
            lambda f: column(f, "pay").update(type="date"),
            "its columns are others (pay was text read as a number, is date)",
        ),
        (
            lambda f: f["input"].remove(column(f, "age")),
            "its columns are others (age is gone)",
        ),
        (
            lambda f: column(f, "name").update(required=True),
            "it needs a column that was not needed (name)",
        ),
        (lambda f: f["output"].update(classes=["no", "x"]), "it lacks classes (yes)"),
        (lambda f: f["output"].update(target="x"), "it predicts something else"),
    ],
)
def test_what_no_longer_suits_a_client_is_named(shop, loans, changed, change, why):
    assert turned_away(shop, changed(loans, "schema", change)) == why


def test_one_that_suits_or_that_nothing_answers_before_is_taken(
    shop, loans, later_loans, owed, tmp_path
):
    assert turned_away(shop, loans) == turned_away(shop, later_loans) == ""
    assert turned_away(shop, owed) == "it predicts something else"
    first = Store(shop.state).put(loans, "package").identity
    move(shop.ledger, "promote", Store(shop.state).put(owed, "package"), "another")
    assert turned_away(shop, loans) == "it predicts something else"
    assert turned_away(shop, later_loans, first) == ""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "model_card.md").write_text("# Card")
    assert turned_away(shop, broken) == "this folder is no package"
    move(shop.ledger, "promote", Store(shop.state).put(broken, "package"), "a third")
    assert turned_away(shop, loans) == ""
    shop.ledger.unlink()
    assert turned_away(shop, owed) == ""


def test_a_package_that_breaks_is_not_taken(shop, loans, changed):
    lame = changed(loans, "cleaning", lambda form: form.pop("operations"))
    assert turned_away(shop, lame) == "it cannot be loaded: KeyError"
