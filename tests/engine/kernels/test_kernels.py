"""Warm kernels: as a plain one in all but speed, and as mortal."""

import json
import os
import select
import signal
import subprocess
import sys
import time

import psutil
import pytest

from mlkit.engine.execution.worker import Worker
from mlkit.engine.kernels.warm import KernelServer, borrow

PROBE = """
import json, os, random, signal, sys
facts = {
    'mlkit': [name for name in sys.modules if name.split('.')[0] == 'mlkit'],
    'argv': [os.path.basename(word) for word in sys.argv],
    'path': sys.path,
    'cwd': os.getcwd(),
    'environ': dict(os.environ),
    'flags': str(sys.flags),
    'main': __name__,
    'signals': {s: str(signal.getsignal(s)) for s in map(int, signal.Signals)},
    'mask': str(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    'leads': os.getsid(0) == os.getpgid(0) == os.getpid(),
    'umask': os.umask(0o22),
    'hooks': [str(type(f)) for f in sys.meta_path],
    'stdin': sys.stdin.read(),
}
draw = random.random()
"""
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
SLEEP = "import time; time.sleep(60)"


def warm(server, **options):
    return {"warm": True, "server": server.path, **options}


def is_warm(notebook):
    return notebook.metadata.mlkit.kernel == "warm"


def wait_for_cell(worker, number):
    """Wait until the `number`th cell runs."""
    heard = []
    while number not in heard:
        select.select([worker], [], [], 30)
        heard += [e["number"] for e in worker.events() if "started" in e["event"]]
        assert worker.outcome() is None
    time.sleep(0.2)  # past the fork of what the cell before it started


def test_a_warm_kernel_starts_as_a_plain_one(bench, server):
    facts = {}
    for kind, options in {"plain": {}, "warm": warm(server)}.items():
        write = f"json.dump([facts, draw], open('{kind}.json', 'w'))"
        env = {"MLKIT_JOB": "job"}
        outcome, notebook = bench.run(PROBE, write, env=env, **options)
        assert outcome.state == "passed", outcome.failure
        assert is_warm(notebook) == (kind == "warm")
        facts[kind] = json.loads((bench.cwd / f"{kind}.json").read_text())
    (plain, one), (forked, other) = facts["plain"], facts["warm"]
    assert one != other
    assert forked["mlkit"] == []
    assert forked["environ"].pop("JPY_PARENT_PID").isdigit()
    plain["environ"].pop("JPY_PARENT_PID")
    assert forked == plain


def test_nothing_passes_from_one_warm_kernel_to_the_next(bench, server):
    leave = "import os, sys, string\nos.environ['LEFT'] = sys.left = string.left = 'x'"
    draw = "import random, numpy\nprint(random.random(), numpy.random.rand())"
    printed = []
    for i in range(2):
        env = {f"ONLY_{i}": "x"}
        look = f"assert 'ONLY_{1 - i}' not in os.environ and 'ONLY_{i}' in os.environ"
        clean = (
            "import os, sys; assert not {'LEFT', 'left'} & {*os.environ, *vars(sys)}"
        )
        outcome, notebook = bench.run(clean, look, draw, leave, env=env, **warm(server))
        assert outcome.state == "passed", outcome.failure
        assert is_warm(notebook)
        printed.append(notebook.cells[3].outputs[0].text)
    assert printed[0] != printed[1]


def test_figures_of_a_warm_kernel_are_those_of_a_plain_one(bench):
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])"
    pictures = []
    with KernelServer.start(["matplotlib.pyplot", "numpy"]) as server:
        for options in ({}, warm(server)):
            _, notebook = bench.run(code, "plt.rcParams['backend']", **options)
            kinds = [output.output_type for output in notebook.cells[1].outputs]
            assert kinds == ["execute_result", "display_data"]
            pictures.append(notebook.cells[1].outputs[1].data["image/png"])
            pictures.append(notebook.cells[2].outputs[0].data["text/plain"])
    assert is_warm(notebook)
    assert pictures[:2] == pictures[2:]


