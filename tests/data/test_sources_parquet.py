import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mlkit.core.errors import InputError
from mlkit.core.media import media
from mlkit.core.schema import Schema
from mlkit.data.collect import collect


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def png(shade):
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 4), shade, np.uint8)).save(buffer, "png")
    return buffer.getvalue()


def test_images_as_hugging_face_writes_them_become_digests_and_labels_names():
    cells = [{"bytes": png(i), "path": f"{i}.png"} for i in range(3)] + [None]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"image": pa.array(cells, kind), "label": [0, 1, -1, 1]})
    told = {"image": {"_type": "Image"}}
    told["label"] = {"_type": "ClassLabel", "names": ["cat", "dog"]}
    form = json.dumps({"info": {"features": told}})
    pq.write_table(table.replace_schema_metadata({"huggingface": form}), "x.parquet")
    found = collect("x.parquet").table
    assert Schema.of(found)["image"].type == "image"
    assert Schema.of(found).target == "label"
    assert found["label"].tolist()[:2] == ["cat", "dog"]
    assert found["label"].isna().tolist() == [False, False, True, False]
    assert media().get(found["image"].iloc[1]) == png(1)
    assert pd.isna(found["image"].iloc[3])


def test_a_first_look_reads_a_few_row_groups_only(monkeypatch):
    table = pa.table({"x": np.arange(10_000.0)})
    pq.write_table(table, "x.parquet", row_group_size=100)
    seen = []
    plain = pq.ParquetFile.read_row_groups

    def noted(self, groups, *args, **kwargs):
        seen.extend(groups)
        return plain(self, groups, *args, **kwargs)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", noted)
    found = collect("x.parquet", sample=250)
    assert len(found.table) == 250
    assert seen == [0, 49, 99]
    assert any("3 of 100 row groups" in note for note in found.receipt.notes)
    assert len(collect("x.parquet").table) == 10_000


def test_a_column_named_twice_is_one_clear_error():
    table = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(table, "x.parquet")
    with pytest.raises(InputError, match="used twice: a"):
        collect("x.parquet")
