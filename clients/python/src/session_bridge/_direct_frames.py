"""The frames of docs/direct-protocol.md as bytes; sends and receives nothing itself."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Final

from google.protobuf.message import DecodeError
from google.rpc import code_pb2, status_pb2  # type: ignore[import-untyped] # pyright: ignore[reportMissingTypeStubs]

from ._carrier import MAX_MESSAGE_BYTES, CallFailed
from ._telemetry import Headers
from .v1 import direct_pb2 as direct
from .v1 import sessions_pb2, variables_pb2

MAGIC: Final = b"\x89SBD\r\n\x1a\n"
HEADER: Final = Struct("<IIBBHI")
VERSION: Final = 1

WELCOME: Final[int] = direct.DIRECT_FRAME_KIND_WELCOME
ANSWER: Final[int] = direct.DIRECT_FRAME_KIND_ANSWER
ERROR: Final[int] = direct.DIRECT_FRAME_KIND_ERROR
ITEM: Final[int] = direct.DIRECT_FRAME_KIND_ITEM
END: Final[int] = direct.DIRECT_FRAME_KIND_END
PING: Final[int] = direct.DIRECT_FRAME_KIND_PING
GO_AWAY: Final[int] = direct.DIRECT_FRAME_KIND_GO_AWAY
_HELLO: Final[int] = direct.DIRECT_FRAME_KIND_HELLO
_CALL: Final[int] = direct.DIRECT_FRAME_KIND_CALL
_CANCEL: Final[int] = direct.DIRECT_FRAME_KIND_CANCEL
_CREDIT: Final[int] = direct.DIRECT_FRAME_KIND_CREDIT
_PONG: Final[int] = direct.DIRECT_FRAME_KIND_PONG

_WITH_METADATA: Final = 1
_MAX_CALL: Final = 2**32 - 1
_MAX_PAYLOAD_BYTES: Final = MAX_MESSAGE_BYTES + 65_536
"""A message, or an error about one."""
_CODES: Final[Mapping[int, str]] = {number: name for name, number in code_pb2.Code.items() if number != code_pb2.OK}


def _methods() -> dict[str, int]:
    known = dict(direct.DirectMethod.items())
    numbers: dict[str, int] = {}
    for file in (sessions_pb2, variables_pb2):
        for service in file.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                word = re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).upper()
                number = known.get(f"DIRECT_METHOD_{word}")
                if number is not None:
                    numbers[f"{service.full_name}/{method.name}"] = number
    return numbers


METHODS: Final[Mapping[str, int]] = _methods()
"""The numbers of the methods, by the full name of the RPC."""


@dataclass(slots=True)  # To make a tuple with names takes longer, and a frozen one longer still.
class Frame:
    """What a server sends."""

    call: int
    kind: int
    number: int
    payload: bytes


class FrameError(Exception):
    """What came is not a frame of a server of ours."""


def hello(client: str, *, answers_pings: bool) -> bytes:
    """How a connection begins."""
    said = direct.DirectHello(
        version=VERSION, client=client, max_message_bytes=MAX_MESSAGE_BYTES, answers_pings=answers_pings
    )
    return MAGIC + _frame(0, _HELLO, 0, said.SerializeToString())


def call_frame(call: int, method: str, payload: bytes, timeout: float | None, headers: Headers | None) -> bytes:
    """A request, with the seconds until its deadline and what it tells of its trace.

    Raises:
        CallFailed: The method has no number.
    """
    kind = METHODS.get(method)
    if kind is None:
        raise CallFailed("UNIMPLEMENTED", f"the direct protocol has no number for {method}")
    number = 0 if timeout is None else _milliseconds(timeout)
    if not headers:
        return HEADER.pack(len(payload), call, _CALL, kind, 0, number) + payload
    metadata = direct.DirectMetadata(**dict(headers)).SerializeToString()
    length = 2 + len(metadata) + len(payload)
    header = HEADER.pack(length, call, _CALL, kind, _WITH_METADATA, number)
    return b"".join((header, len(metadata).to_bytes(2, "little"), metadata, payload))


def _milliseconds(seconds: float) -> int:
    """As a frame has them: above 0, which would be no deadline. No min and max, which cost more than all of this."""
    rounded = math.ceil(seconds * 1000)
    return 1 if rounded < 1 else rounded if rounded < _MAX_CALL else _MAX_CALL


def next_call(last: int) -> int:
    """The number of the call after another one."""
    return last + 1 if last < _MAX_CALL else 1


def cancel(call: int) -> bytes:
    """The call is nobody's business any more."""
    return _frame(call, _CANCEL, 0)


def credit(call: int, items: int) -> bytes:
    """A stream may send so many items more."""
    return _frame(call, _CREDIT, items)


def pong(ping: Frame) -> bytes:
    """The answer to a ping."""
    return _frame(0, _PONG, ping.number)


def max_streams(welcome: Frame) -> int:
    """How many streams of a connection the server allows.

    Raises:
        FrameError: It does not say it.
    """
    try:
        return direct.DirectWelcome.FromString(welcome.payload).max_streams
    except DecodeError:
        raise FrameError("a welcome that does not decode") from None


def _frame(call: int, kind: int, number: int, payload: bytes = b"") -> bytes:
    return HEADER.pack(len(payload), call, kind, 0, 0, number) + payload


class FrameReader:
    """Cuts what a server sends into frames; at the beginning of a connection after its magic."""

    __slots__ = ("_parts", "missing")

    def __init__(self) -> None:
        """Has nothing yet."""
        self._parts: list[bytes] = []
        self.missing = 0
        """How many bytes are needed at least to go on with a frame that has begun; 0 between frames."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete.

        Raises:
            FrameError: They are none.
        """
        if self._parts:
            self._parts.append(data)
            self.missing -= len(data)
            if self.missing > 0:
                return []
            data = b"".join(self._parts)
            self._parts.clear()
        frames: list[Frame] = []
        at, end = 0, len(data)
        while end - at >= HEADER.size:
            length, call, kind, _, _, number = HEADER.unpack_from(data, at)
            if length > _MAX_PAYLOAD_BYTES:
                raise FrameError(f"a frame of {length} bytes")
            begin = at + HEADER.size
            if begin + length > end:
                self.missing = begin + length - end
                break
            at = begin + length
            frames.append(Frame(call, kind, number, data[begin:at]))
        else:
            self.missing = HEADER.size - (end - at) if at < end else 0
        if at < end:
            self._parts.append(data[at:])
        return frames


def end_of(error: Frame) -> CallFailed:
    """What an ERROR frame means that is about the whole connection: nothing is known of the calls that were open."""
    return CallFailed("UNAVAILABLE", f"the server ended the connection: {failure_of(error).text}")


def failure_of(error: Frame) -> CallFailed:
    """What an ERROR frame about a call says."""
    try:
        status = status_pb2.Status.FromString(error.payload)
    except DecodeError:
        return CallFailed("INTERNAL", "the server's error does not decode")
    return CallFailed(_CODES.get(status.code, "UNKNOWN"), status.message, error.payload)
