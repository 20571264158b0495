"""A server in this process, without a socket: what a client asks is recorded, and what it is answered is prepared."""

from collections.abc import Callable
from typing import Any, TypeVar

from session_bridge import Bridge, Session
from session_bridge._link import Link
from session_bridge._transport import Stream
from session_bridge._values import DEFAULT_CODECS
from session_bridge._wire import GetVariableAnswer, Identity, InfoAnswer, Request, WatchVariables

A = TypeVar("A")
Answer = Callable[[Request[Any]], object]


class FakeTransport:
    """Answers with `answers` in turn, the last of them for ever; an exception is raised."""

    def __init__(self, *answers: object, contacted: bool = True) -> None:
        self.asked: list[Request[Any]] = []
        self.timeouts: list[float] = []
        self.identities: list[Identity | None] = []
        self.contacted = contacted
        self.address = "fake:1"
        self.closed = False
        self._answers = list(answers)

    def call(self, request: Request[A], timeout: float, identity: Identity | None) -> A:
        self.asked.append(request)
        self.timeouts.append(timeout)
        self.identities.append(identity)
        answer: Any = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        self.contacted = True
        given: A = answer
        return given

    def watch(self, request: WatchVariables, timeout: float | None) -> Stream:
        raise NotImplementedError("the steps of a watch need no transport")

    def close(self) -> None:
        self.closed = True


def bridge_over(transport: FakeTransport, *, timeout: float = 5.0, retry: bool = True) -> Bridge:
    return Bridge(Link(transport, timeout, retry, DEFAULT_CODECS))


def session_over(transport: FakeTransport, *, timeout: float = 5.0, retry: bool = True) -> Session:
    return bridge_over(transport, timeout=timeout, retry=retry).get_session("s")


INFO = InfoAnswer("x", "integer", 1, 7, 0, 0, None)
MISSING = GetVariableAnswer(None, None)
