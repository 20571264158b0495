"""One connection of the direct carrier in an event loop: any number of calls and streams share it."""

import asyncio
import socket
import time
from asyncio.trsock import TransportSocket
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from typing import Final, Protocol, cast

from ._async_direct_calls import Calls
from ._carrier import CallFailed
from ._direct_frames import (
    ANSWER,
    END,
    ERROR,
    GO_AWAY,
    ITEM,
    MAGIC,
    PING,
    WELCOME,
    Frame,
    FrameError,
    FrameReader,
    call_frame,
    cancel,
    end_of,
    failure_of,
    hello,
    max_streams,
    next_call,
    pong,
)
from ._direct_line import HungUp, NotDirect
from ._telemetry import Headers

_RECEIVED_AT_ONCE: Final = 65_536
TOGETHER: Final = 32
"""Frames that go out together at most; with more, the server would wait for us, and then we for it."""
_LARGE_BYTES: Final = 65_536
"""A frame of so many is enough by itself, so that the socket soon tells when there is no room for more."""
_SILENT_SECONDS: Final = 1.0
"""A connection on which a call got no answer in time, and for so long nothing else has come, is used no more."""


class Inbox(Protocol):
    """What a stream on a line is told; it takes what comes and never waits."""

    def item(self, payload: bytes) -> None:
        """One message."""
        ...

    def over(self, failure: CallFailed | None) -> None:
        """There will be none any more; None when the server has ended the stream as it should."""
        ...


