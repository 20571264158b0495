"""One connection of the direct carrier: frames over a socket."""

import threading
import time
from functools import cache
from importlib.metadata import version
from typing import Final

from ._carrier import CallFailed
from ._direct_frames import (
    ANSWER,
    ERROR,
    GO_AWAY,
    MAGIC,
    PING,
    WELCOME,
    Frame,
    FrameError,
    FrameReader,
    call_frame,
    end_of,
    failure_of,
    hello,
    next_call,
    pong,
)
from ._direct_lookout import Lookout
from ._direct_socket import DirectSocket
from ._telemetry import Headers

_RECEIVED_AT_ONCE: Final = 65_536
_MOST_RECEIVED_AT_ONCE: Final = 1_048_576
_PONG_SECONDS: Final = 1.0


class NotDirect(CallFailed):
    """Who is there does not speak the direct protocol, or not our version of it."""


class HungUp(CallFailed):
    """Who is there has ended the connection instead of answering the hello: somebody else, or a server that ends."""


class Line:
    """A connection to a server, used by one thread at a time. Only `end` may be called beside another thread's use.

    After any failure it is to be closed, for what comes next could be the answer to something else.
    """

    def __init__(self, address: str, timeout: float | None, lookout: Lookout) -> None:
        """Connects within `timeout` seconds, and says nothing yet.

        Raises:
            CallFailed: Nobody is there.
        """
        self._ending = threading.Lock()
        self._lookout = lookout
        self._reader = FrameReader()
        self._last_call = 0
        self._waiting: list[Frame] = []
        self._welcomed = False
        self.retired = False
        """Whether the server has said that it takes no more calls on it."""
        self.used_at = time.monotonic()
        self._socket = DirectSocket(address, timeout)

    def greet(self, timeout: float | None) -> None:
        """Says hello, and hears a welcome within `timeout` seconds.

        Raises:
            NotDirect: Somebody else is there, or another version.
            HungUp: There was no answer, and there will be none.
            CallFailed: There was no answer in time.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        begin = b""
        try:
            self._socket.send(_hello(), timeout)
            while len(begin) < len(MAGIC):
                begin += self._received(deadline)
                if not MAGIC.startswith(begin[: len(MAGIC)]):
                    raise NotDirect("UNIMPLEMENTED", "the direct protocol is not spoken there: use another carrier")
            self._waiting = self._reader.feed(begin[len(MAGIC) :])
            welcome = self._frame(deadline)
        except TimeoutError as error:
            raise _failed(error) from None
        except (OSError, FrameError) as error:
            raise HungUp("UNAVAILABLE", str(error)) from None
        if welcome.kind == ERROR:
            failure = failure_of(welcome)
            another_version = failure.code == "UNIMPLEMENTED"
            raise (NotDirect if another_version else CallFailed)(failure.code, failure.text, failure.status)
        if welcome.kind != WELCOME:
            raise NotDirect("UNIMPLEMENTED", "there is no welcome: use another carrier")
        self._welcomed = True

    def ask(self, method: str, payload: bytes, timeout: float, headers: Headers | None) -> Frame:
        """Sends a call and waits for its ANSWER or ERROR.

        Raises:
            CallFailed: None came.
        """
        call = self._last_call = next_call(self._last_call)
        frame = call_frame(call, method, payload, timeout, headers)
        deadline = time.monotonic() + timeout
        try:
            self._socket.send(frame, timeout)
            data = self._lookout.receive(self._socket, method, _RECEIVED_AT_ONCE, deadline)
            self._waiting += self._reader.feed(data)
            while True:
                answer = self._frame(deadline)
                if answer.call == call and (answer.kind == ANSWER or answer.kind == ERROR):
                    return answer
        except (OSError, FrameError) as error:
            raise _failed(error) from None

    def begin(self, method: str, payload: bytes, timeout: float | None) -> int:
        """Sends a call, and gives its number.

        Raises:
            CallFailed: It could not be sent.
        """
        self._last_call = next_call(self._last_call)
        self.send(call_frame(self._last_call, method, payload, timeout, None), timeout)
        return self._last_call

    def send(self, data: bytes, timeout: float | None) -> None:
        """Sends bytes.

        Raises:
            CallFailed: They could not be sent within `timeout` seconds.
        """
        try:
            self._socket.send(data, timeout)
        except OSError as error:
            raise _failed(error) from None

    def next(self, timeout: float | None) -> Frame:
        """Waits for the next frame of a call.

        Raises:
            CallFailed: None comes within `timeout` seconds, or any more.
        """
        try:
            return self._frame(None if timeout is None else time.monotonic() + timeout)
        except (OSError, FrameError) as error:
            raise _failed(error) from None

    def is_usable(self) -> bool:
        """Whether nothing has happened to it while it was idle."""
        try:
            data = self._socket.look(_RECEIVED_AT_ONCE, until=0)
            if data is None:
                return True
            self._waiting = [frame for frame in self._reader.feed(data) if self._concerns_a_call(frame)]
        except (OSError, FrameError, CallFailed):
            return False
        return not self.retired

    def end(self) -> None:
        """Ends both directions, also for a thread that is waiting."""
        with self._ending:
            self._socket.end()

    def close(self) -> None:
        """Gives the socket back to the system."""
        with self._ending:
            self._socket.close()

    def leave(self) -> None:
        """Lets go of the connection in a forked process, in which it is the parent's."""
        self._ending = threading.Lock()  # Whichever thread had it is not there.
        self._socket.close()

    def _frame(self, deadline: float | None) -> Frame:
        """The next frame that is about a call, or the first of all."""
        while True:
            while self._waiting:
                frame = self._waiting.pop(0)
                if self._concerns_a_call(frame):
                    return frame
            self._waiting = self._reader.feed(self._received(deadline))

    def _concerns_a_call(self, frame: Frame) -> bool:
        if frame.call or not self._welcomed:
            return True
        if frame.kind == ERROR:
            raise end_of(frame)
        if frame.kind == GO_AWAY:
            self.retired = True
        elif frame.kind == PING:
            self._socket.send(pong(frame), _PONG_SECONDS)
        return False

    def _received(self, deadline: float | None) -> bytes:
        """Some bytes, before the deadline if there is one."""
        size = min(max(self._reader.missing, _RECEIVED_AT_ONCE), _MOST_RECEIVED_AT_ONCE)
        return self._socket.receive(size, deadline)


@cache
def _hello() -> bytes:
    return hello(f"python/{version('session-bridge')}", answers_pings=False)


def _failed(error: OSError | FrameError) -> CallFailed:
    code = "DEADLINE_EXCEEDED" if isinstance(error, TimeoutError) else "UNAVAILABLE"
    return CallFailed(code, str(error))
