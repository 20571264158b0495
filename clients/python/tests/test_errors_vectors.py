"""Every row of proto/vectors/errors.json, sent as a raw client would send it."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.message import Message

import session_bridge
from session_bridge import BridgeError
from session_bridge._grpc_streams import failure_of
from session_bridge._rpc import error_of
from session_bridge.v1 import sessions_pb2, variables_pb2

from .servers import Server, serving
from .values.notation import VECTORS, bytes_of

FILE: dict[str, Any] = json.loads((VECTORS / "errors.json").read_text(encoding="utf-8"))
ROWS: list[dict[str, Any]] = FILE["rows"]
BYTES = frozenset({"value", "values", "by", "schema"})


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the small limits that the rows need."""
    with serving("memory", tmp_path_factory.mktemp("vectors") / "server.log", flags=FILE["server"]) as running:
        yield running


@pytest.fixture(scope="module")
def channel(strict_server: Server) -> Iterator[grpc.Channel]:
    """A raw connection, without the client's own limits."""
    unlimited = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(strict_server.address, options=unlimited) as connected:
        yield connected


def json_of(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a row in protobuf's JSON mapping."""
    return {name: _json_of_field(name, given) for name, given in fields.items()}


def _json_of_field(name: str, given: Any) -> Any:
    if name in BYTES:
        return base64.b64encode(bytes_of(given)).decode()
    if isinstance(given, list):
        return [_json_of_field("", item) for item in given]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(given, dict):
        return given["repeat"] * given["count"] if "repeat" in given else json_of(given)  # pyright: ignore
    return given


def send(channel: grpc.Channel, row: dict[str, Any]) -> bytes:
    method: str = row["method"]
    of_sessions = "Session" in method or "ServerInfo" in method
    service, messages = ("SessionService", sessions_pb2) if of_sessions else ("VariableService", variables_pb2)
    if "payload" in row:
        payload = bytes_of(row["payload"])
    else:
        message: Message = getattr(messages, f"{method}Request")()
        payload = json_format.ParseDict(json_of(row["request"]), message).SerializeToString()
    raw: Any = channel
    answer: bytes = raw.unary_unary(f"/session_bridge.v1.{service}/{method}")(payload, timeout=10)
    return answer


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_the_request_is_refused_and_changes_nothing(
    channel: grpc.Channel, strict_server: Server, row: dict[str, Any]
) -> None:
    for before in row.get("setup", ()):
        send(channel, before)
    stored = _stored(strict_server, row)
    with pytest.raises(grpc.RpcError) as caught:
        send(channel, row)
    call: Any = caught.value
    assert call.code().name == row["code"]
    error, from_server = error_of(failure_of(call), mutates=True)
    assert type(error) is getattr(session_bridge, row["python"])
    assert from_server == bool(row["reason"])
    if row["reason"]:
        assert error.reason == row["reason"]
        assert error.outcome == "not_applied"
    for key, value in row.get("metadata", {}).items():
        assert str(getattr(error, key)) == value
    assert _stored(strict_server, row) == stored


def _stored(server: Server, row: dict[str, Any]) -> object:
    """What is in the row's session; None when it has none."""
    session_id = row.get("request", {}).get("session_id")
    if not isinstance(session_id, str) or not session_id:
        return None
    with session_bridge.connect(server.address) as bridge:
        session = bridge.get_session(session_id)
        try:
            return session.info().revision, [(info.name, info.revision) for info in session.list_variables()]
        except BridgeError as error:
            return error.reason
