"""What a run is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """What a run is asked for.

    Parameters
    ----------
    only, start, until
        Steps: just this one; from this one on; up to this one.
    given
        ``[step.]name`` → text, as after ``-p``.
    profile
        A ``[profiles.NAME]`` of ``mlkit.toml``.
    jobs
        How many steps may run side by side, one that says its ``cpus`` counted as
        that many; 0 for as many as there are processors.
    refresh
        Run the selected steps even where they are fresh.
    in_place
        Write the executed notebooks over the project's own.
    warm
        Start kernels from a fork server, where the system can.
    champion
        What `package` means: the champion's, not the newest.
    challenger
        The run is retrain's: what it makes may become champion.
    """

    only: str = ""
    start: str = ""
    until: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    profile: str = ""
    jobs: int = 0
    refresh: bool = False
    in_place: bool = False
    warm: bool = True
    champion: bool = False
    challenger: bool = False

    @property
    def plain(self) -> bool:
        """Whether the whole project is asked for, as it stands."""
        picks = (self.only, self.start, self.until, self.given, self.profile)
        ways = (self.refresh, self.in_place, self.champion, self.challenger)
        return not (any(picks) or any(ways))
