"""What carries requests to a server and answers back, as bytes. What differs between carriers is below this."""

from typing import Final, Protocol

from ._telemetry import Headers

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024


class CallFailed(Exception):
    """There is no answer: why, in the words of google.rpc, and the bytes of a google.rpc.Status if the server sent one.

    The code is ``CANCELLED`` when the carrier was closed, ``UNAVAILABLE`` when nobody is there or the connection broke.
    """

    def __init__(self, code: str, text: str = "", status: bytes | None = None) -> None:
        """`code` is the name of a google.rpc.Code."""
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.status = status


class ServerSilent(CallFailed):
    """A stream heard nothing for so long that its server is taken for lost."""


class CarriedStream(Protocol):
    """The messages of one watch."""

    def receive(self) -> bytes | None:
        """Waits for the next one; None when the server has ended the watch.

        Raises:
            CallFailed: There will be none.
        """
        ...

    def cancel(self) -> None:
        """Ends it, also for a thread that is waiting for a message; does nothing in a forked process."""
        ...


class Carrier(Protocol):
    """A way to a server. Safe to use from many threads, and on both sides of a fork."""

    def call(self, method: str, payload: bytes, timeout: float, headers: Headers | None) -> bytes:
        """Asks once, within `timeout` seconds, by the full name of the RPC.

        Raises:
            CallFailed: There is no answer.
        """
        ...

    def watch(self, method: str, payload: bytes, timeout: float | None) -> CarriedStream:
        """Begins a watch, which ends after `timeout` seconds if that is not None. Its errors come with its messages.

        Raises:
            CallFailed: It could not be begun.
        """
        ...

    def close(self) -> None:
        """Ends all connections of this process; calls from now on, and those under way, fail with ``CANCELLED``."""
        ...
