"""How crowded a session handle found its variables, so that those who write one of them do not all try at once."""

from typing import Final

from ._steps import Backoff

_MOST_DOUBLINGS: Final = 6.0
_LEAST_ATTEMPT_SECONDS: Final = 0.001
_MOST_WAIT_SECONDS: Final = 1.0
_RELIEF: Final = 0.5


class Contention:
    """Two attempts collide when they overlap, so waits are counted in attempts, however fast the way to the store is.

    The wait is up to one attempt long at first, doubled at each collision, and loses half a doubling at each success.
    Threads may share it: an update that gets lost between them costs a collision, no change.
    """

    __slots__ = ("_doublings",)

    def __init__(self) -> None:
        """Supposes that nobody else is there."""
        self._doublings = -1.0

    def collided(self, attempt_seconds: float) -> Backoff:
        """What to wait after an attempt of that length that somebody else was faster than."""
        self._doublings = min(self._doublings + 1, _MOST_DOUBLINGS)
        longest = max(attempt_seconds, _LEAST_ATTEMPT_SECONDS) * 2.0**self._doublings
        return Backoff(first=longest, cap=_MOST_WAIT_SECONDS)

    def succeeded(self) -> None:
        """Relaxes."""
        self._doublings = max(self._doublings - _RELIEF, -1.0)