class AsyncLine(asyncio.BufferedProtocol):
    """A connection to a server, used by the tasks of one event loop.

    What is sent within one turn of the loop goes out together, so that calls made at once share system calls: at the
    turn's end, or when there is enough for the server to begin with, which then works while this turn goes on. A call
    alone goes out at once.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Made by the loop when it connects."""
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._received = memoryview(bytearray(_RECEIVED_AT_ONCE))
        self._reader = FrameReader()
        self._begin: bytes | None = b""
        self._last_call = 0
        self._calls = Calls(loop, self._late)
        self._inboxes: dict[int, Inbox] = {}
        self._outgoing: list[bytes] = []
        self._sends_soon = False
        self._room: asyncio.Future[None] | None = None
        self._heard_at = time.monotonic()
        self._retired = False
        self._lost: CallFailed | None = None
        self.welcomed: asyncio.Future[None] = loop.create_future()
        """Done when the server has answered the hello."""
        self.ready = False
        """Whether a call can be sent right now."""
        self.max_streams = 0
        """How many streams the server allows here."""

    @property
    def usable(self) -> bool:
        """Whether calls may be begun on it, now or when there is room."""
        return self._lost is None and not self._retired

    @property
    def ended(self) -> bool:
        """Whether it is no connection any more."""
        return self._lost is not None

    @property
    def streams(self) -> int:
        """How many there are."""
        return len(self._inboxes)

    def ask(
        self, method: str, payload: bytes, timeout: float, headers: Headers | None
    ) -> tuple[int, asyncio.Future[bytes]]:
        """Sends a call; gives its number and what will be its answer, or a CallFailed. Only when `ready`."""
        call = self._next_call()
        frame = call_frame(call, method, payload, timeout, headers)
        alone = not self._calls.waiting
        answer = self._calls.add(call, timeout)
        self._send(frame, at_once=alone)
        return call, answer

    def begin(self, method: str, payload: bytes, timeout: float | None, inbox: Inbox) -> int:
        """Begins a stream, which has no credit yet; gives its number. On a line that has ended it is over at once."""
        call = self._next_call()
        if self._lost is not None:
            inbox.over(self._lost)
            return call
        self._inboxes[call] = inbox
        self._send(call_frame(call, method, payload, timeout, None))
        return call

    def send(self, frame: bytes) -> None:
        """Sends a frame of a stream, at the end of this turn."""
        if self._lost is None:
            self._send(frame)

    def give_up(self, call: int) -> None:
        """The call or stream is nobody's business any more, and the server is told."""
        if self._calls.drop(call) or self._inboxes.pop(call, None) is not None:
            self.send(cancel(call))
            self._end_if_done()

    async def room(self) -> None:
        """Waits until the server takes what was sent to it."""
        if self._room is not None:
            await asyncio.shield(self._room)

    def end(self, failure: CallFailed) -> None:
        """Ends the connection, and with this failure all that is under way on it."""
        if self._lost is not None:
            return
        self._lost = failure
        self.ready = False
        if self._transport is not None:
            _shut_down(self._transport)
            self._transport.abort()
        if not self.welcomed.done():
            self.welcomed.set_exception(failure)
            self.welcomed.exception()  # Whoever began to connect may have gone.
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._calls.end(failure)
        inboxes, self._inboxes = self._inboxes, {}
        for inbox in inboxes.values():
            inbox.over(failure)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Says hello."""
        self._transport = cast("asyncio.Transport", transport)
        if self._lost is not None:
            self._transport.abort()
            return
        connected = _socket_of(transport)
        if connected.family != getattr(socket, "AF_UNIX", None):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._transport.write(_hello())

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the loop puts what comes: room that is there, since new room for each time costs system calls."""
        return self._received

    def buffer_updated(self, nbytes: int) -> None:
        """Hands out what has come."""
        data = bytes(self._received[:nbytes])
        self._heard_at = time.monotonic()
        try:
            for frame in self._reader.feed(data) if self._begin is None else self._first(data):
                if frame.kind == ANSWER and frame.call:
                    self._calls.answer(frame.call, frame.payload)
                else:
                    self._take(frame)
            if self._retired:
                self._end_if_done()
        except FrameError as error:
            self.end(CallFailed("UNAVAILABLE", str(error)))
        except CallFailed as failure:
            self.end(failure)

    def eof_received(self) -> None:
        """The server has ended the connection."""
        self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """So have we, or somebody between."""
        lost = str(exc or "the server has ended the connection")
        self.end(CallFailed("UNAVAILABLE", lost) if self.welcomed.done() else HungUp("UNAVAILABLE", lost))

    def pause_writing(self) -> None:
        """The server does not take what is sent; new calls wait."""
        self._room = self._loop.create_future()
        self.ready = False

    def resume_writing(self) -> None:
        """It does again."""
        room, self._room = self._room, None
        self.ready = self.usable and self.welcomed.done()
        if room is not None and not room.done():
            room.set_result(None)

    def _next_call(self) -> int:
        """A number that none of those under way has, however long a stream may last."""
        call = next_call(self._last_call)
        while call in self._inboxes or call in self._calls.waiting:
            call = next_call(call)
        self._last_call = call
        return call

    def _first(self, data: bytes) -> list[Frame]:
        """The frames after the magic."""
        begin = (self._begin or b"") + data
        if not MAGIC.startswith(begin[: len(MAGIC)]):
            raise NotDirect("UNIMPLEMENTED", "the direct protocol is not spoken there: use another carrier")
        if len(begin) < len(MAGIC):
            self._begin = begin
            return []
        self._begin = None
        return self._reader.feed(begin[len(MAGIC) :])

    def _take(self, frame: Frame) -> None:
        if not frame.call:
            self._take_of_connection(frame)
        elif frame.kind == ITEM:
            inbox = self._inboxes.get(frame.call)
            if inbox is not None:
                inbox.item(frame.payload)
        else:
            self._take_end(frame)

    def _take_end(self, frame: Frame) -> None:
        if frame.kind not in (ERROR, END):
            return
        failure = failure_of(frame) if frame.kind == ERROR else None
        self._calls.fail(frame.call, failure or CallFailed("INTERNAL", "a stream's end answers no call"))
        inbox = self._inboxes.pop(frame.call, None)
        if inbox is not None:
            inbox.over(failure)

    def _take_of_connection(self, frame: Frame) -> None:
        if not self.welcomed.done():
            if frame.kind != WELCOME:
                raise NotDirect("UNIMPLEMENTED", "there is no welcome: use another carrier")
            self.max_streams = max_streams(frame)
            self.welcomed.set_result(None)
            self.ready = self._room is None
        elif frame.kind == ERROR:
            raise end_of(frame)
        elif frame.kind == GO_AWAY:
            self._retire()
        elif frame.kind == PING:
            self._send(pong(frame))

    def _retire(self) -> None:
        """No new calls; it ends with the last one."""
        self._retired = True
        self.ready = False

    def _end_if_done(self) -> None:
        if self._retired and not self._calls.waiting and not self._inboxes:
            self.end(CallFailed("UNAVAILABLE", "the connection is used no more"))

    def _send(self, frame: bytes, *, at_once: bool = False) -> None:
        assert self._transport is not None
        if at_once and not self._outgoing:
            self._transport.write(frame)
            return
        self._outgoing.append(frame)
        if len(self._outgoing) >= TOGETHER or len(frame) >= _LARGE_BYTES:
            self._send_outgoing()
        elif not self._sends_soon:
            self._sends_soon = True
            self._loop.call_soon(self._end_turn)

    def _end_turn(self) -> None:
        self._sends_soon = False
        self._send_outgoing()

    def _send_outgoing(self) -> None:
        frames, self._outgoing = self._outgoing, []
        if frames and self._lost is None and self._transport is not None:
            self._transport.write(b"".join(frames))

    def _late(self, call: int, asked_at: float) -> None:
        """The server is told that a call was given up, and taken for gone if it has said nothing else either."""
        self.send(cancel(call))
        if self._heard_at < asked_at and time.monotonic() - self._heard_at > _SILENT_SECONDS:
            self._retire()
        self._end_if_done()


def _socket_of(transport: asyncio.BaseTransport) -> TransportSocket:
    connected: TransportSocket = transport.get_extra_info("socket")
    return connected


def _shut_down(transport: asyncio.BaseTransport) -> None:
    """Ends a connection also where forked processes have it; not every loop lets its own sockets be shut down."""
    with suppress(OSError), _socket_of(transport).dup() as own:
        own.shutdown(socket.SHUT_RDWR)


@cache
def _hello() -> bytes:
    return hello(f"python-asyncio/{version('session-bridge')}", answers_pings=True)
