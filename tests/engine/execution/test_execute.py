"""One step, executed: how it ends is told truly, and it leaves nothing behind."""

import errno
import json
import os
import select
import signal
import sys
import time

import nbformat
import psutil
import pytest
from nbformat.sign import NotebookNotary

from mlkit.engine.execution import judging, writing
from mlkit.engine.execution.worker import Worker

LINGER = "import subprocess; subprocess.Popen(['sleep', '300'], start_new_session=True)"
DETACH = """
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp('sleep', ['sleep', '300'])
    os._exit(0)
os.wait()
"""
GATE = """
from IPython.display import HTML, display
class Blocked(Exception): pass
def gate():
    display(HTML('<b>the card</b>'))
    raise Blocked('recall is 0.4, needs 0.6')
"""


def test_a_step_that_passes(bench):
    outcome, notebook = bench.run("print('hello')", "", "# a comment", "6 * 7")
    assert (outcome.state, outcome.failure) == ("passed", None)
    assert outcome.seconds > 0
    assert notebook.cells[1].outputs[0].text == "hello\n"
    assert notebook.cells[4].outputs[0].data["text/plain"] == "42"
    assert notebook.metadata.mlkit == {
        "step": "step",
        "state": "passed",
        "kernel": "plain",
    }
    assert notebook.metadata.language_info.name == "python"
    bench.assert_nobody_left(0.5)


def test_events_name_cells_by_their_place_in_the_own_notebook(bench):
    bench.run("# why\nx = rows", parameters={"rows": 5})
    started = [e for e in bench.events if e["event"] == "cell_started"]
    finished = [e for e in bench.events if e["event"] == "cell_finished"]
    assert [(e["cell"], e["number"], e["cells"]) for e in started] == [
        (0, 1, 3),
        (0, 2, 3),
        (1, 3, 3),
    ]
    assert started[-1]["line"] == "x = rows"
    assert all(e["seconds"] >= 0 for e in finished)
    assert len(finished) == 3


def test_the_executed_notebook_tells_nothing_of_the_machine(bench):
    _, notebook = bench.run("1 + 1")
    text = json.dumps(notebook)
    assert str(bench.root) not in text
    assert notebook.metadata.papermill.input_path == "step.ipynb"
    assert not list(bench.output.parent.glob(".*"))


def test_the_executed_notebook_is_trusted(bench):
    _, notebook = bench.run("from IPython.display import HTML\nHTML('<b>b</b>')")
    folder = bench.root / "jupyter"
    with NotebookNotary(data_dir=str(folder)) as notary:
        assert notary.check_signature(notebook)


def test_a_broken_signature_database_does_no_harm(bench):
    database = bench.root / "jupyter" / "nbsignatures.db"
    database.parent.mkdir()
    database.write_text("not a database")
    outcome, notebook = bench.run("1 + 1")
    assert outcome.state == "passed"
    assert notebook is not None
    assert database.read_text() == "not a database"


def test_widgets_keep_their_state(bench):
    _, notebook = bench.run("from ipywidgets import IntSlider\nIntSlider(7)")
    state = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]
    values = [model["state"].get("value") for model in state["state"].values()]
    assert 7 in values


def test_parameters_of_every_type(bench):
    given = {
        "pair": ("a", -1),
        "single": (1,),
        "nothing": None,
        "yes": True,
        "small": -1e-3,
        "endless": float("inf"),
        "text": "a 'b' \"c\"\n\\ # é \udc80",
        "tree": {"a": [1, (2, None)], 3: {"x": -0.5}},
        "some": {1, 2},
        "raw": b"\x00a",
    }
    wanted = repr(given).replace(" inf", " float('inf')")
    check = f"""
wanted = {wanted}
wrong = {{n: globals()[n] for n in wanted if globals()[n] != wanted[n]}}
assert not wrong, ascii(wrong)"""
    outcome, notebook = bench.run(check, parameters=given)
    assert outcome.state == "passed", outcome.failure
    assert notebook.cells[1].metadata.tags == ["injected-parameters"]


def test_secrets_are_used_but_not_written(bench):
    outcome, notebook = bench.run(
        "assert api_token == 'hush' + '-hush'",
        parameters={"api_token": "hush-hush", "tokens": 5},
    )
    assert outcome.state == "passed"
    assert "hush-hush" not in json.dumps(notebook)
    assert notebook.metadata.papermill.parameters == {"tokens": 5}


