"""The carrier over gRPC for event loops."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any, Final, cast

import grpc
import grpc.aio

from ._async_carrier import Place
from ._carrier import CallFailed, ServerSilent
from ._errors import UnsupportedError
from ._fork import GATE
from ._grpc_carrier import channel_options
from ._grpc_streams import Line, Lines, failure_of
from ._silence import SILENCE_SECONDS
from ._telemetry import Headers


class _Connection:
    """The channel of one event loop."""

    def __init__(self, address: str) -> None:
        self.place = Place()
        self.channel = _channel(address)
        self.lines: Final = Lines(self.channel, lambda: _channel(address))
        self._calls: dict[str, grpc.aio.UnaryUnaryMultiCallable[Any, Any]] = {}

    def call(self, method: str) -> "grpc.aio.UnaryUnaryMultiCallable[Any, Any]":
        """The call of a method, which takes and gives bytes."""
        found = self._calls.get(method)
        if found is None:
            found = self._calls[method] = self.channel.unary_unary(f"/{method}")
        return found

    async def close(self) -> None:
        for channel in (self.channel, *self.lines.beside_main()):
            await channel.close()


_used_in: int | None = None
"""The generation of the process that first used grpc.aio, which does not work in the children of that one."""


def _channel(address: str) -> grpc.aio.Channel:
    global _used_in
    if _used_in not in (None, GATE.generation):
        raise UnsupportedError(
            "asyncio over gRPC does not work in a process forked from one that has used it; start the process in "
            "another way, such as multiprocessing's spawn"
        )
    _used_in = GATE.generation
    return grpc.aio.insecure_channel(address, options=channel_options(address))


class AsyncGrpcCarrier:
    """An `AsyncCarrier` over one channel, which is made at the first call, and anew when its event loop was closed."""

    def __init__(self, address: str) -> None:
        """Connects to nothing yet."""
        self._address = address
        self._closed = False
        self._connection: _Connection | None = None

    async def call(self, method: str, payload: bytes, timeout: float, headers: Headers | None) -> bytes:
        """As `AsyncCarrier.call`."""
        call: Any = self._connected().call(method)(payload, timeout=timeout, metadata=headers)
        try:
            return cast("bytes", await call)
        except grpc.RpcError as error:
            raise failure_of(cast("grpc.Call", error)) from None
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            raise CallFailed("CANCELLED") from None

    def watch(self, method: str, payload: bytes, timeout: float | None) -> "AsyncGrpcStream":
        """As `AsyncCarrier.watch`."""
        lines = self._connected().lines
        line = lines.take()
        try:
            call = _begin(line, method, payload, timeout)
        except BaseException:
            lines.leave(line)
            raise
        call.add_done_callback(partial(_leave, lines, line))
        return AsyncGrpcStream(call)

    async def close(self) -> None:
        """As `AsyncCarrier.close`."""
        self._closed = True
        connection = self._connection
        if connection is not None and connection.place.is_here():
            await connection.close()

    def _connected(self) -> _Connection:
        """The connection of this event loop."""
        if self._closed:
            raise CallFailed("CANCELLED")
        connection = self._connection
        if connection is None or not connection.place.is_here():
            connection = self._connection = _Connection(self._address)
        return connection


class AsyncGrpcStream:
    """An `AsyncCarriedStream` over a gRPC call; receives one message at a time."""

    def __init__(self, call: Any) -> None:  # noqa: ANN401
        """Reads nothing yet."""
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._reading: asyncio.Future[Any] | None = None

    def __del__(self) -> None:
        """Ends the call of a stream that nobody has any more, whose reading may keep it alive."""
        with suppress(RuntimeError):  # The loop is closed, and so is the call.
            self._loop.call_soon_threadsafe(self._call.cancel)

    async def receive(self) -> bytes | None:
        """As `AsyncCarriedStream.receive`."""
        reading = self._reading
        if reading is None:
            reading = self._reading = asyncio.ensure_future(self._call.read())
            reading.add_done_callback(_look_at)
        await asyncio.wait((reading,), timeout=SILENCE_SECONDS)
        if not reading.done():
            self.cancel()
            raise ServerSilent("UNAVAILABLE", f"the server said nothing for {SILENCE_SECONDS:g} seconds")
        self._reading = None
        try:
            message = reading.result()
        except grpc.RpcError as error:
            raise failure_of(cast("grpc.Call", error)) from None
        except asyncio.CancelledError:
            raise CallFailed("CANCELLED") from None
        return None if message is grpc.aio.EOF else cast("bytes", message)

    def cancel(self) -> None:
        """Ends the call."""
        self._call.cancel()


def _begin(line: Line[grpc.aio.Channel], method: str, payload: bytes, timeout: float | None) -> Any:  # noqa: ANN401
    begin: grpc.aio.UnaryStreamMultiCallable[Any, Any] = line.channel.unary_stream(f"/{method}")
    return begin(payload, timeout=timeout)


def _look_at(reading: asyncio.Future[Any]) -> None:
    """Its failure is told to who reads next, if anybody does."""
    if not reading.cancelled():
        reading.exception()


def _leave(lines: Lines[grpc.aio.Channel], line: Line[grpc.aio.Channel], _: object) -> None:
    lines.leave(line)


def _is_cancelled() -> bool:
    """Whether it is this task that is cancelled, not only its call."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
