"""One system learns from a table and answers for another, in its own environment.

Run as ``python table_peers.py SYSTEM TRAIN TEST OUT KIND SECONDS SEED``; the answers
are a CSV, a column of values or a column a class.
"""
# ruff: noqa: ARG001

import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

NEEDS = {
    "autogluon_best": ("autogluon.tabular[catboost,lightgbm,xgboost]",),
    "autogluon_medium": ("autogluon.tabular[catboost,lightgbm,xgboost]",),
    "flaml": ("flaml[automl]",),
    "lightgbm_optuna": ("lightgbm", "optuna", "scikit-learn", "pandas"),
    "mljar": ("mljar-supervised",),
    "mlkit_lightgbm": (f"{Path(__file__).parent.parent}[lightgbm]",),
}
HERE = ("forest", "histograms", "mlkit")


def main():
    system, train, test, out, kind, seconds, seed = sys.argv[1:]
    warnings.simplefilter("ignore")
    rows, asked = pd.read_csv(train), pd.read_csv(test)
    answer = globals()[system]
    said = answer(rows, asked, kind, float(seconds), int(seed))
    classes = sorted(rows["target"].unique()) if kind == "classes" else ["value"]
    said = pd.DataFrame(np.reshape(said, (len(asked), -1)), columns=classes)
    said.to_csv(out, index=False)


def mlkit(rows, asked, kind, seconds, seed):
    import time

    from mlkit.core.schema import Column, Schema
    from mlkit.model.choose import choose
    from mlkit.model.train import train
    from mlkit.model.tune import tune

    start = time.monotonic()
    table = rows.copy()
    words = [n for n in table if not pd.api.types.is_numeric_dtype(table[n])]
    for part in (table, asked):
        for name in set(words) & set(part):
            part[name] = part[name].astype("str")
    table.index = pd.Index([f"r{at}" for at in range(len(table))], dtype="str")
    types = {n: "category" if n in words else "number" for n in table}
    roles = {"target": ("target",)}
    columns = [Column(n, types[n], roles.get(n, ())) for n in table]
    Schema(tuple(columns)).attach(table)
    shortlist = choose(table, ["linear"], folds=2, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        left = seconds - (time.monotonic() - start)
        keep = Path(folder)
        settings = tune(table, shortlist, seconds=left, seed=seed, keep=keep)
        model = train(table, settings, keep=keep)
    return model.predicted(asked)


def mlkit_lightgbm(rows, asked, kind, seconds, seed):
    return mlkit(rows, asked, kind, seconds, seed)


def plain(rows, asked):
    """Return numbers alone: words as codes, unseen ones as missing."""
    both = []
    for part in (rows.drop(columns="target"), asked):
        made = part.copy()
        for name in made:
            if not pd.api.types.is_numeric_dtype(made[name]):
                levels = sorted(rows[name].dropna().astype(str).unique())
                codes = pd.Index(levels).get_indexer(made[name].astype(str))
                made[name] = np.where(codes < 0, np.nan, codes)
        both.append(made.to_numpy(float))
    return both


def fitted(model, x, y, z, kind):
    model.fit(x, y)
    return model.predict_proba(z) if kind == "classes" else model.predict(z)


def histograms(rows, asked, kind, seconds, seed):
    import sklearn.ensemble as e

    make = {
        "classes": e.HistGradientBoostingClassifier,
        "number": e.HistGradientBoostingRegressor,
    }
    x, z = plain(rows, asked)
    return fitted(make[kind](random_state=seed), x, rows["target"], z, kind)


def forest(rows, asked, kind, seconds, seed):
    import sklearn.ensemble as e

    make = {"classes": e.RandomForestClassifier, "number": e.RandomForestRegressor}
    x, z = (np.nan_to_num(part, nan=-1e6) for part in plain(rows, asked))
    return fitted(make[kind](random_state=seed), x, rows["target"], z, kind)


def flaml(rows, asked, kind, seconds, seed):
    from flaml import AutoML

    task = {"classes": "classification", "number": "regression"}[kind]
    made = AutoML()
    made.fit(
        X_train=rows.drop(columns="target"),
        y_train=rows["target"],
        task=task,
        time_budget=seconds,
        n_jobs=1,
        seed=seed,
        verbose=0,
    )
    return made.predict_proba(asked) if kind == "classes" else made.predict(asked)


def autogluon_best(rows, asked, kind, seconds, seed, presets="best_quality"):
    from autogluon.tabular import TabularPredictor

    with tempfile.TemporaryDirectory() as folder:
        made = TabularPredictor("target", path=folder, verbosity=0)
        made.fit(rows, time_limit=seconds, presets=presets, num_cpus=1, num_gpus=0)
        if kind == "number":
            return made.predict(asked).to_numpy()
        return made.predict_proba(asked)[sorted(rows["target"].unique())].to_numpy()


def autogluon_medium(rows, asked, kind, seconds, seed):
    return autogluon_best(rows, asked, kind, seconds, seed, "medium_quality")


def mljar(rows, asked, kind, seconds, seed):
    from supervised.automl import AutoML

    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder) / "run")
        made = AutoML(
            results_path=place,
            total_time_limit=int(seconds),
            mode="Compete",
            n_jobs=1,
            random_state=seed,
            verbose=0,
        )
        made.fit(rows.drop(columns="target"), rows["target"])
        return made.predict_proba(asked) if kind == "classes" else made.predict(asked)


def lightgbm_optuna(rows, asked, kind, seconds, seed):
    import time

    import lightgbm
    import optuna
    from sklearn.model_selection import cross_val_score

    start = time.monotonic()
    x, z = plain(rows, asked)
    y = rows["target"]
    number = kind == "number"
    make = lightgbm.LGBMRegressor if number else lightgbm.LGBMClassifier
    two = y.nunique() == 2
    metric = "neg_root_mean_squared_error" if number else "neg_log_loss"
    metric = "roc_auc" if two and not number else metric

    def build(trial):
        return make(
            n_estimators=trial.suggest_int("n_estimators", 20, 800, log=True),
            learning_rate=trial.suggest_float("learning_rate", 0.01, 0.3, log=True),
            num_leaves=trial.suggest_int("num_leaves", 4, 256, log=True),
            min_child_samples=trial.suggest_int("min_child_samples", 2, 100, log=True),
            colsample_bytree=trial.suggest_float("colsample_bytree", 0.3, 1.0),
            reg_lambda=trial.suggest_float("reg_lambda", 1e-3, 30, log=True),
            n_jobs=1,
            random_state=seed,
            verbosity=-1,
        )

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed)
    )
    score = lambda t: cross_val_score(build(t), x, y, cv=3, scoring=metric).mean()  # noqa: E731
    study.optimize(score, timeout=0.9 * seconds - (time.monotonic() - start))
    return fitted(build(study.best_trial), x, y, z, kind)


if __name__ == "__main__":
    main()
