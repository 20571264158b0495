"""What carries requests to a server and answers back, as bytes, for the tasks of an event loop."""

import asyncio
import threading
from collections.abc import Awaitable
from typing import Protocol

from ._errors import InvalidArgumentError
from ._fork import GATE
from ._telemetry import Headers


class AsyncCarriedStream(Protocol):
    """The messages of one watch. One that nobody has any more ends by itself."""

    async def receive(self) -> bytes | None:
        """As `CarriedStream.receive`. One that is cancelled loses nothing: the next one goes on."""
        ...

    def cancel(self) -> None:
        """Ends it: who is waiting for a message gets a CallFailed."""
        ...


class AsyncCarrier(Protocol):
    """A way to a server. A task that is cancelled while it waits gives its call up, and the server is told."""

    def call(self, method: str, payload: bytes, timeout: float, headers: Headers | None) -> Awaitable[bytes]:
        """As `Carrier.call`."""
        ...

    def watch(self, method: str, payload: bytes, timeout: float | None) -> AsyncCarriedStream:
        """As `Carrier.watch`."""
        ...

    async def close(self) -> None:
        """Ends all connections; calls from now on, and those under way, fail with ``CANCELLED``."""
        ...


class Place:
    """Where a connection works: one event loop of one process."""

    def __init__(self) -> None:
        """Here."""
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._generation = GATE.generation

    def is_of_this_process(self) -> bool:
        """Whether it was not forked since."""
        return self._generation == GATE.generation

    def is_here(self) -> bool:
        """Whether the caller is there; False where a connection has to be made anew, because its place is gone.

        Raises:
            InvalidArgumentError: The loop is another one, and the connection's own may still need it.
        """
        if self._generation != GATE.generation:
            return False
        if self._thread == threading.get_ident() and self.loop.is_running():
            return True  # A thread runs one loop, and to ask which costs a system call.
        if not self.loop.is_closed():
            raise InvalidArgumentError("the bridge is in use by another event loop; call connect_async in each of them")
        return False
