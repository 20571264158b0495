"""A way to a server that can be cut, by which nobody loses anything but the connection."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class Proxy:
    """Passes bytes between `address` and a server; its threads end with it."""

    def __init__(self, server: str) -> None:
        self._target = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ways: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._loses_answers = False
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def lose_answers(self) -> None:
        """From now until the cut, what the server says comes to nobody."""
        self._loses_answers = True

    def cut(self) -> None:
        """Breaks every connection there is; new ones are passed on."""
        with self._lock:
            for way in self._ways:
                _end(way)
            self._loses_answers = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _end(self._listener)
        self._threads[0].join()
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        host, port = self._target.rsplit(":", 1)
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection((host, int(port)))
            with self._lock:
                self._ways |= {near, far}
            thread = threading.Thread(target=self._carry, args=(near, far), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _welcome(self, near: socket.socket) -> None:
        """What is said to whoever connects, before anything is passed on: nothing."""

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with near, far:
            self._welcome(near)
            back = threading.Thread(target=_pass_on, args=(far, near, lambda: self._loses_answers), daemon=True)
            back.start()
            _pass_on(near, far, lambda: False)
            back.join()
            with self._lock:
                self._ways -= {near, far}


class HttpProxy(Proxy):
    """A proxy of HTTP, from which every way leads to the one server."""

    def __init__(self, server: str) -> None:
        self.asked: list[str] = []
        """The first lines of what it was asked."""
        super().__init__(server)

    def _welcome(self, near: socket.socket) -> None:
        with suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                data = near.recv(4096)
                if not data:
                    return
                head += data
            self.asked.append(head.split(b"\r\n")[0].decode())
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")


def _pass_on(source: socket.socket, target: socket.socket, is_lost: Callable[[], bool]) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            if not is_lost():
                target.sendall(data)
    _end(source)
    _end(target)


def _end(way: socket.socket) -> None:
    """Ends both directions; either end may have done so before."""
    with suppress(OSError):
        way.shutdown(socket.SHUT_RDWR)
