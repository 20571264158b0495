"""Generated values, Python to server to TypeScript to server and Python and back."""

import itertools
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from hypothesis import given, note
from processes import Server, TypeScript
from values import EVERY_TYPE, VALUES, shape, through_typescript

import session_bridge
from session_bridge.v1 import variables_pb2, variables_pb2_grpc

_numbers = itertools.count()


@pytest.fixture(scope="module")
def raw(server: Server) -> Iterator[variables_pb2_grpc.VariableServiceStub]:
    with grpc.insecure_channel(server.address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        yield variables_pb2_grpc.VariableServiceStub(channel)


@pytest.fixture(scope="module")
def session(server: Server) -> Iterator[session_bridge.Session]:
    with session_bridge.connect(server.address, timeout=30) as bridge:
        yield bridge.get_session("round-trip")


@pytest.fixture(scope="module")
def typescript(server: Server) -> Iterator[TypeScript]:
    with TypeScript(server.address) as program:
        yield program


def _bytes_of(raw: variables_pb2_grpc.VariableServiceStub, name: str) -> bytes:
    answer = raw.GetVariable(variables_pb2.GetVariableRequest(session_id="round-trip", name=name))
    assert answer.found
    return answer.value


@pytest.mark.matrix
@given(value=VALUES)
def test_every_value_reads_back_equal_in_type_and_value(session: session_bridge.Session, value: Any) -> None:
    session.set_variable("plain", value)
    assert shape(session.get_variable("plain")) == shape(value)


@pytest.mark.matrix
@given(value=VALUES)
def test_what_typescript_does_not_touch_stays_byte_for_byte(
    session: session_bridge.Session, raw: variables_pb2_grpc.VariableServiceStub, typescript: TypeScript, value: Any
) -> None:
    """[P3] An update in TypeScript that changes nothing keeps what Python wrote, whole floats and tuples included."""
    session.set_variable("kept", value)
    before = _bytes_of(raw, "kept")
    typescript.do("rewrite", session="round-trip", name="kept")
    assert _bytes_of(raw, "kept") == before
    assert shape(session.get_variable("kept")) == shape(value)


@pytest.mark.matrix
@given(value=VALUES)
def test_what_typescript_reads_and_writes_loses_only_what_the_table_says(
    session: session_bridge.Session, typescript: TypeScript, value: Any
) -> None:
    session.set_variable("from-python", value)
    typescript.do("copy", session="round-trip", name="from-python", to="from-typescript")
    read = session.get_variable("from-typescript")
    note(f"TypeScript gave {read!r}")
    assert shape(read) == shape(through_typescript(value))
    typescript.do("copy", session="round-trip", name="from-typescript", to="twice")
    assert shape(session.get_variable("twice")) == shape(read)


@pytest.mark.matrix
def test_one_value_of_every_type_crosses_packed(session: session_bridge.Session, typescript: TypeScript) -> None:
    prefix = f"packed-{next(_numbers)}-"
    session.set_variables({prefix + name: value for name, value in EVERY_TYPE.items()})
    for name in EVERY_TYPE:
        typescript.do("copy", session="round-trip", name=prefix + name, to=f"copy-{prefix}{name}")
    copies = session.get_variables(prefix=f"copy-{prefix}")
    wanted = {f"copy-{prefix}{name}": through_typescript(value) for name, value in EVERY_TYPE.items()}
    assert shape(copies) == shape(wanted)
