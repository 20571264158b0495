"""Watches over the direct carrier in an event loop, which share its connections with calls."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from ._async_direct_line import AsyncLine
from ._carrier import CallFailed, ServerSilent
from ._direct_frames import credit
from ._silence import SILENCE_SECONDS

WINDOW: Final = 32
"""How many messages may be on their way; there is room for as many more when half of them have been taken."""


class _Box:
    """What has come of a stream and was not taken yet."""

    def __init__(self) -> None:
        self.items: deque[bytes] = deque()
        self.failure: CallFailed | None = None
        self.is_over = False
        self.waiting: asyncio.Future[None] | None = None

    def item(self, payload: bytes) -> None:
        """As `Inbox.item`."""
        self.items.append(payload)
        self.wake()

    def over(self, failure: CallFailed | None) -> None:
        """As `Inbox.over`."""
        if not self.is_over:
            self.is_over, self.failure = True, failure
            self.wake()

    def wake(self) -> None:
        """Lets the reader look."""
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)


class AsyncDirectStream:
    """An `AsyncCarriedStream`, which begins when it is first received from."""

    def __init__(
        self, line: Callable[[], Awaitable[AsyncLine]], method: str, payload: bytes, timeout: float | None
    ) -> None:
        """Asks nobody yet; `line` gives a connection that has room for it."""
        self._loop = asyncio.get_running_loop()
        self._connected = line
        self._asked = (method, payload)
        self._deadline = None if timeout is None else self._loop.time() + timeout
        self._box = _Box()
        self._line: AsyncLine | None = None
        self._call = 0
        self._taken = 0

    def __del__(self) -> None:
        """Ends a stream that nobody has any more."""
        if self._line is not None:
            with suppress(RuntimeError):  # The loop is closed, and so is the connection.
                self._loop.call_soon_threadsafe(self._line.give_up, self._call)

    async def receive(self) -> bytes | None:
        """As `AsyncCarriedStream.receive`."""
        box = self._box
        if self._line is None and not box.is_over:
            await self._begin()
        if not box.items and not box.is_over:
            await self._wait()
        if box.items:
            return self._take()
        if box.failure is not None:
            raise CallFailed(box.failure.code, box.failure.text, box.failure.status)
        return None

    def cancel(self) -> None:
        """Ends the stream; what has come is not given any more."""
        self._box.items.clear()
        self._box.over(CallFailed("CANCELLED"))
        if self._line is not None:
            self._line.give_up(self._call)

    async def _begin(self) -> None:
        try:
            async with asyncio.timeout_at(self._deadline):
                line = await self._connected()
        except TimeoutError:
            raise CallFailed("DEADLINE_EXCEEDED") from None
        if self._box.is_over:
            return
        left = None if self._deadline is None else max(0.001, self._deadline - self._loop.time())
        method, payload = self._asked
        self._line = line
        self._call = line.begin(method, payload, left, self._box)
        line.send(credit(self._call, WINDOW))

    async def _wait(self) -> None:
        """Returns when there is something to look at.

        Raises:
            CallFailed: There was nothing in time.
        """
        silent_at = self._loop.time() + SILENCE_SECONDS
        box = self._box
        waiting = box.waiting = self._loop.create_future()
        late = self._loop.call_at(silent_at if self._deadline is None else min(silent_at, self._deadline), box.wake)
        try:
            await waiting
        finally:
            late.cancel()
            box.waiting = None
        if box.items or box.is_over:
            return
        self.cancel()
        if self._deadline is not None and self._deadline < silent_at:
            raise CallFailed("DEADLINE_EXCEEDED")
        raise ServerSilent("UNAVAILABLE", f"the server said nothing for {SILENCE_SECONDS:g} seconds")

    def _take(self) -> bytes:
        self._taken += 1
        if self._taken == WINDOW // 2 and self._line is not None:
            self._taken = 0
            self._line.send(credit(self._call, WINDOW // 2))
        return self._box.items.popleft()