def test_an_error_is_told_and_stays(bench):
    outcome, notebook = bench.run(
        "x = 1", "raise ValueError('no rows')", "x = 2", parameters={"rows": 0}
    )
    failure = outcome.failure
    assert outcome.state == "failed"
    assert (failure.type, failure.message, failure.cell) == ("ValueError", "no rows", 2)
    assert notebook.cells[3].outputs[0].ename == "ValueError"
    assert notebook.cells[4].execution_count is None
    assert notebook.cells[4].metadata.papermill.status == "pending"
    assert len(notebook.cells) == 5  # no red marker cells
    assert notebook.metadata.mlkit.state == "failed"


def test_a_gate_in_the_last_cell_blocks(bench):
    outcome, notebook = bench.run(GATE, "gate()")
    assert outcome.state == "blocked"
    assert outcome.failure.message == "recall is 0.4, needs 0.6"
    (card,) = notebook.cells[2].outputs
    assert card.data["text/html"] == "<b>the card</b>"
    assert notebook.metadata.papermill.exception is False


def test_a_gate_elsewhere_fails(bench):
    outcome, _ = bench.run(GATE, "gate()", "1")
    assert outcome.state == "failed"
    assert "last" in outcome.failure.todo


def test_a_kernel_that_is_killed(bench):
    outcome, notebook = bench.run(
        "print('so far', flush=True)", "import os; os.kill(os.getpid(), 9)", "3"
    )
    failure = outcome.failure
    assert outcome.state == "failed"
    assert (failure.type, failure.cell) == ("KernelDied", 2)
    assert "SIGKILL" in failure.message
    assert notebook.cells[1].outputs[0].text == "so far\n"
    assert notebook.cells[2].metadata.mlkit.state == "failed"
    assert notebook.cells[3].execution_count is None


def test_sys_exit_is_a_failure(bench):
    outcome, _ = bench.run("import sys; sys.exit(0)", "3")
    assert outcome.state == "failed"
    assert outcome.failure.type == "SystemExit"
    assert outcome.failure.cell == 1


def test_exit_in_the_midst_is_a_failure(bench):
    outcome, _ = bench.run("import os; os._exit(0)", "3")
    assert outcome.state == "failed"
    assert outcome.failure.type == "KernelDied"


def test_a_step_that_takes_too_long(bench):
    started = time.monotonic()
    outcome, notebook = bench.run(
        LINGER, "print('in')\nwhile True: pass", "3", timeout=3
    )
    assert time.monotonic() - started < 9
    assert outcome.state == "failed"
    assert (outcome.failure.type, outcome.failure.cell) == ("Timeout", 2)
    kinds = [output.output_type for output in notebook.cells[2].outputs]
    assert kinds == ["stream", "error", "stream"]  # what it printed, where, and why
    bench.assert_nobody_left()


def test_a_step_that_never_stops_talking_is_timed_too(bench):
    talk = "while True: print('x', flush=True)"
    outcome, _ = bench.run(talk, timeout=2)
    assert outcome.failure.type == "Timeout"


def test_a_step_that_shrugs_off_interrupts(bench):
    stubborn = """
import signal, time
print('in', flush=True)
while True:
    try:
        while True: time.sleep(0.1)
    except KeyboardInterrupt:
        pass
"""
    outcome, notebook = bench.run(stubborn, timeout=2)
    assert outcome.failure.type == "Timeout"
    assert notebook.cells[1].outputs[0].text.startswith("in\n")
    bench.assert_nobody_left()


@pytest.mark.slow
def test_200_mb_of_output_are_not_held(bench):
    base = psutil.Process().memory_info().rss // 1024  # what the fork begins with
    worker = Worker.start(bench.job("print('x' * 200_000_000)", "3"))
    peak = 0
    while (outcome := worker.outcome()) is None:
        select.select([worker], [], [], 0.02)
        for process in psutil.Process(worker.pid).children()[:1]:
            status = f"/proc/{process.pid}/status"
            with open(status) as lines:
                high = [line for line in lines if line.startswith("VmHWM")]
            peak = max([peak, *(int(line.split()[1]) for line in high)])
    assert outcome.state == "failed"
    assert outcome.failure.type == "TooMuchOutput"
    assert outcome.failure.cell == 1
    assert 0 < peak < base + 150_000  # kB
    assert worker.job.output.stat().st_size < 100_000


def test_many_small_outputs_are_counted_too(bench):
    code = "for i in range(3000): print('x' * 99, flush=True)"
    outcome, _ = bench.run(code, fail_limit=200_000, output_limit=10_000)
    assert outcome.failure.type == "TooMuchOutput"


def test_a_cells_output_is_cut(bench):
    outcome, notebook = bench.run("for i in range(40): print('x' * 99_999)", "print(1)")
    assert outcome.state == "passed"
    kept, note = notebook.cells[1].outputs
    assert len(kept.text) == 2**20
    assert "output cut" in note.text
    assert notebook.cells[2].outputs[0].text == "1\n"


