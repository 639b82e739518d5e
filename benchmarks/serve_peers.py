"""Servers to compare with, each run in an environment of its own: NAME TABLE PORT."""

import os
import sys
from pathlib import Path

NEEDS = {
    "mlflow": ("mlflow", "scikit-learn", "pandas"),
    "bentoml": ("bentoml", "scikit-learn", "pandas"),
}
BENTO = """
import bentoml, joblib
import pandas as pd

@bentoml.service(workers=1, traffic={"timeout": 60})
class Peer:
    def __init__(self):
        self.model = joblib.load("model.joblib")

    @bentoml.api
    def predict(self, rows: list[dict]) -> list:
        chances = self.model.predict_proba(pd.DataFrame(rows))
        return [dict(zip(self.model.classes_, row)) for row in chances.tolist()]
"""


def fitted(table):
    """Return boosting on numbers and one-hot words, as most would write it."""
    import pandas as pd
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    rows = pd.read_csv(table)
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer(
        (words, make_column_selector(dtype_exclude="number")), remainder="passthrough"
    )
    model = make_pipeline(columns, HistGradientBoostingClassifier(random_state=0))
    return model.fit(rows.drop(columns="target"), rows["target"])


def mlflow(table, port):
    """Serve by MLflow's own server, with one worker."""
    import mlflow.sklearn

    mlflow.sklearn.save_model(
        *(fitted(table), "model"),
        serialization_format="cloudpickle",
        pyfunc_predict_fn="predict_proba",
    )
    beside = Path(sys.executable).with_name("mlflow")
    command = [beside, "models", "serve", "-m", "model", "-p", port, "--workers", "1"]
    os.environ["PATH"] = f"{beside.parent}:{os.environ['PATH']}"
    os.execv(beside, [*map(str, command), "--env-manager", "local"])


def bentoml(table, port):
    """Serve by BentoML, with one worker."""
    import joblib

    joblib.dump(fitted(table), "model.joblib")
    Path("service.py").write_text(BENTO)
    beside = Path(sys.executable).with_name("bentoml")
    os.execv(beside, [str(beside), "serve", "service:Peer", "--port", port])


if __name__ == "__main__":
    {"mlflow": mlflow, "bentoml": bentoml}[sys.argv[1]](*sys.argv[2:])
