"""A floor: bytes sent and the same bytes received over a plain socket, by a Node server that does nothing else."""

import os
import socket
from typing import Any

from ..adapter import Adapter
from ..values import VALUES

#: What a request or an answer has besides the value: names, ids, revisions, frames.
_AROUND_BYTES = 64


class TcpEcho(Adapter):
    """A socket. What is read or written has the size that the name was last written with."""

    def __init__(self, *, looks: bool = False) -> None:
        """Sleeps until the bytes are there, as blocking sockets do, or looks for them, as our direct client does for a while."""
        self._looks = looks

    def open(self, target: str) -> None:
        """Connects to a port of this machine."""
        import msgpack

        self._target = target
        self._payloads = {id(value): msgpack.packb(value) + bytes(_AROUND_BYTES) for value in VALUES.values()}
        self._names: dict[str, bytes] = {}
        self._socket = socket.create_connection(("127.0.0.1", int(target)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._receive = self._looked_for if self._looks else self._socket.recv

    def another(self) -> "TcpEcho":
        """A connection of its own."""
        other = TcpEcho(looks=self._looks)
        other.open(self._target)
        other._names.update(self._names)
        return other

    def get(self, name: str) -> object:
        """There and back."""
        payload = self._names[name]
        self._socket.sendall(payload)
        missing = len(payload)
        while missing:
            missing -= len(self._receive(min(missing, 1 << 20)))
        return None

    def _looked_for(self, size: int) -> bytes:
        while True:
            try:
                return self._socket.recv(size, socket.MSG_DONTWAIT)
            except BlockingIOError:
                os.sched_yield()

    def set(self, name: str, value: Any) -> None:
        """There and back."""
        self._names[name] = self._payloads[id(value)]
        self.get(name)
