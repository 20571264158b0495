"""The frames of docs/direct-protocol.md, without a socket."""

from typing import Any, cast

import pytest
from google.rpc import status_pb2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from session_bridge import _wire as wire
from session_bridge._direct_frames import (
    ANSWER,
    ERROR,
    HEADER,
    MAGIC,
    METHODS,
    Frame,
    FrameError,
    FrameReader,
    call_frame,
    failure_of,
    hello,
    next_call,
)
from session_bridge.v1 import direct_pb2 as direct

numbers = st.integers(0, 2**32 - 1)
frames = st.lists(st.builds(Frame, numbers, st.integers(0, 255), numbers, st.binary(max_size=200)), max_size=20)


def as_bytes(frame: Frame) -> bytes:
    return HEADER.pack(len(frame.payload), frame.call, frame.kind, 0, 0, frame.number) + frame.payload


@given(frames, st.data())
def test_frames_are_the_same_however_their_bytes_come(sent: list[Frame], data: st.DataObject) -> None:
    wire_bytes = b"".join(map(as_bytes, sent))
    cuts = data.draw(st.lists(st.integers(0, len(wire_bytes)), max_size=30).map(sorted))
    reader, received = FrameReader(), list[Frame]()
    for begin, end in zip([0, *cuts], [*cuts, len(wire_bytes)], strict=True):
        if begin < end:
            received += reader.feed(wire_bytes[begin:end])
            assert 0 <= reader.missing <= len(wire_bytes) - end
    assert received == sent
    assert reader.missing == 0


@given(st.binary(max_size=500))
def test_any_bytes_are_frames_or_an_error_and_nothing_large_is_waited_for(data: bytes) -> None:
    reader = FrameReader()
    try:
        reader.feed(data)
    except FrameError:
        return
    assert reader.missing < 5 * 1024 * 1024


def test_a_frame_longer_than_a_message_is_refused_before_it_comes() -> None:
    with pytest.raises(FrameError):
        FrameReader().feed(HEADER.pack(2**32 - 1, 1, ANSWER, 0, 0, 0))


def test_a_call_is_a_header_and_its_request() -> None:
    frame = call_frame(7, wire.GetVariable.method, b"request", 1.2345, None)
    assert HEADER.unpack_from(frame) == (7, 7, 3, direct.DIRECT_METHOD_GET_VARIABLE, 0, 1235)
    assert frame[HEADER.size :] == b"request"
    assert HEADER.unpack_from(call_frame(7, wire.GetVariable.method, b"", None, None))[5] == 0
    assert HEADER.unpack_from(call_frame(7, wire.GetVariable.method, b"", 1e-9, None))[5] == 1, "0 would be for ever"
    assert HEADER.unpack_from(call_frame(7, wire.GetVariable.method, b"", 1e12, None))[5] == 2**32 - 1


def test_the_trace_comes_before_the_request() -> None:
    headers = (("traceparent", "00-aa-bb-01"), ("tracestate", "a=1"))
    frame = call_frame(7, wire.SetVariable.method, b"request", 1, headers)
    length, _, _, _, flags, _ = HEADER.unpack_from(frame)
    assert (length, flags) == (len(frame) - HEADER.size, 1)
    begin = HEADER.size + 2
    end = begin + int.from_bytes(frame[HEADER.size : begin], "little")
    assert direct.DirectMetadata.FromString(frame[begin:end]) == direct.DirectMetadata(**dict(headers))
    assert frame[end:] == b"request"


def test_every_request_has_a_number_of_its_own() -> None:
    kinds = cast("list[type[wire.Request[Any]]]", wire.Request.__subclasses__())
    requests = {kind.method for kind in kinds}
    assert requests <= {*METHODS}
    assert len({*METHODS.values()}) == len(METHODS)
    assert 0 not in METHODS.values()


def test_a_hello_begins_with_the_magic() -> None:
    said = hello("python/0", answers_pings=True)
    assert said[:8] == MAGIC == bytes([0x89, 0x53, 0x42, 0x44, 0x0D, 0x0A, 0x1A, 0x0A])
    assert len(said) > 24, "the preface of HTTP/2 is as long, and who waits for one judges this"
    length, call, kind, _, _, _ = HEADER.unpack_from(said, 8)
    assert (length, call, kind) == (len(said) - 24, 0, 1)
    assert direct.DirectHello.FromString(said[24:]).version == 1


def test_numbers_of_calls_begin_again_and_are_never_0() -> None:
    assert next_call(0) == 1
    assert next_call(2**32 - 1) == 1


def test_a_failure_has_the_code_and_the_bytes_of_its_status() -> None:
    status = status_pb2.Status(code=10, message="newer").SerializeToString()
    failure = failure_of(Frame(1, ERROR, 0, status))
    assert (failure.code, failure.text, failure.status) == ("ABORTED", "newer", status)
    for code in (0, 99, -1):
        odd = status_pb2.Status(code=code).SerializeToString()
        assert failure_of(Frame(1, ERROR, 0, odd)).code == "UNKNOWN"
    assert failure_of(Frame(1, ERROR, 0, b"\xff")).code == "INTERNAL"
