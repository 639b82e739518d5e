"""Which steps of a run are under way at the same time."""

import pytest

from mlkit.engine.running import room

STEP = "import mlkit as mk", "import os"


@pytest.fixture
def pair(maker):
    """Two steps that need nothing of each other."""
    for name in ("a", "b"):
        maker.step(
            f"0_{name}",
            "",
            *STEP,
            f"mk.save({name}=os.environ.get('OMP_NUM_THREADS', ''))",
        )
    return maker


def together(maker, **options):
    """Run, and tell whether both steps had started before one ended."""
    assert sorted(maker.executed(**options)) == ["a", "b"]
    told = [e["event"] for e in maker.events if e["event"].startswith("step_")]
    return told[:2] == ["step_started", "step_started"]


@pytest.mark.parametrize(
    ("settings", "beside"),
    [
        ("", True),
        ("[steps.a]\ncpus = 1\n[steps.b]\nmemory = '1 MiB'\n", True),
        ("[steps.a]\ncpus = 2\n", False),
        ("[steps.b]\ncpus = 99\n", False),
        ("[steps.a]\nmemory = '3 GiB'\n[steps.b]\nmemory = 1\n", True),
        ("[steps.a]\nmemory = '3 GiB'\n[steps.b]\nmemory = 1.5\n", False),
        ("[steps.a]\nmemory = '9 TiB'\n", False),
    ],
)
def test_steps_run_side_by_side_while_what_they_need_fits(
    pair, settings, beside, monkeypatch, tmp_path
):
    limit = tmp_path / "memory.max"
    limit.write_text(f"{4 * 2**30}\n")
    monkeypatch.setattr(room, "CGROUPS", (limit,))
    pair.settings(settings)
    assert together(pair, jobs=2) is beside


@pytest.mark.parametrize("warm", [False, True])
def test_a_step_that_says_its_cpus_is_held_to_them(pair, warm, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    pair.step(
        "0_a", "", *STEP, "assert os.environ['OMP_NUM_THREADS'] == '3'", "mk.save(a=1)"
    )
    pair.step(
        "0_b", "", *STEP, "assert 'OMP_NUM_THREADS' not in os.environ", "mk.save(b=1)"
    )
    pair.settings("[steps.a]\ncpus = 3\n")
    assert not together(pair, warm=warm)