def test_threads_of_numerical_libraries_survive_the_fork(bench):
    modules = ["numpy", "sklearn.ensemble", "pyarrow.parquet", "pandas"]
    code = """
import numpy as np, pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
X = np.random.rand(2000, 20); (X.T @ X).sum()
HistGradientBoostingClassifier(max_iter=3).fit(X, X[:, 0] > 0.5)
pd.DataFrame(X).set_axis([f'c{i}' for i in range(20)], axis=1).to_parquet('x.parquet')
pd.read_parquet('x.parquet').shape
"""
    with KernelServer.start(modules) as server:
        outcome, notebook = bench.run(code, timeout=60, **warm(server))
    assert outcome.state == "passed", outcome.failure
    assert is_warm(notebook)


@pytest.mark.parametrize("code", [LINGER, DETACH], ids=["session", "double fork"])
def test_detached_children_end_with_their_kernel_alone(bench, server, code):
    long = Worker.start(bench.job(DETACH, SLEEP, name="long", **warm(server)))
    wait_for_cell(long, 3)
    outcome, _ = bench.run(code, **warm(server))
    assert outcome.state == "passed"
    assert bench.left().count("sleep 300") == 1  # that of the other kernel
    long.kill()
    long.wait(5)
    server.close()
    bench.assert_nobody_left(0.5)


def test_files_left_open_and_exit_handlers(bench, server):
    code = """
import atexit
left_open = open('open.txt', 'w')
left_open.write('all of it')
atexit.register(lambda: open('exit.txt', 'w').write('said goodbye'))
"""
    outcome, _ = bench.run(code, **warm(server))
    assert outcome.state == "passed"
    assert (bench.cwd / "open.txt").read_text() == "all of it"
    assert (bench.cwd / "exit.txt").read_text() == "said goodbye"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("import os; os.kill(os.getpid(), 9)", "KernelDied"),
        ("import sys; sys.exit(0)", "SystemExit"),
        ("while True: pass", "Timeout"),
        ("input()", "InputRequested"),
        ("print('x' * 200_000_000)", "TooMuchOutput"),
    ],
)
def test_a_warm_step_fails_as_a_plain_one(bench, server, code, failure):
    timeout = 2 if failure == "Timeout" else None
    outcome, notebook = bench.run(LINGER, code, "3", timeout=timeout, **warm(server))
    assert outcome.state == "failed"
    assert (outcome.failure.type, outcome.failure.cell) == (failure, 2)
    assert is_warm(notebook)
    assert "sleep 300" not in bench.left()


def test_interrupting_a_warm_step(bench, server):
    job = bench.job("print('before')", LINGER, SLEEP, **warm(server))
    worker = Worker.start(job)
    wait_for_cell(worker, 4)
    worker.interrupt()
    assert worker.wait(10).state == "interrupted"
    notebook = bench.executed(job)
    assert notebook.cells[1].outputs[0].text == "before\n"
    assert notebook.cells[3].outputs[0].ename == "KeyboardInterrupt"
    assert "sleep 300" not in bench.left()


def test_warm_steps_side_by_side(bench, server):
    jobs = [bench.job(f"print({i})", name=f"s{i}", **warm(server)) for i in range(4)]
    workers = [Worker.start(job) for job in jobs]
    assert [worker.wait(60).state for worker in workers] == ["passed"] * 4
    notebooks = [bench.executed(job) for job in jobs]
    assert all(is_warm(notebook) for notebook in notebooks)
    printed = [notebook.cells[1].outputs[0].text for notebook in notebooks]
    assert printed == ["0\n", "1\n", "2\n", "3\n"]


def test_a_plain_kernel_where_the_server_is_gone(bench, server):
    path = server.path
    server.close()
    outcome, notebook = bench.run("1 + 1", warm=True, server=path)
    assert outcome.state == "passed"
    assert not is_warm(notebook)


def test_a_plain_kernel_where_a_warm_one_would_differ(bench, server):
    env = {"OMP_NUM_THREADS": "1"}
    code = "import os; assert os.environ['OMP_NUM_THREADS'] == '1'"
    outcome, notebook = bench.run(code, env=env, **warm(server))
    assert outcome.state == "passed"
    assert not is_warm(notebook)


