from __future__ import annotations

import tempfile
import time

import numpy as np
import pytest

from mlkit.model.families import able, family
from mlkit.model.tuning import kept as kept_module
from mlkit.model.tuning.budget import Budget, Forecast, OutOfTime
from mlkit.model.tuning.kept import Kept, Outcome


def forecast():
    return Forecast(lambda _: 10, 1)


def test_what_was_measured_corrects_what_is_foreseen():
    found = forecast()
    law = family("boosting").cost(1000, 10, 1)
    before = found.seconds("boosting", {}, 1000)
    assert before > law
    found.learn("boosting", {}, 1000, 10 * law)
    assert 10 * law < found.seconds("boosting", {}, 1000) < 12 * law
    double = family("boosting").cost(2000, 10, 1) / law
    ratio = found.seconds("boosting", {}, 2000) / found.seconds("boosting", {}, 1000)
    assert ratio == pytest.approx(double)


def test_a_machine_that_is_slow_for_one_is_taken_to_be_slow_for_others():
    found = forecast()
    before = found.seconds("forest", {}, 1000)
    slow = 3 * family("boosting").cost(10**6, 10, 1)
    found.learn("boosting", {}, 10**6, slow)
    assert found.seconds("forest", {}, 1000) == pytest.approx(3 * before, rel=0.1)
    found.learn("linear", {}, 1000, 1e4)
    assert found.seconds("forest", {}, 1000) < 5 * before


def test_a_pilot_is_believed_less_than_a_fit():
    piloted, sure = forecast(), forecast()
    takes = family("forest").cost(500, 10, 1)
    piloted.learn("forest", {}, 500, takes, pilot=True)
    sure.learn("forest", {}, 500, takes)
    assert piloted.seconds("forest", {}, 500) > sure.seconds("forest", {}, 500)


@pytest.mark.parametrize("name", able("number"))
def test_more_rows_cost_more(name):
    found = forecast()
    assert found.seconds(name, {}, 100_000) > found.seconds(name, {}, 100) > 0


def test_settings_that_are_drawn_have_a_cost():
    rng = np.random.default_rng(0)
    for kind in ("two_classes", "number"):
        for name in able(kind):
            for _ in range(3):
                settings = family(name).draw(kind, rng)
                assert forecast().seconds(name, settings, 1000) > 0


def test_what_was_spent_before_counts():
    budget = Budget(10, clock=lambda: 0.0)
    assert budget.fits(9)
    budget.charge(8)
    assert not budget.fits(9)
    assert budget.fits(1)
    assert budget.spent == 8


def test_the_alarm_ends_a_fit_that_was_foreseen_wrongly():
    budget = Budget(0.05)
    with pytest.raises(OutOfTime), budget.alarm():
        while budget.left > -60:
            time.sleep(0.01)
    assert budget.left > -60


def test_an_alarm_that_is_not_due_leaves_no_trace():
    import signal

    before = signal.getsignal(signal.SIGALRM)
    with Budget(1000).alarm():
        pass
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_the_alarm_cuts_no_import_in_two(tmp_path, monkeypatch):
    slow = "import time\nend = time.monotonic() + 0.5\n"
    slow += "while time.monotonic() < end:\n    time.sleep(0.01)\nwhole = True\n"
    (tmp_path / "slow_to_import.py").write_text(slow)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(OutOfTime), Budget(0.05).alarm():
        import slow_to_import

        time.sleep(60)
    assert slow_to_import.whole


def test_the_alarm_cuts_no_kept_fit_in_two(tmp_path, monkeypatch):
    """Cut after it was opened, a file is left open; in the middle, a draft is left."""
    kept, made = Kept(tmp_path), Outcome(0.5, np.arange(3.0), 1.0)

    def late(did):
        def rung(*given, **more):
            found = did(*given, **more)
            time.sleep(0.2)
            return found

        return rung

    with monkeypatch.context() as slow:
        slow.setattr(kept_module.tempfile, "mkstemp", late(tempfile.mkstemp))
        with pytest.raises(OutOfTime), Budget(0.05).alarm():
            kept.put("linear", {}, 0, made)
            time.sleep(60)
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]
    with monkeypatch.context() as slow:
        slow.setattr(kept_module.np, "load", late(np.load))
        with pytest.raises(OutOfTime), Budget(0.05).alarm():
            found = kept.get("linear", {}, 0)
            time.sleep(60)
    assert found.score == 0.5


def test_the_alarm_rings_in_what_an_import_runs(tmp_path, monkeypatch):
    code = "import time\nfrom mlkit.model.tuning.budget import Budget, OutOfTime\n"
    code += "try:\n    with Budget(0.05).alarm():\n        time.sleep(2)\n"
    code += "    rang = False\nexcept OutOfTime:\n    rang = True\n"
    (tmp_path / "timed_by_itself.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    import timed_by_itself

    assert timed_by_itself.rang


@pytest.mark.parametrize("wait", [0.0, 60.0])
def test_what_other_code_makes_of_the_alarm_is_the_alarm(wait):
    """Compiled code may turn what is raised in it into an error of its own."""
    with pytest.raises(OutOfTime if wait else ImportError), Budget(0.05).alarm():
        try:
            time.sleep(wait)
        except OutOfTime as error:
            raise ImportError("initialization failed") from error
        raise ImportError("no such module")
