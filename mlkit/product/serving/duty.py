"""What a server is about while it runs, in one place for all its routes."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlkit.product.serving.bench import Bench
from mlkit.product.serving.bodies import Bodies
from mlkit.product.serving.desk import Desk
from mlkit.product.serving.line import Line
from mlkit.product.serving.metrics import Metrics
from mlkit.product.serving.patience import Patience
from mlkit.product.serving.settings import Settings

__all__ = ["Duty", "Turned"]


@dataclass(frozen=True)
class Turned:
    """A package that was to answer, and was turned away.

    Parameters
    ----------
    version
        Its version, as far as it is known.
    why
        In one sentence.
    """

    version: str
    why: str


@dataclass
class Duty:
    """What a server is about.

    Parameters
    ----------
    desk
        Who answers now; changed between two requests.
    settings
        How the server is set up.
    metrics
        What it did.
    turned
        The package that is the champion and was turned away; None where none is.
    """

    desk: Desk
    settings: Settings
    metrics: Metrics
    turned: Turned | None = None
    line: Line = field(init=False)
    bodies: Bodies = field(init=False)
    patience: Patience = field(init=False)
    bench: Bench = field(init=False)

    def __post_init__(self) -> None:
        self.bodies = Bodies(self.settings)
        self.patience = Patience(self.settings.seconds)
        self.bench = Bench()