def test_only_plain_python_kernels_are_lent(server):
    ours = [sys.executable, "-m", "ipykernel_launcher", "-f", "x.json"]
    others = [
        ["/usr/bin/python3", *ours[1:]],
        [sys.executable, "-m", "bash_kernel", "-f", "x.json"],
        [sys.executable, "-c", "pass"],
    ]
    for argv in others:
        assert borrow(str(server.path), argv, os.environ, None) is None


def test_a_server_that_is_killed_takes_its_kernels_along(bench, server):
    worker = Worker.start(bench.job(LINGER, DETACH, SLEEP, **warm(server)))
    wait_for_cell(worker, 4)
    (below,) = psutil.Process(server._pid).children()
    os.kill(below.pid, signal.SIGKILL)
    outcome = worker.wait(10)
    assert outcome.failure.type == "KernelDied"
    bench.assert_nobody_left()


@pytest.mark.parametrize("victim", ["guard", "worker"])
def test_no_orphans_when_the_worker_is_killed(bench, server, victim):
    worker = Worker.start(bench.job(LINGER, DETACH, SLEEP, **warm(server)))
    wait_for_cell(worker, 4)
    (below,) = psutil.Process(worker.pid).children()
    os.kill(worker.pid if victim == "guard" else below.pid, signal.SIGKILL)
    assert worker.wait(5).state in ("failed", "interrupted")
    deadline = time.monotonic() + 5
    while "sleep 300" in bench.left():
        assert time.monotonic() < deadline
        time.sleep(0.02)


RUNNER = """
import select, sys, time
from pathlib import Path
from mlkit.engine.kernels.warm import KernelServer
from mlkit.engine.execution.worker import Job, Worker

root = Path(sys.argv[1])
server = KernelServer.start()
workers = []
for name in ("plain", "warm"):
    job = Job(name, root / f"{name}.ipynb", root / f"{name}-out.ipynb", root,
              warm=name == "warm", server=server.path)
    workers.append(Worker.start(job))
for worker in workers:
    heard = 0
    while heard < 4:
        select.select([worker], [], [])
        heard += sum(e["event"] == "cell_started" for e in worker.events())
time.sleep(0.2)
print("ready", flush=True)
while True:
    pass
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_orphans_when_the_run_is_killed(bench, tmp_path, how):
    script = tmp_path / "runner.py"
    script.write_text(RUNNER)
    for name in ("plain", "warm"):
        bench.job(LINGER, DETACH, SLEEP, name=name)
    command = [sys.executable, str(script), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as runner:
        assert runner.stdout.readline() == b"ready\n"
        assert bench.left().count("sleep 300") == 4
        runner.send_signal(how)
        runner.wait()
        bench.assert_nobody_left()
    states = [
        json.loads((tmp_path / f"{name}-out.ipynb").read_text())["metadata"]["mlkit"]
        for name in ("plain", "warm")
    ]
    assert [state["state"] for state in states] == ["interrupted", "interrupted"]
    assert states[1]["kernel"] == "warm"


def test_stock_papermill_borrows_kernels(bench, server, tmp_path, monkeypatch):
    spec = tmp_path / "jupyter" / "kernels" / "quick"
    spec.mkdir(parents=True)
    plain = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    provisioner = {"kernel_provisioner": {"provisioner_name": "mlkit-warm"}}
    spec.joinpath("kernel.json").write_text(
        json.dumps(
            {
                "argv": plain,
                "display_name": "Quick",
                "language": "python",
                "metadata": provisioner,
            }
        )
    )
    job = bench.job("import os; print(os.getppid())", LINGER)
    job.output.parent.mkdir()
    command = [sys.executable, "-m", "papermill", str(job.notebook), str(job.output)]
    env = {**os.environ, "MLKIT_KERNELS": str(server.path)}
    subprocess.run([*command, "-k", "quick"], env=env, check=True, capture_output=True)
    (serving,) = psutil.Process(server._pid).children()
    printed = bench.executed(job).cells[1].outputs[0].text
    assert int(printed) == serving.pid
    server.close()
    bench.assert_nobody_left(0.5)
