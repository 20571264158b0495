"""Streams over gRPC. They share the connection of the calls while they are few; many have connections of their own."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

import grpc

from ._errors import BridgeClosedError, BridgeError, InternalServerError, ServerUnavailableError
from ._fork import GATE
from ._rpc_messages import Stubs, watch_message, watched
from ._silence import SILENCE_SECONDS, WATCHDOG
from ._wire import WatchAnswer, WatchVariables

BESIDE_CALLS: Final = 100
PER_CONNECTION: Final = 200
"""A server takes 256 calls of a connection at once, and lets the others wait."""


class _Line:
    """One connection, and how many streams it has."""

    def __init__(self, channel: grpc.Channel, most: int) -> None:
        self.channel = channel
        self.watch = Stubs(channel).variables.WatchVariables
        self.most = most
        self.streams = 0


class Streams:
    """The streams of one process's connection to a server."""

    def __init__(self, main: grpc.Channel, connect: Callable[[], grpc.Channel]) -> None:
        """`main` carries the first ones; `connect` makes a connection for more."""
        self._lock = threading.Lock()
        self._lines = [_Line(main, BESIDE_CALLS)]
        self._connect = connect

    def open(self, request: WatchVariables, timeout: float | None, peer: "Peer") -> "GrpcStream":
        """Begins a stream; to be called inside of the gate."""
        line = self._take_line()
        try:
            call: Any = line.watch(watch_message(request), timeout=timeout)
        except BaseException:
            self._leave(line)
            raise
        # Neither of them may have the stream: one that nobody has any more ends by itself.
        for over in (GATE.stream(call), partial(self._leave, line)):
            if not call.add_callback(over):
                over()
        return GrpcStream(call, peer)

    def close(self) -> None:
        """Closes the connections beside the main one."""
        with self._lock:
            others = self._lines[1:]
        for line in others:
            line.channel.close()

    def _take_line(self) -> _Line:
        with self._lock:
            line = next((line for line in self._lines if line.streams < line.most), None)
            if line is None:
                line = _Line(self._connect(), PER_CONNECTION)
                self._lines.append(line)
            line.streams += 1
            return line

    def _leave(self, line: _Line) -> None:
        with self._lock:
            line.streams -= 1


@dataclass(frozen=True, slots=True)
class Peer:
    """Who a stream comes from: what is to be called when something has come, and what the end of a call means."""

    heard: Callable[[], None]
    error: Callable[[grpc.Call], BridgeError]


class GrpcStream:
    """A `Stream` over a gRPC call; receives one message at a time, so that no more than a few wait in memory."""

    def __init__(self, call: Any, peer: Peer) -> None:  # noqa: ANN401
        """Looked after by the watchdog from the first wait on."""
        self._call = call
        self._messages = cast("Iterator[Any]", call)
        self._peer = peer
        self._generation = GATE.generation
        self._lost = False
        self.waiting_since: float | None = None
        WATCHDOG.guard(self)

    def receive(self) -> WatchAnswer:
        """Waits for the next answer.

        Raises:
            BridgeError: Why there will be none.
        """
        if self._generation != GATE.generation:
            raise BridgeClosedError("this watch was begun by the process that forked this one")
        self.waiting_since = time.monotonic()
        try:
            message = next(self._messages)
        except StopIteration:
            raise self._over(ServerUnavailableError("the server ended the watch")) from None
        except grpc.RpcError as error:
            raise self._over(self._meaning(cast("grpc.Call", error))) from None
        finally:
            self.waiting_since = None
        self._peer.heard()
        return watched(message)

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

    def _meaning(self, call: grpc.Call) -> BridgeError:
        if self._lost:
            return ServerUnavailableError(f"the server said nothing for {SILENCE_SECONDS:g} seconds")
        error = self._peer.error(call)
        if type(error) is InternalServerError and error.incident_id is None:
            # Not said by a server of ours: it is how gRPC tells of connections that break in the middle of a message.
            return ServerUnavailableError(str(error))
        return error

    def _over(self, error: BridgeError) -> BridgeError:
        WATCHDOG.let_go(self)
        return error
