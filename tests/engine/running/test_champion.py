"""Who may become champion, and how one takes an earlier champion back."""

import shutil
from types import SimpleNamespace

import pytest

from mlkit.core import ledger
from mlkit.core.champion import champion, mark, moves, package_of
from mlkit.core.errors import StepError, UsageError
from mlkit.core.project import Project
from mlkit.core.store import Store
from mlkit.engine.clean_up import clean_up
from mlkit.engine.running.champion import promote, rollback
from mlkit.engine.running.options import Options
from mlkit.engine.running.run import run
from tests.conftest import Maker

IMPORT = "import mlkit as mk"
SAVE = "mk.save(raw=list(range(rows)))"
PACKAGE = """from pathlib import Path
import tempfile
rows = mk.load("raw")
folder = Path(tempfile.mkdtemp())
(folder / "model_card.md").write_text(f"{len(rows)} rows, {depth} deep")
mk.save(package=folder)"""
SHUT = """from mlkit.core.verdict import Finding, Verdict
mk.gate(Verdict((Finding("small", "missed"),)))"""
LOOK = 'mk.save(seen=(mk.load("package") / "model_card.md").read_text())'


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """Rows and a package that tells how many: three runs, a variant, a challenger."""
    maker = Maker(tmp_path_factory.mktemp("shop") / "project")
    maker.settings("[steps.watch]\nmanual = true\n")
    maker.step("02_package", "depth: int = 1", IMPORT, PACKAGE)
    maker.step("03_watch", "", IMPORT, LOOK)
    runs = []
    for rows in (3, 4, 5):
        maker.step("01_collect", f"rows: int = {rows}", IMPORT, SAVE)
        runs.append(maker.run().run)
    runs.append(maker.run(given={"package.depth": "2"}).run)
    runs.append(maker.run(given={"package.depth": "3"}, challenger=True).run)
    return maker.root, runs


@pytest.fixture
def shop(grown, tmp_path):
    root = shutil.copytree(grown[0], tmp_path / "shop", symlinks=True)
    names = ("first", "second", "third", "variant", "challenger")
    runs = dict(zip(names, grown[1], strict=True))
    return SimpleNamespace(project=Project.open(root), **runs)


def card(shop):
    return (package_of(shop.project) / "model_card.md").read_text()


def test_the_first_package_is_champion_and_later_ones_ask(shop):
    assert card(shop) == "3 rows, 1 deep"
    before = mark(shop.project.ledger)
    entry, moved = promote(shop.project, "more rows")
    assert moved
    assert card(shop) == "5 rows, 1 deep"
    assert mark(shop.project.ledger) != before
    assert promote(shop.project, "again") == (entry, False)
    first, second = moves(shop.project.ledger)
    assert (first["run"], second["run"]) == (shop.first, shop.third)
    raw = Store(shop.project.state).refs()["raw"].identity
    assert second["raw"] == raw != first["raw"]


def test_a_trial_s_package_is_crowned_once_the_notebooks_say_the_same(maker):
    alone = PACKAGE.replace('mk.load("raw")', "range(3)")
    maker.step("01_package", "depth: int = 1", IMPORT, alone)
    trial = maker.run(given={"package.depth": "2"})
    assert champion(maker.project.ledger) is None
    maker.step("01_package", "depth: int = 2", IMPORT, alone)
    for _ in range(2):
        result = maker.run()
        assert (result.run, result.steps) == ("", {"package": "kept"})
        (line,) = moves(maker.project.ledger)
    told = (line["event"], line["run"], line["why"])
    assert told == ("promote", trial.run, "the first accepted package")


def test_a_run_that_changes_nothing_moves_no_champion(shop):
    promote(shop.project, "more rows")
    rollback(shop.project, "slow")
    before = moves(shop.project.ledger)
    result = run(shop.project, Options())
    assert (result.run, result.steps["package"]) == ("", "kept")
    assert moves(shop.project.ledger) == before
    assert card(shop) == "3 rows, 1 deep"


