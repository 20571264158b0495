"""A peer of the direct protocol whose every byte a test decides."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from google.protobuf.message import Message
from google.rpc import status_pb2  # type: ignore[import-untyped]

import session_bridge
from session_bridge import Bridge
from session_bridge._direct_frames import HEADER, MAGIC, METHODS
from session_bridge.v1 import direct_pb2 as direct
from session_bridge.v1 import sessions_pb2 as sessions
from session_bridge.v1 import variables_pb2 as variables

FOUND = variables.GetVariableResponse(found=True, value=b"\x07", session_revision=3)
WRITTEN = variables.SetVariableResponse(applied=True, revision=9)
NAMES = {number: name for name, number in METHODS.items()}


class Received(NamedTuple):
    call: int
    kind: int
    method: str
    flags: int
    number: int
    payload: bytes


class Gone(Exception):
    """The client has closed its side."""


class Connection:
    """A client's connection, seen from the server."""

    def __init__(self, way: socket.socket) -> None:
        self.way = way
        self.hello: direct.DirectHello | None = None

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.way.recv(count - len(data))
            if not more:
                raise Gone
            data += more
        return data

    def frame(self) -> Received:
        length, call, kind, method, flags, number = HEADER.unpack(self.read(HEADER.size))
        return Received(call, kind, NAMES.get(method, ""), flags, number, self.read(length))

    def call(self) -> Received:
        """The next call; credit and what else there is is passed over."""
        while True:
            frame = self.frame()
            if frame.kind == direct.DIRECT_FRAME_KIND_CALL:
                return frame

    def send(self, call: int, kind: int, payload: bytes = b"", number: int = 0) -> None:
        self.way.sendall(HEADER.pack(len(payload), call, kind, 0, 0, number) + payload)

    def answer(self, call: int, message: Message) -> None:
        self.send(call, direct.DIRECT_FRAME_KIND_ANSWER, message.SerializeToString())

    def welcome(self) -> None:
        assert self.read(len(MAGIC)) == MAGIC
        hello = self.frame()
        assert (hello.kind, hello.call) == (direct.DIRECT_FRAME_KIND_HELLO, 0)
        self.hello = direct.DirectHello.FromString(hello.payload)
        self.way.sendall(MAGIC)
        welcome = direct.DirectWelcome(version=1, max_message_bytes=4_194_304, max_calls=8, max_streams=8)
        self.send(0, direct.DIRECT_FRAME_KIND_WELCOME, welcome.SerializeToString())

    def greeted(self) -> None:
        """Welcomes, and answers the call with which a client finds out whether a server is there."""
        self.welcome()
        self.answer_greeting(self.call())

    def answer_greeting(self, call: Received) -> None:
        assert call.method.endswith("GetServerInfo")
        self.answer(call.call, sessions.GetServerInfoResponse(version="0"))


Script = Callable[[Connection], None]


class Peer:
    """Listens; each connection is served by the next script, the last of them for ever."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections: list[Connection] = []
        self.failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                way, _ = self._listener.accept()
            except OSError:
                return
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            connection = Connection(way)
            self.connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(script, connection), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, script: Script, connection: Connection) -> None:
        with connection.way:
            try:
                script(connection)
            except (Gone, OSError):
                return
            except BaseException as failure:
                self.failures.append(failure)

    def end(self) -> None:
        for way in (self._listener, *(connection.way for connection in self.connections)):
            with suppress(OSError):
                way.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()
        assert self.failures == []


@contextmanager
def peer(*scripts: Script) -> Generator[Peer]:
    """A peer for the time of a block."""
    listening = Peer(*scripts)
    try:
        yield listening
    finally:
        listening.end()


def answer(connection: Connection, call: Received) -> None:
    if call.method.endswith("/GetServerInfo"):
        connection.answer_greeting(call)
    else:
        connection.answer(call.call, FOUND if call.method.endswith("/GetVariable") else WRITTEN)


def serve(connection: Connection) -> None:
    """Answers every call at once."""
    connection.welcome()
    while True:
        answer(connection, connection.call())


def refuse_version(connection: Connection) -> None:
    """Is of another version."""
    connection.read(8)
    connection.frame()
    connection.way.sendall(MAGIC)
    status = status_pb2.Status(code=12, message="version 2 is spoken here").SerializeToString()
    connection.send(0, direct.DIRECT_FRAME_KIND_ERROR, status)


def silent(connection: Connection) -> None:
    """Is there, and says nothing."""
    connection.read(1_000_000)


def never_answers(connection: Connection) -> None:
    """Welcomes, and says nothing more."""
    connection.welcome()
    silent(connection)


def read(bridge: Bridge) -> object:
    """A call that `serve` answers with 7."""
    return bridge.get_session("s").get_variable("x")


def item(connection: Connection, call: Received, *, caught_up: bool = False) -> None:
    response = variables.WatchVariablesResponse(revision=1, caught_up=caught_up)
    connection.send(call.call, direct.DIRECT_FRAME_KIND_ITEM, response.SerializeToString())


class Credited:
    """A script: as many items as it is given credit for, until there were enough of them, and the end."""

    def __init__(self, enough: int) -> None:
        self.enough = enough
        self.given = 0

    def __call__(self, connection: Connection) -> None:
        connection.welcome()
        call = connection.call()
        while self.given < self.enough:
            frame = connection.frame()
            assert (frame.kind, frame.call) == (direct.DIRECT_FRAME_KIND_CREDIT, call.call)
            self.given += frame.number
            for _ in range(frame.number):
                item(connection, call)
        connection.send(call.call, direct.DIRECT_FRAME_KIND_END)
        silent(connection)  # To close with credit unread would take the end back.


def connect(to: Peer, **options: Any) -> Bridge:
    return session_bridge.connect(to.address, carrier="direct", **options)
