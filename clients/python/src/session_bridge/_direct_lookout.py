"""How a thread waits for its answer: it looks for one that comes soon, and sleeps for one that takes long.

To sleep and be woken costs more than the time of a short call: the processor that sleeps has to be woken by the one
that answers, and is slow for a while (docs/performance.md has the numbers).
"""

import time
from collections.abc import Callable
from typing import Final, Protocol

from ._direct_socket import CAN_LOOK

LOOK_SECONDS: Final = 0.000_5
"""For so long a thread looks. For a small call that costs the processor no more than to sleep and be woken does; for
one that takes most of it, such as a change that is stored before it is answered, it costs more and saves a third of
the time.
"""
_WAKING_SECONDS: Final = 0.000_05
"""By so much an answer comes later to a thread that sleeps."""


class Connection(Protocol):
    """Where answers come from: a `DirectSocket`."""

    def look(self, size: int, until: float) -> bytes | None:
        """Looks for bytes without sleeping; None when there are none."""
        ...

    def receive(self, size: int, deadline: float | None) -> bytes:
        """Sleeps until there are bytes."""
        ...


class Lookout:
    """What the connections of a carrier share: a thread that waits alone looks for what came soon the last time."""

    __slots__ = ("_clock", "_may_look", "_soon", "_waiting")

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, may_look: bool = True) -> None:
        """Expects nothing soon. The clock counts seconds."""
        self._clock = clock
        self._may_look = may_look and CAN_LOOK
        self._soon: set[str] = set()
        self._waiting: set[Connection] = set()

    def receive(self, connection: Connection, method: str, size: int, deadline: float) -> bytes:
        """Waits for the beginning of an answer, and gives at most `size` bytes of it.

        Raises:
            OSError: There is none before the deadline (TimeoutError), or will be none.
        """
        self._waiting.add(connection)
        try:
            if len(self._waiting) == 1:
                return self._looked_for(connection, method, size, deadline)
            return connection.receive(size, deadline)  # Several keep the processor awake; a look would be in their way.
        finally:
            self._waiting.discard(connection)

    def _looked_for(self, connection: Connection, method: str, size: int, deadline: float) -> bytes:
        begun = self._clock()
        if method in self._soon:
            data = connection.look(size, min(begun + LOOK_SECONDS, deadline))
            if data is not None:
                return data
            self._soon.discard(method)
            return connection.receive(size, deadline)
        data = connection.receive(size, deadline)
        if self._may_look and self._clock() - begun < LOOK_SECONDS + _WAKING_SECONDS:
            self._soon.add(method)
        return data
