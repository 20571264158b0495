"""A watch, carried out in the tasks that iterate over it."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from ._errors import BridgeClosedError, BridgeError
from ._fork import GATE
from ._steps import Pause
from ._told import HIDDEN, Show
from ._transport import AsyncStream, AsyncTransport
from ._watching import Open, Receive, Told, Watched, watch

T = TypeVar("T")


class AsyncWatch(AsyncIterator[T], Generic[T]):
    """What happens to a session, as it happens: an asynchronous iterator, and a context manager that closes it.

    As `Watch`, in an event loop: it asks the server at the first step, goes on by itself over lost connections and
    servers, and what is not read waits at the server. A step that is cancelled, as by a timeout, loses nothing: the
    next one goes on. Any task of its loop may close it; a task that is waiting then ends.
    """

    __slots__ = ("__weakref__", "_closed", "_one_reader", "_place", "_show", "_step", "_steps", "_stream", "_transport")

    def __init__(self, watched: Watched, transport: AsyncTransport, show: Show[T]) -> None:
        """Made by `AsyncSession.watch` and `AsyncSession.snapshots`."""
        self._steps = watch(watched)
        self._transport = transport
        self._show = show
        self._step: Open | Receive | Pause | Told | None = None
        self._stream: AsyncStream | None = None
        self._place: tuple[int, asyncio.AbstractEventLoop] | None = None
        self._closed = asyncio.Event()
        self._one_reader = asyncio.Lock()

    async def close(self) -> None:
        """Ends it: no step gives anything more, also that of a task that is waiting."""
        self._end()

    async def __aenter__(self) -> Self:
        """The watch itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes it."""
        self._end()

    def __aiter__(self) -> Self:
        """The watch itself."""
        return self

    async def __anext__(self) -> T:
        """Waits for what is next; raises StopAsyncIteration when the watch is closed."""
        place = (GATE.generation, asyncio.get_running_loop())
        if self._place not in (None, place):
            raise BridgeClosedError("this watch was begun in another process or event loop; begin another one here")
        self._place = place
        async with self._one_reader:
            while True:
                shown = self._show(await self._next_told())
                if shown is not HIDDEN:
                    return shown

    async def _next_told(self) -> Told:
        while not self._closed.is_set():
            step = self._step or self._advance(None)
            if isinstance(step, Told):
                self._step = None
                return step
            answer: Any = None
            try:
                answer = await self._carry_out(step)
            except BridgeError as error:
                answer = error
            if not self._closed.is_set():
                self._advance(answer)
        raise StopAsyncIteration

    def _advance(self, answer: Any) -> Open | Receive | Pause | Told:  # noqa: ANN401
        """The next step, which is kept until it has been carried out."""
        try:
            self._step = self._steps.throw(answer) if isinstance(answer, BridgeError) else self._steps.send(answer)
        except BaseException:
            self._end()
            raise
        return self._step

    async def _carry_out(self, step: Open | Receive | Pause) -> Any:  # noqa: ANN401
        if isinstance(step, Open):
            self._stream = self._transport.watch(step.request, step.timeout)
            return None
        if isinstance(step, Pause):
            try:
                async with asyncio.timeout(step.seconds):
                    await self._closed.wait()
            except TimeoutError:
                return None
            return None
        assert self._stream is not None
        return await self._stream.receive()

    def _end(self) -> None:
        self._closed.set()
        if self._stream is not None:
            self._stream.cancel()
