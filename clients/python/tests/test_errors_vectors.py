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
from session_bridge._carrier import CallFailed
from session_bridge._direct_carrier import DirectCarrier
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


@pytest.fixture(scope="module")
def direct(strict_server: Server) -> Iterator[DirectCarrier]:
    """The same for the direct carrier, whose limits are its callers'."""
    carrier = DirectCarrier(strict_server.address)
    yield carrier
    carrier.close()


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


def request_of(row: dict[str, Any]) -> tuple[str, bytes]:
    """The full name of the RPC, and the bytes of the request."""
    method: str = row["method"]
    of_sessions = "Session" in method or "ServerInfo" in method
    service, messages = ("SessionService", sessions_pb2) if of_sessions else ("VariableService", variables_pb2)
    name = f"session_bridge.v1.{service}/{method}"
    if "payload" in row:
        return name, bytes_of(row["payload"])
    message: Message = getattr(messages, f"{method}Request")()
    return name, json_format.ParseDict(json_of(row["request"]), message).SerializeToString()


def send(channel: grpc.Channel, row: dict[str, Any]) -> bytes:
    name, payload = request_of(row)
    raw: Any = channel
    answer: bytes = raw.unary_unary(f"/{name}")(payload, timeout=10)
    return answer


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_the_request_is_refused_alike_by_both_carriers_and_changes_nothing(
    channel: grpc.Channel, direct: DirectCarrier, strict_server: Server, row: dict[str, Any]
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

    with pytest.raises(CallFailed) as failed:
        direct.call(*request_of(row), 10, None)
    assert failed.value.code == row["code"]
    same, from_server = error_of(failed.value, mutates=True)
    assert from_server == bool(row["reason"])
    if row["reason"]:  # Other refusals are of gRPC's own library.
        same.incident_id = error.incident_id
        assert (type(same), str(same), vars(same)) == (type(error), str(error), vars(error))
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
