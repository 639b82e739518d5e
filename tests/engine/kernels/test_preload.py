"""Which libraries a kernel server imports before it is asked for kernels."""

from mlkit.engine.kernels.preload import forkable, preloads


def test_one_step_alone_gains_nothing(tmp_path):
    assert preloads([(["import pandas"], tmp_path), (["import numpy"], tmp_path)]) == []


def test_modules_beside_the_notebooks_are_followed(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "__init__.py").write_text("from .part import x")
    (tmp_path / "own" / "part.py").write_text(
        "from ..other import y\nimport scipy.stats"
    )
    (tmp_path / "broken.py").write_text("import (")
    steps = [
        (["%matplotlib inline\nimport own, broken"], tmp_path),
        (["from own import part"], tmp_path),
    ]
    assert preloads(steps) == ["scipy.stats"]


def test_mlkits_modules_are_followed_and_not_named(tmp_path):
    steps = [(["import mlkit as mk", "from mlkit.model import train"], tmp_path)] * 2
    found = preloads(steps)
    assert "pandas" in found
    assert any(name.startswith("sklearn.linear_model") for name in found)
    assert not any(name.startswith("mlkit") for name in found)


def test_what_starts_threads_or_looks_for_a_kernel_is_left_out():
    assert forkable(["tensorflow", "torch", "ipywidgets", "plotly", "dask"]) == []
