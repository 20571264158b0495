"""A connected socket of which every wait has an end. Only this module and the asyncio twin know sockets."""

import os
import socket
import time
from contextlib import suppress
from typing import Final

from ._carrier import CallFailed

_UNIX: Final = "unix:"
CAN_LOOK: Final = hasattr(os, "sched_yield")
"""Whether `DirectSocket.look` may look more than once: a thread that does must be able to give way."""


class DirectSocket:
    """A connection, used by one thread at a time. Only `end` may be called beside another thread's use."""

    __slots__ = ("_socket",)

    def __init__(self, address: str, timeout: float | None) -> None:
        """Connects within `timeout` seconds.

        Raises:
            CallFailed: Nobody is there.
        """
        try:
            self._socket = _connected(address, timeout)
        except TimeoutError as error:
            raise CallFailed("DEADLINE_EXCEEDED", str(error)) from None
        except (OSError, UnicodeError) as error:  # The latter of names that no host can have.
            raise CallFailed("UNAVAILABLE", str(error)) from None
        self._socket.setblocking(False)

    def send(self, data: bytes, timeout: float | None) -> None:
        """Sends bytes.

        Raises:
            OSError: They were not taken, within `timeout` seconds: TimeoutError.
        """
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._socket.settimeout(timeout)
            self._socket.sendall(memoryview(data)[sent:])
            self._socket.setblocking(False)

    def receive(self, size: int, deadline: float | None) -> bytes:
        """Sleeps until there are bytes; gives at most so many.

        Raises:
            OSError: There are none before the deadline (TimeoutError), or will be none.
        """
        self._socket.settimeout(None if deadline is None else _left(deadline))
        data = self._socket.recv(size)
        self._socket.setblocking(False)
        return _some(data)

    def look(self, size: int, until: float) -> bytes | None:
        """Looks for bytes without sleeping, at least once, and lets others work meanwhile; None when there are none.

        Raises:
            OSError: There will be none.
        """
        while True:
            try:
                return _some(self._socket.recv(size))
            except BlockingIOError:
                if time.monotonic() >= until:
                    return None
            os.sched_yield()

    def end(self) -> None:
        """Ends both directions, also for a thread that is waiting."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Gives the socket back to the system."""
        self._socket.close()

    def __del__(self) -> None:
        """What nobody has any more is closed."""
        with suppress(AttributeError):  # It was never connected.
            self._socket.close()


def _some(data: bytes) -> bytes:
    if not data:
        raise ConnectionResetError("the server has ended the connection")
    return data


def _left(deadline: float) -> float:
    """Seconds until the deadline, of which there are some."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connected(address: str, timeout: float | None) -> socket.socket:
    if address.startswith(_UNIX):
        if not hasattr(socket, "AF_UNIX"):
            raise CallFailed("UNIMPLEMENTED", "this platform has no Unix sockets")
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.settimeout(timeout)
            connected.connect(address.removeprefix(_UNIX))
        except BaseException:
            connected.close()
            raise
        return connected
    host, _, port = address.rpartition(":")
    connected = socket.create_connection((host.strip("[]"), int(port)), timeout)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return connected