def test_one_large_display_is_left_out(bench):
    code = "from IPython.display import HTML\nHTML('x' * 2_000_000)"
    outcome, notebook = bench.run(code)
    assert outcome.state == "passed"
    assert "output cut" in notebook.cells[1].outputs[0].text


def test_lines_redrawn_are_kept_as_last_drawn(bench):
    code = """
import sys
for i in range(50):
    print(f'\\r{i} of 50', end='', file=sys.stderr, flush=True)
print(file=sys.stderr, flush=True)
print('done')
"""
    _, notebook = bench.run(code)
    texts = {output.name: output.text for output in notebook.cells[1].outputs}
    assert texts == {"stderr": "49 of 50\n", "stdout": "done\n"}


def test_outputs_cleared_and_updated(bench):
    code = """
from IPython.display import clear_output, display
for i in range(3):
    clear_output(wait=True)
    print(i)
shown = display('a', display_id=True)
shown.update('b')
"""
    _, notebook = bench.run(code)
    stream, shown = notebook.cells[1].outputs
    assert stream.text == "2\n"
    assert shown.data["text/plain"] == "'b'"


def test_input_is_refused(bench):
    outcome, _ = bench.run("name = input('who? ')", "3")
    assert outcome.state == "failed"
    assert outcome.failure.type == "InputRequested"
    assert "mk.decide" in outcome.failure.todo


@pytest.mark.parametrize("code", [LINGER, DETACH], ids=["session", "double fork"])
def test_detached_children_end_with_the_step(bench, code):
    outcome, _ = bench.run(code)
    assert outcome.state == "passed"
    assert bench.left() == []


def test_files_left_open_and_exit_handlers(bench):
    code = """
import atexit
left_open = open('open.txt', 'w')
left_open.write('all of it')
atexit.register(lambda: open('exit.txt', 'w').write('said goodbye'))
"""
    outcome, _ = bench.run(code)
    assert outcome.state == "passed"
    assert (bench.cwd / "open.txt").read_text() == "all of it"
    assert (bench.cwd / "exit.txt").read_text() == "said goodbye"


def test_folder_and_environment_of_the_kernel(bench):
    code = "import os\nassert os.environ['MLKIT_JOB'] == 'job'\nprint(os.getcwd())"
    outcome, notebook = bench.run(code, env={"MLKIT_JOB": "job"})
    assert outcome.state == "passed"
    assert notebook.cells[1].outputs[0].text.strip() == str(bench.cwd)
    assert "MLKIT_JOB" not in os.environ


def test_what_cannot_start_is_told_and_leaves_no_stale_output(bench):
    job = bench.job("1", kernel="no-such-kernel")
    job.output.parent.mkdir()
    job.output.write_text("stale")
    outcome = Worker.start(job).wait(30)
    assert outcome.failure.type == "NoSuchKernel"
    assert not job.output.exists()


def test_a_kernel_that_does_not_start(bench):
    spec = bench.root / "jupyter" / "kernels" / "bad"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-c", "raise OSError('no luck')", "{connection_file}"]
    spec.joinpath("kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Bad", "language": "python"})
    )
    outcome, notebook = bench.run("1", kernel="bad")
    assert outcome.failure.type == "KernelDied"
    assert outcome.failure.message.endswith("OSError: no luck")
    assert notebook.cells[1].execution_count is None


def test_a_folder_that_is_not_there(bench):
    outcome, _ = bench.run("1", cwd=bench.root / "nowhere")
    assert outcome.failure.type == "FileNotFoundError"


def test_a_name_with_braces(bench):
    outcome, notebook = bench.run("1", name="a{b}")
    assert outcome.state == "passed"
    assert notebook is not None


