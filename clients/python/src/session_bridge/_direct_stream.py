"""Watches over the direct carrier, each on a connection of its own."""

import math
import threading
import time
from typing import Final, Protocol

from ._carrier import CallFailed, ServerSilent
from ._direct_frames import END, ERROR, ITEM, Frame, credit, failure_of
from ._direct_line import Line
from ._silence import SILENCE_SECONDS

WINDOW: Final = 32
"""How many messages may be on their way; there is room for as many more when half of them have come."""
_CONNECT_SECONDS: Final = 5.0


class Lines(Protocol):
    """Where a stream has its connection from."""

    @property
    def closed(self) -> bool:
        """Whether there are no more."""
        ...

    def connect(self, timeout: float | None) -> Line:
        """A new connection on which nothing was said."""
        ...

    def greet(self, line: Line, timeout: float | None) -> None:
        """Begins a connection."""
        ...


class DirectStream:
    """A `CarriedStream`, which connects when it is first received from, so that any thread can end that, too."""

    def __init__(self, lines: Lines, method: str, payload: bytes, timeout: float | None) -> None:
        """Asks nobody yet."""
        self._lines = lines
        self._asked = (method, payload)
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._reading = threading.Lock()
        self._line: Line | None = None
        self._call = 0
        self._taken = 0
        self._cancelled = False

    def receive(self) -> bytes | None:
        """As `CarriedStream.receive`."""
        with self._reading:
            try:
                return self._received()
            except BaseException as error:
                self._close()
                if isinstance(error, CallFailed) and (self._cancelled or self._lines.closed):
                    raise CallFailed("CANCELLED") from None
                raise

    def cancel(self) -> None:
        """Ends the stream. In a forked process the connection was left to the parent, and nothing happens."""
        self._cancelled = True
        line = self._line
        if line is None:
            return
        line.end()
        if self._reading.acquire(blocking=False):
            self._close()
            self._reading.release()

    def _received(self) -> bytes | None:
        if self._cancelled:
            raise CallFailed("CANCELLED")
        line = self._line or self._begun()
        if self._taken == WINDOW // 2:
            self._taken = 0
            line.send(credit(self._call, WINDOW // 2), SILENCE_SECONDS)
        while True:
            frame = self._next(line)
            if frame.call != self._call:
                continue
            if frame.kind == ITEM:
                self._taken += 1
                return frame.payload
            if frame.kind == END:
                self._close()
                return None
            if frame.kind == ERROR:
                raise failure_of(frame)

    def _begun(self) -> Line:
        within = self._left(_CONNECT_SECONDS)
        line = self._line = self._lines.connect(within)
        if self._cancelled:
            raise CallFailed("CANCELLED")
        self._lines.greet(line, within)
        method, payload = self._asked
        left = None if self._deadline is None else self._left(math.inf)
        self._call = line.begin(method, payload, left)
        line.send(credit(self._call, WINDOW), within)
        return line

    def _next(self, line: Line) -> Frame:
        try:
            return line.next(self._left(SILENCE_SECONDS))
        except CallFailed as failure:
            if failure.code == "DEADLINE_EXCEEDED" and failure.status is None:
                self._left(0)
                text = f"the server said nothing for {SILENCE_SECONDS:g} seconds"
                raise ServerSilent("UNAVAILABLE", text) from None
            raise

    def _left(self, most: float) -> float:
        """Seconds that may be waited, at most so many."""
        if self._deadline is None:
            return most
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise CallFailed("DEADLINE_EXCEEDED")
        return min(most, left)

    def _close(self) -> None:
        if self._line is not None:
            self._line.close()
