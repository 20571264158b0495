"""How crowded a session handle found its variables, so that those who write one of them do not all try at once."""

import time
from collections.abc import Generator
from typing import Final

from ._errors import DeadlineExceededError, RevisionMismatchError
from ._steps import Backoff, Pause

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


class Attempts:
    """The attempts of one compare-and-set loop, until its deadline."""

    def __init__(self, contention: Contention, limit: int | None, timeout: float) -> None:
        """The first attempt begins now; at most `limit` of them, within `timeout` seconds."""
        self._contention = contention
        self._limit = limit
        self._timeout = timeout
        self._collisions = 0
        self._begun = time.monotonic()
        self.deadline = self._begun + timeout

    def collided(self, error: RevisionMismatchError) -> Generator[Pause, None, None]:
        """Waits for the next attempt after one that somebody else was faster than.

        Raises:
            RevisionMismatchError: It was the last one that may be.
            DeadlineExceededError: There is no time for another.
        """
        self._collisions += 1
        if self._limit is not None and self._collisions >= self._limit:
            raise error
        seconds = time.monotonic() - self._begun
        late = DeadlineExceededError(
            f"others wrote {error.name!r} first, {self._collisions} times in {self._timeout:g} s", name=error.name
        )
        yield from self._contention.collided(seconds).wait(0, self.deadline, late)
        self._begun = time.monotonic()

    def succeeded(self) -> None:
        """Relaxes."""
        self._contention.succeeded()