def test_a_package_whose_gate_is_shut_is_not_crowned_where_it_is_kept(maker):
    maker.step("01_collect", "rows: int = 3", IMPORT, SAVE)
    maker.step("02_package", "depth: int = 1", IMPORT, PACKAGE, SHUT)
    maker.run(given={"package.depth": "2"})
    maker.step("02_package", "depth: int = 2", IMPORT, PACKAGE, SHUT)
    result = maker.run()
    assert (result.run, result.steps["package"]) == ("", "blocked")
    assert champion(maker.project.ledger) is None


def test_where_there_is_no_champion_it_is_said(shop):
    shop.project.ledger.unlink()
    with pytest.raises(UsageError, match="no champion yet"):
        package_of(shop.project)
    with pytest.raises(UsageError, match="no champion yet"):
        run(shop.project, Options(only="watch", champion=True))


def test_only_an_unmodified_run_or_that_of_retrain_can_be_promoted(shop):
    with pytest.raises(UsageError, match=r"unmodified(.|\n)*package.depth = 2"):
        promote(shop.project, "deeper", shop.variant)
    with pytest.raises(UsageError, match="did you mean"):
        promote(shop.project, "a slip", shop.variant[:-1])
    assert card(shop) == "3 rows, 1 deep"
    assert promote(shop.project, "deeper", shop.challenger)[1]
    assert card(shop) == "5 rows, 3 deep"
    newest = Store(shop.project.state).refs()["package"]
    assert newest.run == shop.third


def test_a_package_whose_gate_was_shut_cannot_be_promoted(maker):
    maker.step("01_collect", "rows: int = 3", IMPORT, SAVE)
    maker.step("02_package", "depth: int = 1", IMPORT, PACKAGE, SHUT)
    result = maker.run()
    assert result.state == "blocked"
    for words in ((), (result.run,)):
        with pytest.raises(UsageError, match="no accepted package"):
            promote(maker.project, "anyway", *words)


def test_a_rollback_goes_back_step_by_step_or_to_a_named_run(shop):
    with pytest.raises(UsageError, match="no champion before"):
        rollback(shop.project, "too soon")
    promote(shop.project, "more rows", shop.second)
    promote(shop.project, "still more")
    assert rollback(shop.project, "slow").run == shop.second
    assert rollback(shop.project, "slow, too").run == shop.first
    assert card(shop) == "3 rows, 1 deep"
    with pytest.raises(UsageError, match="no champion before"):
        rollback(shop.project, "what now")
    assert rollback(shop.project, "it was not slow", shop.third).run == shop.third
    assert rollback(shop.project, "it was").run == shop.first
    line, every = champion(shop.project.ledger), ledger.lines(shop.project.ledger)
    told = {name: line[name] for name in ("event", "run", "why")}
    assert told == {"event": "rollback", "run": shop.first, "why": "it was"}
    assert line["raw"] == moves(shop.project.ledger)[0]["raw"]
    assert ledger.verify(shop.project.ledger) == len(every)


def test_a_rollback_refuses_what_is_not_there(shop):
    with pytest.raises(UsageError, match=f"no champion came of run '{shop.second}'"):
        rollback(shop.project, "never was", shop.second)
    promote(shop.project, "more rows")
    with pytest.raises(UsageError, match="is the champion"):
        rollback(shop.project, "to itself", shop.third)
    gone = moves(shop.project.ledger)[0]["package"]
    shutil.rmtree(Store(shop.project.state).path(gone))
    before = ledger.lines(shop.project.ledger)
    with pytest.raises(StepError, match="not in the store any more"):
        rollback(shop.project, "gone", shop.first)
    assert ledger.lines(shop.project.ledger) == before


def test_a_clean_up_keeps_champions_and_the_rows_of_the_last(shop):
    first = moves(shop.project.ledger)[0]
    store = Store(shop.project.state)
    clean_up(shop.project, keep=1)
    assert store.files(first["package"])
    assert store.files(first["raw"])
    promote(shop.project, "more rows")
    clean_up(shop.project, keep=1)
    assert store.files(first["package"])
    assert not store.files(first["raw"])


def test_a_step_may_be_run_on_the_champion_s_package(shop):
    for rows in ("3", "5"):
        assert run(shop.project, Options(only="watch", champion=True)).exit_code == 0
        store = Store(shop.project.state)
        assert store.get(store.refs()["seen"]) == f"{rows} rows, 1 deep"
        assert store.refs()["package"].run == shop.third
        promote(shop.project, "more rows")
