"""Streams over gRPC. They share the connection of the calls while they are few; many have connections of their own."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, Generic, TypeVar, cast

import grpc

from ._carrier import CallFailed, ServerSilent
from ._fork import GATE
from ._silence import SILENCE_SECONDS, WATCHDOG

C = TypeVar("C")

BESIDE_CALLS: Final = 100
PER_CONNECTION: Final = 200
"""A server takes 256 calls of a connection at once, and lets the others wait."""


class Line(Generic[C]):
    """One connection, and how many streams it has."""

    def __init__(self, channel: C, most: int) -> None:
        """Has none yet, and at most `most`."""
        self.channel = channel
        self.most = most
        self.streams = 0


class Lines(Generic[C]):
    """The connections of the streams of one process to a server."""

    def __init__(self, main: C, connect: Callable[[], C]) -> None:
        """`main` carries the first ones; `connect` makes a connection for more."""
        self._lock = threading.Lock()
        self._lines = [Line(main, BESIDE_CALLS)]
        self._connect = connect

    def take(self) -> Line[C]:
        """One that has room for a stream."""
        with self._lock:
            line = next((line for line in self._lines if line.streams < line.most), None)
            if line is None:
                line = Line(self._connect(), PER_CONNECTION)
                self._lines.append(line)
            line.streams += 1
            return line

    def leave(self, line: Line[C]) -> None:
        """A stream is over."""
        with self._lock:
            line.streams -= 1

    def beside_main(self) -> list[C]:
        """The connections beside the main one."""
        with self._lock:
            return [line.channel for line in self._lines[1:]]


class Streams:
    """The streams of one process's connection to a server."""

    def __init__(self, main: grpc.Channel, connect: Callable[[], grpc.Channel]) -> None:
        """`main` carries the first ones; `connect` makes a connection for more."""
        self._lines = Lines(main, connect)

    def open(self, method: str, payload: bytes, timeout: float | None) -> "GrpcStream":
        """Begins a stream; to be called inside of the gate."""
        line = self._lines.take()
        try:
            begin: grpc.UnaryStreamMultiCallable[Any, Any] = line.channel.unary_stream(f"/{method}")
            call: Any = begin(payload, timeout=timeout)
        except BaseException:
            self._lines.leave(line)
            raise
        # Neither of them may have the stream: one that nobody has any more ends by itself.
        for over in (GATE.stream(call), partial(self._lines.leave, line)):
            if not call.add_callback(over):
                over()
        return GrpcStream(call)

    def close(self) -> None:
        """Closes the connections beside the main one."""
        for channel in self._lines.beside_main():
            channel.close()


class GrpcStream:
    """A `CarriedStream` over a gRPC call; receives one message at a time, so that no more than a few wait in memory."""

    def __init__(self, call: Any) -> None:  # noqa: ANN401
        """Looked after by the watchdog from the first wait on."""
        self._call = call
        self._messages = cast("Iterator[bytes]", call)
        self._generation = GATE.generation
        self._lost = False
        self.waiting_since: float | None = None
        WATCHDOG.guard(self)

    def receive(self) -> bytes | None:
        """As `CarriedStream.receive`."""
        self.waiting_since = time.monotonic()
        try:
            return next(self._messages)
        except StopIteration:
            WATCHDOG.let_go(self)
            return None
        except grpc.RpcError as error:
            WATCHDOG.let_go(self)
            if self._lost:
                text = f"the server said nothing for {SILENCE_SECONDS:g} seconds"
                raise ServerSilent("UNAVAILABLE", text) from None
            raise failure_of(cast("grpc.Call", error)) from None
        finally:
            self.waiting_since = None

    def cancel(self) -> None:
        """Ends the stream; does nothing in a forked process."""
        WATCHDOG.let_go(self)
        with GATE:
            if self._generation == GATE.generation:
                self._call.cancel()

    def lose(self) -> None:
        """Ends the stream as one whose server is silent."""
        self._lost = True
        self.cancel()


def failure_of(call: grpc.Call) -> CallFailed:
    """What a failed call means."""
    status = next((value for key, value in call.trailing_metadata() or () if key == "grpc-status-details-bin"), None)
    return CallFailed(call.code().name, call.details() or "", status if isinstance(status, bytes) else None)
