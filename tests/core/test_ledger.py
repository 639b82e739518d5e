import subprocess
import sys

import pytest

from mlkit.core import ledger
from mlkit.core.errors import StoreError
from mlkit.core.seals import Shared


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.jsonl"


def test_lines_are_chained(path):
    for number in range(3):
        ledger.append(path, "gate", step="accept", number=number)
    assert ledger.verify(path) == 3
    first, second, _ = ledger.lines(path)
    assert second["previous"] == first["hash"]


@pytest.mark.parametrize("damage", ["change", "drop", "swap"])
def test_a_touched_line_shows(path, damage):
    for number in range(4):
        ledger.append(path, "gate", number=number)
    lines = path.read_text().splitlines()
    if damage == "change":
        lines[1] = lines[1].replace('"number":1', '"number":9')
    elif damage == "drop":
        del lines[1]
    else:
        lines[1], lines[2] = lines[2], lines[1]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(StoreError, match="line 2"):
        ledger.verify(path)


def test_a_line_that_is_no_json_says_where(path):
    ledger.append(path, "gate")
    path.write_text(path.read_text() + "rubbish\n")
    with pytest.raises(StoreError, match="line 2"):
        ledger.verify(path)


def test_a_torn_last_line_is_mended(path):
    ledger.append(path, "gate", number=1)
    with path.open("a") as file:
        file.write('{"event": "ga')
    assert len(ledger.lines(path)) == 1
    ledger.append(path, "gate", number=2)
    assert ledger.verify(path) == 2


def test_several_processes_keep_one_chain(path):
    code = (
        "import sys; from pathlib import Path; from mlkit.core import ledger\n"
        "for _ in range(20): ledger.append(Path(sys.argv[1]), 'gate')"
    )
    command = [sys.executable, "-c", code, str(path)]
    workers = [subprocess.Popen(command) for _ in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert ledger.verify(path) == 60


def test_judged_counts_different_models(path):
    for model in ("a", "b", "a"):
        facts = {"identity": "t", "target": True, "models": [model]}
        ledger.append(path, "unseal", **facts)
    ledger.append(path, "unseal", identity="t", target=False, models=["c"])
    whole = {"t": Shared(3, 3)}
    assert ledger.judged(path, whole) == 2
    assert ledger.judged(path, whole, ["b"]) == 2
    assert ledger.judged(path, whole, ["d"]) == 3
    then = [ledger.judged(path, whole, [name], then=True) for name in "abd"]
    assert then == [1, 2, 3]


def test_a_model_with_another_threshold_counts_as_another(path):
    for at in ([0.5], [0.5], [0.2], []):
        facts = {"identity": "t", "target": True, "models": ["a"], "thresholds": at}
        ledger.append(path, "unseal", **facts)
    whole = {"t": Shared(3, 3)}
    assert ledger.judged(path, whole, ["a"], [0.2]) == 2
    assert ledger.judged(path, whole, ["a"], [0.1]) == 3


def test_a_model_counts_where_it_judged_most_of_the_rows(path):
    for place in ("most", "few"):
        facts = {"identity": place, "target": True, "models": [place]}
        ledger.append(path, "unseal", **facts)
    kin = {"t": Shared(10, 10), "most": Shared(5, 10), "few": Shared(4, 10)}
    assert ledger.judged(path, kin) == 1
