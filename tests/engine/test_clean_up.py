"""What leaves the store, and what stays."""

import pandas as pd

from mlkit.core.media import Media
from mlkit.core.project import Project
from mlkit.core.schema import Column, Schema
from mlkit.core.store import Store
from mlkit.engine.clean_up import clean_up


def test_images_that_no_table_names_and_what_was_fetched_go(tmp_path):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    project = Project(tmp_path)
    kept = Media(project.state / "media.sqlite")
    stays, _ = kept.put_all([b"named", b"not named"])
    table = pd.DataFrame({"photo": [stays, None]}, dtype="str")
    table = Schema((Column("photo", "image"),)).attach(table)
    store = Store(project.state)
    store.set_refs({"raw": store.put(table, "raw")})
    fetched = project.state / "downloads" / "a" / "rows.csv"
    fetched.parent.mkdir(parents=True)
    fetched.write_text("x")
    assert clean_up(project, 10, dry_run=True)[1] == 1
    assert len(kept) == 2
    clean_up(project, 10)
    assert list(kept.digests()) == [stays]
    assert not fetched.exists()
    assert store.get(store.refs()["raw"])["photo"].iloc[0] == stays
