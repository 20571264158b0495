"""The carrier of docs/direct-protocol.md for event loops: calls share a connection, answered in any order."""

import asyncio
import time
from contextlib import suppress
from typing import Final

from ._async_carrier import Place
from ._async_direct_line import AsyncLine
from ._async_direct_stream import AsyncDirectStream
from ._carrier import CallFailed
from ._direct_line import HungUp
from ._telemetry import Headers

BESIDE_CALLS: Final = 100
"""Streams that share the connection of the calls; more have connections of their own."""
_CONNECT_SECONDS: Final = 20.0
"""For all who wait for one connection, each with its own deadline."""
_LEAST_SECONDS: Final = 0.000_001
_UNIX: Final = "unix:"


class _Connections:
    """Those of one event loop."""

    def __init__(self) -> None:
        self.place = Place()
        self.main: AsyncLine | None = None
        self.connecting: asyncio.Task[AsyncLine] | None = None
        self.lines: list[AsyncLine] = []

    def end(self) -> None:
        """Ends them and what is under way on them."""
        if self.connecting is not None:
            self.connecting.cancel()
        for line in self.lines:
            line.end(CallFailed("CANCELLED"))

    def end_from_anywhere(self) -> None:
        """Ends them soon, if their loop still runs; called in whichever thread collects them."""
        if self.lines and self.place.is_of_this_process():
            with suppress(RuntimeError):  # The loop is closed.
                self.place.loop.call_soon_threadsafe(self.end)


class AsyncDirectCarrier:
    """An `AsyncCarrier` over one connection for calls, and more for many streams."""

    def __init__(self, address: str) -> None:
        """Connects to nothing yet."""
        self._address = address
        self._closed = False
        self._greeted = False
        self._connections: _Connections | None = None

    def __del__(self) -> None:
        """What nobody has any more is closed."""
        there = self._connections
        if there is not None:
            there.end_from_anywhere()

    async def call(self, method: str, payload: bytes, timeout: float, headers: Headers | None) -> bytes:
        """As `AsyncCarrier.call`."""
        line = self._here().main
        if line is None or not line.ready:
            begun = time.monotonic()
            line = await self._ready(timeout)
            timeout = max(_LEAST_SECONDS, begun + timeout - time.monotonic())
        call, answer = line.ask(method, payload, timeout, headers)
        try:
            return await answer
        except asyncio.CancelledError:
            line.give_up(call)
            raise

    def watch(self, method: str, payload: bytes, timeout: float | None) -> AsyncDirectStream:
        """As `AsyncCarrier.watch`."""
        self._here()
        return AsyncDirectStream(self._line_for_stream, method, payload, timeout)

    async def close(self) -> None:
        """As `AsyncCarrier.close`."""
        self._closed = True
        there = self._connections
        if there is None or not there.place.is_here():
            return
        there.end()
        await asyncio.sleep(0)  # The loop closes the sockets in its next turn.

    def _here(self) -> _Connections:
        """The connections of this event loop."""
        if self._closed:
            raise CallFailed("CANCELLED")
        there = self._connections
        if there is None or not there.place.is_here():
            there = self._connections = _Connections()
        return there

    async def _ready(self, timeout: float) -> AsyncLine:
        """The connection of the calls, when it has room for one."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    line = await self._main()
                    if line.ready:
                        return line
                    await line.room()
        except TimeoutError:
            raise CallFailed("DEADLINE_EXCEEDED") from None

    async def _main(self) -> AsyncLine:
        there = self._here()
        if there.main is not None and there.main.usable:
            return there.main
        if there.connecting is None:
            there.connecting = asyncio.create_task(self._connect_main(there))
            there.connecting.add_done_callback(_look_at)
        try:
            return await asyncio.shield(there.connecting)
        except asyncio.CancelledError:
            if self._closed:
                raise CallFailed("CANCELLED") from None
            raise

    async def _connect_main(self, there: _Connections) -> AsyncLine:
        """Goes on when who waited for it has gone: the next one will."""
        try:
            there.main = await self._connect(there)
            return there.main
        finally:
            there.connecting = None

    async def _line_for_stream(self) -> AsyncLine:
        there = self._here()
        main = await self._main()
        if main.streams < min(BESIDE_CALLS, main.max_streams):
            return main
        for line in there.lines:
            if line is not main and line.usable and line.streams < line.max_streams:
                return line
        return await self._connect(there)

    async def _connect(self, there: _Connections) -> AsyncLine:
        """A connection whose server has welcomed us.

        Raises:
            NotDirect: Somebody else is there.
            HungUp: Perhaps; never where the direct protocol was once spoken.
            CallFailed: Nobody is there, or nobody answered.
        """
        loop = asyncio.get_running_loop()
        line = AsyncLine(loop)
        there.lines = [*(line for line in there.lines if not line.ended), line]
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                if self._address.startswith(_UNIX):
                    await loop.create_unix_connection(lambda: line, self._address.removeprefix(_UNIX))
                else:
                    host, _, port = self._address.rpartition(":")
                    await loop.create_connection(lambda: line, host.strip("[]"), int(port))
                await asyncio.shield(line.welcomed)
        except BaseException as error:
            line.end(CallFailed("CANCELLED"))
            # A UnicodeError is what names that no host can have become.
            if isinstance(error, OSError | UnicodeError) or (isinstance(error, HungUp) and self._greeted):
                raise CallFailed("UNAVAILABLE", str(error)) from None
            raise
        self._greeted = True
        return line


def _look_at(connecting: "asyncio.Task[AsyncLine]") -> None:
    """Its failure is told to those who wait for it, if there are any."""
    if not connecting.cancelled():
        connecting.exception()
