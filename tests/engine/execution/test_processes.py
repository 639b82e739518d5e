"""Guards: whatever ends, nothing below outlives it."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest

from mlkit.engine.execution import processes
from mlkit.engine.execution.worker import private_room

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="guards need Linux")


class Started:
    """A guarded body, and what is known of it."""

    def __init__(self, body, keep=()):
        self.room = private_room()
        self.guard, self.channel = processes.guarded(body, self.room, keep)
        self.words = self.channel.makefile("rb", buffering=0)
        self.child = int(self.words.readline())
        self.tree = [psutil.Process(pid) for pid in (self.guard, self.child)]

    def add(self):
        """Take in a process that the body tells of."""
        self.tree.append(psutil.Process(int(self.words.readline())))

    def ended(self):
        """Wait for the end of the channel."""
        return self.words.readline() == b""

    def close(self):
        self.words.close()
        self.channel.close()

    def alive(self):
        return [
            process.pid
            for process in self.tree
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        ]


@pytest.fixture
def start():
    started = []

    def begin(body, keep=()):
        def tell_and_do(channel):
            channel.sendall(b"%d\n" % os.getpid())
            body(channel)

        started.append(Started(tell_and_do, keep))
        return started[-1]

    yield begin
    for one in started:
        one.close()
        os.waitpid(one.guard, 0)
        assert not one.alive()
        assert not one.room.exists()


def sleep(_):
    time.sleep(300)


def detach_and_sleep(channel):
    """Start a sleeper in a session of its own whose parent is gone, and sleep."""
    if os.fork() == 0:
        os.setsid()
        pid = os.fork()
        if pid == 0:
            os.execvp("sleep", ["sleep", "300"])
        channel.sendall(b"%d\n" % pid)
        os._exit(0)
    time.sleep(300)


def ignore_and_sleep(channel):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    channel.sendall(b"ready\n")
    time.sleep(300)


def test_the_channel_ends_when_all_is_dead(start):
    def detach(channel):
        if os.fork() == 0:
            detach_and_sleep(channel)
        time.sleep(0.2)

    one = start(detach)
    one.add()
    assert one.ended()
    assert [p for p in one.alive() if p != one.guard] == []


def test_a_body_that_raises_ends_all_the_same(start):
    one = start(lambda _: os.dup2(os.open(os.devnull, os.O_WRONLY), 2) and 1 / 0)
    assert one.ended()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGQUIT])
def test_a_guard_that_is_told_to_end_leaves_nobody(start, eventually, signum):
    one = start(detach_and_sleep)
    one.add()
    os.kill(one.guard, signum)
    eventually(lambda: not one.alive(), 3)


def test_a_guard_that_is_killed_takes_its_child_along(start, eventually):
    one = start(sleep)
    os.kill(one.guard, signal.SIGKILL)
    eventually(lambda: not one.alive(), 3)
    shutil.rmtree(one.room)  # nobody is left to do it


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_that_is_ended_leaves_nobody(start, eventually, signum):
    one = start(detach_and_sleep)
    one.add()
    os.kill(one.child, signum)
    assert one.ended()
    assert [p for p in one.alive() if p != one.guard] == []


def test_closing_the_channel_ends_the_child(start, eventually):
    one = start(sleep)
    one.close()
    eventually(lambda: not one.alive(), 3)


def test_a_child_that_will_not_end_is_killed(start, eventually, monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.3)
    one = start(ignore_and_sleep)
    assert one.words.readline() == b"ready\n"
    one.close()
    eventually(lambda: not one.alive(), 3)


def test_locks_and_pipes_of_the_parent_are_let_go(start, tmp_path):
    reader, writer = os.pipe()
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    one = start(sleep)
    os.close(writer)
    os.close(lock)
    assert os.read(reader, 1) == b""
    os.close(reader)
    again = os.open(tmp_path / "lock", os.O_RDWR)
    fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(again)
    assert len(one.alive()) == 2


def test_a_descriptor_can_be_kept(start):
    reader, writer = os.pipe()
    one = start(lambda _: os.write(writer, b"kept"), keep=[writer])
    os.close(writer)
    assert os.read(reader, 9) == b"kept"
    os.close(reader)
    assert one.ended()


def test_ctrl_c_in_the_terminal_does_not_reach_the_child(start):
    one = start(sleep)
    assert os.getsid(one.child) == one.guard != os.getsid(0)


def test_descendants():
    with subprocess.Popen(
        ["sh", "-c", "sleep 300 & echo; wait"], stdout=subprocess.PIPE
    ) as shell:
        shell.stdout.readline()
        below = processes.descendants(shell.pid)
        assert processes.children(shell.pid) == set(below)
        assert set(below) < set(processes.descendants(os.getpid()))
        for pid in [shell.pid, *below]:
            os.kill(pid, signal.SIGKILL)
    assert processes.descendants(shell.pid) == []
