"""Which steps a run is about, and what it says where it cannot be about them."""

import json

import pytest

from mlkit.core.errors import UsageError

IMPORT = "import mlkit as mk"


def last(maker):
    return maker.events[-1]


def test_a_step_whose_input_was_never_saved_is_refused_before_anything_runs(chain):
    with pytest.raises(UsageError, match="'clean' is not saved yet") as caught:
        chain.run(only="total")
    assert "mlkit run --until clean" in caught.value.todo
    assert chain.events == []
    assert not (chain.root / "runs").exists()


def test_what_waits_for_a_manual_step_is_skipped(chain):
    chain.step("04_watch", "", IMPORT, "mk.save(health=mk.load('metrics'))")
    chain.step("05_tell", "", IMPORT, "mk.save(told=mk.load('health'))")
    chain.settings("[steps.watch]\nmanual = true\n")
    result = chain.run()
    assert (result.state, result.exit_code) == ("passed", 0)
    assert last(chain)["skipped"] == ["tell"]
    assert chain.executed(start="watch") == ["watch", "tell"]
    assert chain.executed() == []
    assert "tell" in last(chain)["kept"]


def test_settings_of_a_spare_are_no_error_and_of_nobody_are(chain):
    chain.step("04_more", "", IMPORT, "mk.save(metrics=1)")
    chain.settings('[use]\nmetrics = "total"\n[steps.more]\ntimeout = 9\n')
    assert chain.executed(until="collect") == ["collect"]
    chain.settings('[use]\nmetrics = "total"\n[steps.mor]\ntimeout = 9\n')
    with pytest.raises(UsageError, match="no step 'mor'") as caught:
        chain.run()
    assert caught.value.where == "mlkit.toml [steps.mor]"
    assert "'more'" in caught.value.todo


def test_options_that_contradict_each_other_are_refused(chain):
    with pytest.raises(UsageError, match="collect does not come after clean"):
        chain.run(start="clean", until="collect")
    with pytest.raises(UsageError, match="--only"):
        chain.run(only="clean", until="collect")


def test_a_set_is_a_parameter_and_a_secret_is_written_nowhere(maker):
    code = "mk.save(n=[sorted(names), len(api_token)])"
    maker.step("01_a", 'names: set[str] = {"x"}\napi_token: str = ""', IMPORT, code)
    given = {"names": '["b", "a"]', "api_token": "h1dden"}
    assert maker.executed(given=given) == ["a"]
    assert maker.executed(given=given) == []
    assert maker.executed(given=given | {"api_token": "another"}) == ["a"]
    for path in maker.root.rglob("*"):
        assert path.is_dir() or b"h1dden" not in path.read_bytes(), path
    manifest = json.loads((maker.root / "runs/latest/manifest.json").read_text())
    assert manifest["given"]["a"]["names"] == '{"a", "b"}'
