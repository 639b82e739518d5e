import os
import sqlite3
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import StoreError
from mlkit.core.media import Media, media


@settings(max_examples=30, deadline=None)
@given(contents=st.lists(st.binary(max_size=200), max_size=30))
def test_what_is_put_is_got(tmp_path_factory, contents):
    kept = Media(tmp_path_factory.mktemp("m") / "media.sqlite")
    digests = kept.put_all(contents)
    assert [kept.get(d) for d in digests] == contents
    assert len(kept) == len(set(contents)) == len(set(digests))
    again = Media(kept.path)
    assert again.put_all(contents) == digests
    assert len(again) == len(kept)


def test_damage_and_absence_are_told(tmp_path):
    kept = Media(tmp_path / "media.sqlite")
    digest = kept.put(b"whole")
    with pytest.raises(StoreError, match="no such media"):
        kept.get("0" * 64)
    with sqlite3.connect(kept.path) as file:
        file.execute("UPDATE media SET bytes = x'00'")
    with pytest.raises(StoreError, match="damaged"):
        kept.get(digest)


def test_threads_share_it(tmp_path):
    kept = Media(tmp_path / "media.sqlite")
    parts = [[f"{i} {j}".encode() for j in range(50)] for i in range(4)]
    threads = [threading.Thread(target=kept.put_all, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 200


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_a_fork_opens_its_own(tmp_path):
    kept = Media(tmp_path / "media.sqlite")
    digest = kept.put(b"before")
    child = os.fork()
    if child == 0:
        kept.put(b"in the child")
        os._exit(0 if kept.get(digest) == b"before" else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(kept) == 2


def test_what_is_dropped_is_gone(tmp_path):
    kept = Media(tmp_path / "media.sqlite")
    stays, goes = kept.put_all([b"a", b"b"])
    kept.drop([goes])
    assert list(kept.digests()) == [stays]


def test_outside_of_a_project_they_pass(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digest = media().put(b"x")
    assert media().get(digest) == b"x"
    assert not list(tmp_path.iterdir())