def test_a_full_disk_fails_the_step_and_leaves_no_half(bench, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    outcome, notebook = bench.run("1")
    assert outcome.state == "failed"
    assert "No space left" in outcome.failure.message
    assert notebook is None
    assert list(bench.output.parent.iterdir()) == []


def test_write_syncs_the_file_before_its_name(tmp_path, monkeypatch):
    order = []
    fsync = os.fsync
    monkeypatch.setattr(
        os,
        "fsync",
        lambda fd: (
            order.append(os.path.basename(os.readlink(f"/dev/fd/{fd}"))),
            fsync(fd),
        ),
    )
    target = tmp_path / "a.ipynb"
    writing.write(target, b"one")
    assert order == [f".writing-{os.getpid()}", tmp_path.name]
    assert target.read_bytes() == b"one"


def test_interrupt_saves_what_was_done(bench):
    job = bench.job("print('done before')", LINGER, "import time; time.sleep(60)", "4")
    worker = Worker.start(job)
    wait_for_cell(worker, 3)
    worker.interrupt()
    outcome = worker.wait(10)
    notebook = bench.executed(job)
    assert (outcome.state, outcome.failure) == ("interrupted", None)
    assert notebook.cells[1].outputs[0].text == "done before\n"
    assert notebook.cells[3].metadata.mlkit.state == "interrupted"
    assert notebook.cells[4].execution_count is None
    assert notebook.metadata.mlkit.state == "interrupted"
    bench.assert_nobody_left(0.5)


def test_sigterm_to_the_worker_is_an_interrupt(bench):
    job = bench.job(LINGER, "import time; time.sleep(60)")
    worker = Worker.start(job)
    wait_for_cell(worker, 2)
    os.kill(psutil.Process(worker.pid).children()[0].pid, signal.SIGTERM)
    assert worker.wait(10).state == "interrupted"
    assert bench.executed(job).metadata.mlkit.state == "interrupted"
    bench.assert_nobody_left(0.5)


def test_kill_ends_all_at_once(bench):
    worker = Worker.start(bench.job(LINGER, DETACH, "import time; time.sleep(60)"))
    wait_for_cell(worker, 3)
    worker.kill()
    outcome = worker.wait(5)
    assert outcome.state == "failed"
    assert outcome.failure.type == "WorkerDied"
    bench.assert_nobody_left(0.5)


@pytest.mark.parametrize("victim", ["guard", "worker", "both"])
def test_no_orphans_when_the_worker_is_killed(bench, victim):
    worker = Worker.start(bench.job(LINGER, DETACH, "import time; time.sleep(60)"))
    wait_for_cell(worker, 3)
    (below,) = psutil.Process(worker.pid).children()
    if victim in ("worker", "both"):
        os.kill(below.pid, signal.SIGKILL)
    if victim == "guard":
        os.kill(worker.pid, signal.SIGKILL)
    outcome = worker.wait(5)
    assert outcome.state in ("failed", "interrupted")
    bench.assert_nobody_left()


def test_a_worker_that_is_forgotten_ends(bench):
    worker = Worker.start(bench.job(LINGER, "import time; time.sleep(60)"))
    wait_for_cell(worker, 2)
    worker._channel.close()
    bench.assert_nobody_left(3)
    os.waitpid(worker.pid, 0)


def test_workers_side_by_side(bench):
    jobs = [bench.job(f"print({i})", name=f"s{i}") for i in range(3)]
    workers = [Worker.start(job) for job in jobs]
    outcomes = [worker.wait(60) for worker in workers]
    assert [outcome.state for outcome in outcomes] == ["passed"] * 3
    printed = [bench.executed(job).cells[1].outputs[0].text for job in jobs]
    assert printed == ["0\n", "1\n", "2\n"]


def test_where_workers_cannot_be_forked(bench):
    job = bench.job(LINGER, "print(rows)", parameters={"rows": (1, None)})
    worker = Worker.start(job, forked=False)
    assert worker.wait(60).state == "passed"
    assert bench.executed(job).cells[3].outputs[0].text == "(1, None)\n"
    told = worker.events()
    assert len(told) == 9
    assert [e["text"] for e in told if e["event"] == "output"] == ["(1, None)\n"]
    bench.assert_nobody_left(0.5)


def wait_for_cell(worker, number):
    """Wait until the `number`th cell runs."""
    heard = []
    while number not in heard:
        select.select([worker], [], [], 30)
        heard += [e["number"] for e in worker.events() if "started" in e["event"]]
        assert worker.outcome() is None
    time.sleep(0.2)  # past the fork of what the cell before it started


def cell(source="x", count=1, *errors, tags=()):
    return nbformat.from_dict(
        {
            "cell_type": "code",
            "source": source,
            "execution_count": count,
            "metadata": {"tags": list(tags)},
            "outputs": [
                {"output_type": "error", "ename": e, "evalue": "", "traceback": []}
                for e in errors
            ],
        }
    )


def test_judging():
    assert judging.judge([cell(), cell("  ", None)])[0] == "passed"
    assert judging.judge([cell(), cell("x", None)])[1].type == "NotExecuted"
    skipped = cell("x", None, tags=["skip-execution"])
    assert judging.judge([cell(), skipped])[0] == "passed"
    swallowed = (1, {"status": "error", "ename": "KeyError", "evalue": "'a'"})
    assert judging.judge([cell(), cell()], swallowed)[1].type == "KeyError"
    assert judging.judge([cell(), cell("y", 2, "KeyError")])[1].cell == 1
    assert judging.judge([cell("x", 1, "Blocked"), cell("", None)])[0] == "blocked"
    assert judging.judge([])[0] == "passed"
