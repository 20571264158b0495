"""What the calls share: how a server is reached, which session is meant, and values to bytes and back."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, Literal, Protocol, cast

from typing_extensions import TypeVar

from . import _wire as wire
from ._arguments import check_seconds
from ._contention import Contention
from ._convert import convert
from ._errors import BridgeError, PageExpiredError
from ._steps import Backoff, Steps, ask
from ._telemetry import timed
from ._transport import Server
from ._values import Codecs, decode, decode_packed, encode, encode_over, encode_packed

A = TypeVar("A")
S = TypeVar("S", bound=Server, covariant=True, default=Server)

_LOST_PAGES: Final = Backoff(first=0.01, cap=0.5)


@dataclass(frozen=True, slots=True)
class Link(Generic[S]):
    """How a bridge and its sessions reach the server."""

    transport: S
    timeout: float
    retry: bool
    codecs: Codecs

    def with_options(self, timeout: float | None, retry: bool | None) -> "Link[S]":
        """The same with another timeout or retry rule; None leaves what is there."""
        return replace(
            self,
            timeout=self.timeout if timeout is None else check_seconds(timeout),
            retry=self.retry if retry is None else retry,
        )

    def deadline(self) -> float:
        """When a call that begins now must be over."""
        return time.monotonic() + self.timeout

    def ask(self, request: wire.Request[A], deadline: float | None = None) -> Steps[A]:
        """One request and its answer, within the deadline of the whole call if there is one."""
        by = time.monotonic() + self.timeout if deadline is None else deadline
        return ask(self.transport, request, deadline=by, retry=self.retry)


@dataclass(frozen=True, slots=True)
class Handle(Generic[S]):
    """A session as a client holds it; knows nothing of what is stored but how crowded it is."""

    link: Link[S]
    session_id: str
    defaults: wire.Defaults | None
    must_exist: bool
    contention: Contention = field(default_factory=Contention, compare=False, repr=False)

    def with_options(self, timeout: float | None, retry: bool | None) -> "Handle[S]":
        """The same session with another timeout or retry rule; None leaves what is there."""
        return replace(self, link=self.link.with_options(timeout, retry))

    def identity(self) -> tuple[str, Literal[""], str]:
        """What makes two handles equal: server, tenant (there is only the empty one) and id."""
        return (self.link.transport.address, "", self.session_id)


class _Page(Protocol):
    @property
    def next_page_token(self) -> str: ...


P = TypeVar("P", bound=_Page)


def pages(link: Link, page: Callable[[str], wire.Request[P]], deadline: float | None = None) -> Steps[list[P]]:
    """All pages of one snapshot; from the first one again, after a pause, when the snapshot is lost on the way."""
    if deadline is None:
        deadline = link.deadline()
    attempt = 0
    while True:
        try:
            return (yield from _pages_of_one(link, page, deadline))
        except PageExpiredError as error:
            lost = error
        yield from _LOST_PAGES.wait(attempt, deadline, lost)
        attempt += 1


def _pages_of_one(link: Link, page: Callable[[str], wire.Request[P]], deadline: float) -> Steps[list[P]]:
    answers: list[P] = []
    token = ""
    while True:
        answer = yield from link.ask(page(token), deadline)
        answers.append(answer)
        token = answer.next_page_token
        if not token:
            return answers


@timed("decode", lambda arguments, _: len(arguments[2].value))
def decoded(handle: Handle, name: str, encoded: wire.Encoded, kind: Any = None) -> Any:  # noqa: ANN401
    """The value of a variable, converted to `kind` unless that is None.

    Raises:
        DataLossError: The bytes do not decode.
        TypeMismatchError: The value is not of that kind.
    """
    value = decode(encoded.value, encoded.encoding, name=name, codecs=handle.link.codecs)
    if kind is None:
        return value
    converted: Any = convert(value, kind, path=name)
    return converted


@timed("encode", lambda _, encoded: len(encoded.value))
def encoded_as(handle: Handle, name: str, value: object, encoding: str = "") -> wire.Encoded:
    """The bytes of a value.

    Raises:
        SerializationError: Something inside cannot be stored.
    """
    return wire.Encoded(*encode(value, name=name, encoding=encoding, codecs=handle.link.codecs))


@timed("encode", lambda _, encoded: len(encoded.value))
def encoded_over(handle: Handle, name: str, value: object, previous: wire.Encoded) -> wire.Encoded:
    """The bytes of a value that replaces another one, in the same encoding: what is equal keeps its bytes.

    Raises:
        SerializationError: Something inside cannot be stored.
    """
    data = encode_over(value, previous.value, name=name, encoding=previous.encoding, codecs=handle.link.codecs)
    return wire.Encoded(data, previous.encoding)


@timed("encode", lambda _, data: len(data))
def packed(handle: Handle, values: Mapping[str, object]) -> bytes:
    """The bytes of many values by name.

    Raises:
        SerializationError: Something inside cannot be stored.
    """
    return encode_packed(values, codecs=handle.link.codecs)


@timed("decode", lambda arguments, _: len(arguments[0]))
def unpacked(data: bytes) -> tuple[dict[str, object], dict[str, BridgeError]]:
    """Many values by name, and the errors of those that do not decode.

    Raises:
        DataLossError: The bytes are nothing of the kind.
    """
    return decode_packed(data)


def all_readable(values: dict[str, Any], unreadable: Mapping[str, BridgeError]) -> dict[str, Any]:
    """The values; if some do not decode, the error of the first is raised and has the others in `readable`."""
    if unreadable:
        first = unreadable[min(unreadable)]
        first.readable = values
        raise first
    return values


@timed("decode", lambda arguments, _: len(arguments[0]))
def number(data: bytes, name: str) -> int | float:
    """The number that an increment answers.

    Raises:
        DataLossError: The bytes do not decode.
    """
    return cast("int | float", decode(data, name=name))
