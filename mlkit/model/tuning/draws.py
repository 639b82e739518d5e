"""Settings to try next: drawn at random at first, then where the good ones were."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

import numpy as np

from mlkit.model.families import family

__all__ = ["Draws", "draw"]

RANDOM = 8


def draw(
    names: Sequence[str], kind: str, trials: int, seed: int
) -> list[tuple[str, dict[str, Any]]]:
    """Draw settings for families in turn, each from its own stream.

    Parameters
    ----------
    names
        The families.
    kind
        Of the problem.
    trials
        How many settings, over all families.
    seed
        Of the streams.

    Examples
    --------
    >>> [name for name, _ in draw(["linear", "tree"], "number", 3, seed=0)]
    ['linear', 'tree', 'linear']
    """
    streams = [np.random.default_rng([seed, at]) for at in range(len(names))]
    turns = [at % len(names) for at in range(trials)]
    return [(names[at], family(names[at]).draw(kind, streams[at])) for at in turns]


class Draws:
    """Settings of one family: asked for, and told how they did.

    The first are drawn at random; the others by a tree-structured Parzen estimator
    where Optuna is installed.

    Parameters
    ----------
    name, kind
        The family, and the kind of problem.
    seed
        Of what is drawn.

    Notes
    -----
    Bergstra and others 2011, "Algorithms for hyper-parameter optimization"; Akiba and
    others 2019, "Optuna".
    """

    def __init__(self, name: str, kind: str, seed: int) -> None:
        self.family, self.kind = family(name), kind
        self.rng = np.random.default_rng([seed, *name.encode()])
        self.asked = 0
        self.study: Any = None
        self.trials: dict[int, Any] = {}
        if find_spec("optuna"):
            self.study = _study(int(self.rng.integers(2**31)))

    def ask(self) -> tuple[int, dict[str, Any]]:
        """Return the number of a draw, and its settings."""
        number = self.asked
        self.asked += 1
        if self.study is None:
            return number, self.family.draw(self.kind, self.rng)
        trial = self.trials[number] = self.study.ask()
        source = cast(np.random.Generator, _Suggest(trial))
        return number, self.family.draw(self.kind, source)

    def tell(self, number: int, value: float, *, ended: bool = True) -> None:
        """Say how a draw did, more is better, and whether it ran to the end."""
        if self.study is None:
            return
        trial = self.trials.pop(number)
        if ended and np.isfinite(value):
            self.study.tell(trial, value)
            return
        if np.isfinite(value):
            trial.report(value, step=0)
        state = import_module("optuna").trial.TrialState
        self.study.tell(trial, state=state.PRUNED)


class _Suggest:
    """What a family draws from, played by a trial of Optuna's: a name a call."""

    def __init__(self, trial: Any) -> None:
        self.trial = trial
        self.calls = 0

    def _name(self) -> str:
        self.calls += 1
        return f"draw {self.calls}"

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        return float(self.trial.suggest_float(self._name(), low, high))

    def random(self) -> float:
        return self.uniform()

    def integers(self, low: int, high: int | None = None) -> int:
        low, high = (0, low) if high is None else (low, high)
        return int(self.trial.suggest_int(self._name(), low, high - 1))

    def choice(self, values: Sequence[Any]) -> Any:
        listed = [v.item() if isinstance(v, np.generic) else v for v in values]
        at = self.trial.suggest_int(self._name(), 0, len(listed) - 1)
        return listed[at]


def _study(seed: int) -> Any:
    optuna: Any = import_module("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(n_startup_trials=RANDOM, seed=seed)
    return optuna.create_study(direction="maximize", sampler=sampler)
