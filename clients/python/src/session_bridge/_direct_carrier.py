"""The carrier of docs/direct-protocol.md: a pool of connections, and no thread."""

import os
import threading
import time
from contextlib import suppress
from typing import Final
from weakref import WeakSet

from ._arguments import check_look
from ._carrier import CallFailed
from ._direct_frames import ANSWER, failure_of
from ._direct_line import HungUp, Line
from ._direct_lookout import Lookout
from ._direct_stream import DirectStream
from ._telemetry import Headers

MOST_IDLE: Final = 64
IDLE_SECONDS: Final = 60.0
_LEAST_SECONDS: Final = 0.000_001
_UNDOUBTED_SECONDS: Final = 0.05
"""A connection that was used so recently is taken for alive without a look."""


class DirectCarrier:
    """A `Carrier` over sockets: each call has one for itself, the one used last."""

    def __init__(self, address: str) -> None:
        """Connects to nothing yet.

        Raises:
            InvalidArgumentError: SESSION_BRIDGE_LOOK is neither true nor false.
        """
        self._address = address
        self._may_look = check_look()
        self._closed = False
        self._greeted = False
        self._begin()
        _carriers.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._lookout = Lookout(may_look=self._may_look)
        self._idle: list[Line] = []
        self._lines: WeakSet[Line] = WeakSet()
        self._look_at = 0.0

    def call(self, method: str, payload: bytes, timeout: float, headers: Headers | None) -> bytes:
        """As `Carrier.call`."""
        begun = time.monotonic()
        line = self._idle_line(begun)
        if line is None:
            line = self._new_line(timeout)
            timeout = max(_LEAST_SECONDS, begun + timeout - time.monotonic())
        try:
            answer = line.ask(method, payload, timeout, headers)
        except BaseException as error:
            line.close()
            if isinstance(error, CallFailed):
                raise self._loss(error) from None
            raise
        self._give(line)
        if answer.kind == ANSWER:
            return answer.payload
        raise failure_of(answer)

    def watch(self, method: str, payload: bytes, timeout: float | None) -> DirectStream:
        """As `Carrier.watch`: it has a connection of its own."""
        return DirectStream(self, method, payload, timeout)

    def close(self) -> None:
        """As `Carrier.close`."""
        self._closed = True
        with self._lock:
            lines = [*self._lines]
        for line in lines:
            line.end()
        self._close_idle()

    @property
    def closed(self) -> bool:
        """Whether it was."""
        return self._closed

    def connect(self, timeout: float | None) -> Line:
        """A new connection on which nothing was said.

        Raises:
            CallFailed: Nobody is there.
        """
        line = Line(self._address, timeout, self._lookout)
        with self._lock:
            self._lines.add(line)
        if self._closed:
            line.close()
            raise CallFailed("CANCELLED")
        return line

    def greet(self, line: Line, timeout: float | None) -> None:
        """Begins a connection.

        Raises:
            NotDirect: Somebody else is there.
            HungUp: Perhaps; never where the direct protocol was once spoken.
            CallFailed: There was no answer.
        """
        try:
            line.greet(timeout)
        except BaseException as error:
            line.close()
            if isinstance(error, CallFailed) and self._closed:
                raise CallFailed("CANCELLED") from None
            if isinstance(error, HungUp) and self._greeted:
                raise CallFailed(error.code, error.text) from None
            raise
        self._greeted = True

    def forget(self) -> None:
        """Begins anew in a forked process; what is connected is the parent's."""
        lines = [*self._lines]
        self._begin()
        for line in lines:
            line.leave()

    def _idle_line(self, now: float) -> Line | None:
        """The connection used last that still works, if there is one."""
        while True:
            try:
                line = self._idle.pop()
            except IndexError:
                return None
            if now - line.used_at < _UNDOUBTED_SECONDS or line.is_usable():
                return line
            line.close()

    def _new_line(self, timeout: float) -> Line:
        begun = time.monotonic()
        line = self.connect(timeout)
        self.greet(line, max(_LEAST_SECONDS, begun + timeout - time.monotonic()))
        return line

    def _give(self, line: Line) -> None:
        """Takes a connection back for the next call."""
        now = line.used_at = time.monotonic()
        if line.retired or self._closed or len(self._idle) >= MOST_IDLE:
            line.close()
            return
        self._idle.append(line)
        if now >= self._look_at:
            self._look_at = now + IDLE_SECONDS / 4
            self._close_unused(now - IDLE_SECONDS)
        if self._closed:
            self._close_idle()

    def _loss(self, failure: CallFailed) -> CallFailed:
        """What a failed connection means; the idle ones to a server that is lost are lost with it."""
        if self._closed:
            return CallFailed("CANCELLED")
        if failure.code == "UNAVAILABLE":
            self._close_idle()
        return failure

    def _close_unused(self, before: float) -> None:
        """Closes the connections that nobody has used since; the one used longest ago comes first."""
        with suppress(IndexError):  # The others take them meanwhile.
            while self._idle[0].used_at < before:
                self._idle.pop(0).close()

    def _close_idle(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()


_carriers: Final[WeakSet[DirectCarrier]] = WeakSet()


def _forget_all() -> None:
    for carrier in [*_carriers]:
        carrier.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
