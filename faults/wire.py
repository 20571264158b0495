"""A plain gRPC client: one call is one request, and every answer has its revision and every error its outcome."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

import grpc
import msgpack
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from session_bridge.v1 import common_pb2, sessions_pb2, sessions_pb2_grpc, variables_pb2, variables_pb2_grpc

_OPTIONS = (
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
)
_DETAILS = "grpc-status-details-bin"
_SERVING = b"\x08\x01"


class Refused(Exception):
    """An error's code, reason and outcome; a connection that broke has no reason, and an unknown outcome."""

    def __init__(self, code: str, reason: str, outcome: str, text: str) -> None:
        super().__init__(f"{code} {reason} {outcome}: {text}")
        self.code = code
        self.reason = reason
        self.outcome = outcome


@dataclass(frozen=True)
class Stored:
    """A variable as it is read."""

    value: object
    revision: int
    expires: bool


def packed(value: object) -> bytes:
    """The encoding of a value."""
    found: bytes = msgpack.packb(value)
    return found


def unpacked(value: bytes) -> object:
    """The value of an encoding."""
    found: object = msgpack.unpackb(value)
    return found


class Client:
    """A connection of its own to a server."""

    def __init__(self, address: str, seconds: float = 20) -> None:
        self._seconds = seconds
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        self._variables: Any = variables_pb2_grpc.VariableServiceStub(self._channel)
        self._sessions: Any = sessions_pb2_grpc.SessionServiceStub(self._channel)
        self._health: Any = self._channel.unary_unary("/grpc.health.v1.Health/Check")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._channel.close()

    def update(
        self, session: str, operations: list[variables_pb2.Operation], *, independent: bool = False
    ) -> variables_pb2.UpdateVariablesResponse:
        """Several operations, in one transaction of the store."""
        request = variables_pb2.UpdateVariablesRequest(session_id=session, operations=operations, independent=independent)
        found: variables_pb2.UpdateVariablesResponse = self._ask(self._variables.UpdateVariables, request)
        return found

    def send(self, method: str, request: Any) -> Any:
        """Any request, by its method's name."""
        service = self._sessions if method.endswith("Session") else self._variables
        return self._ask(getattr(service, method), request)

    def touch(self, session: str, ttl_ms: int) -> int:
        """Replaces the ttl; the new revision."""
        request = sessions_pb2.TouchSessionRequest(session_id=session, ttl=common_pb2.Ttl(ttl_ms=ttl_ms))
        return int(self._ask(self._sessions.TouchSession, request).session.revision)

    def delete_session(self, session: str) -> bool:
        """Whether there was one."""
        return bool(self._ask(self._sessions.DeleteSession, sessions_pb2.DeleteSessionRequest(session_id=session)).deleted)

    def read(self, session: str) -> tuple[int, dict[str, Stored]]:
        """The session's revision, 0 for none, and everything in it."""
        request = variables_pb2.GetVariablesRequest(session_id=session, include_info=True)
        values: dict[str, object] = {}
        infos: dict[str, common_pb2.VariableInfo] = {}
        while True:
            page = self._ask(self._variables.GetVariables, request)
            if page.values:
                values.update(cast("dict[str, object]", unpacked(page.values)))
            infos.update({info.name: info for info in page.infos})
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        found = {name: Stored(values[name], info.revision, info.HasField("expires_at_ms")) for name, info in infos.items()}
        return page.session_revision, found

    def get(self, session: str, name: str) -> Stored | None:
        """One variable."""
        request = variables_pb2.GetVariableRequest(session_id=session, name=name, include_info=True)
        answer = self._ask(self._variables.GetVariable, request)
        if not answer.found:
            return None
        return Stored(unpacked(answer.value), answer.info.revision, answer.info.HasField("expires_at_ms"))

    def sessions(self) -> list[str]:
        """The ids of all sessions."""
        request = sessions_pb2.ListSessionsRequest()
        ids: list[str] = []
        while True:
            page = self._ask(self._sessions.ListSessions, request)
            ids += [session.session_id for session in page.sessions]
            if not page.next_page_token:
                return ids
            request.page_token = page.next_page_token

    def serving(self) -> bool:
        """What the health service says."""
        try:
            return bytes(self._health(b"", timeout=self._seconds)) == _SERVING
        except grpc.RpcError as error:
            raise _refused(error) from None

    def _ask(self, call: Any, request: Any) -> Any:
        try:
            return call(request, timeout=self._seconds)
        except grpc.RpcError as error:
            raise _refused(error) from None


def _refused(error: Any) -> Refused:
    reason, outcome = "", "unknown"
    for key, value in error.trailing_metadata() or ():
        if key != _DETAILS:
            continue
        for detail in status_pb2.Status.FromString(value).details:
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info):
                reason, outcome = info.reason, info.metadata.get("outcome", "")
    return Refused(error.code().name, reason, outcome, error.details())


def set_to(name: str, value: object, *, ttl_ms: int | None = None) -> variables_pb2.Operation:
    """Sets a variable."""
    ttl = None if ttl_ms is None else common_pb2.Ttl(ttl_ms=ttl_ms)
    return variables_pb2.Operation(name=name, set=variables_pb2.SetOperation(value=packed(value), ttl=ttl))


def delete(name: str) -> variables_pb2.Operation:
    """Deletes a variable."""
    return variables_pb2.Operation(name=name, delete=variables_pb2.DeleteOperation())


def increment(name: str, by: object = 1) -> variables_pb2.Operation:
    """Adds to a number."""
    return variables_pb2.Operation(name=name, increment=variables_pb2.IncrementOperation(by=packed(by)))


def append(name: str, items: object) -> variables_pb2.Operation:
    """Adds to a list."""
    return variables_pb2.Operation(name=name, append=variables_pb2.AppendOperation(value=packed(items)))


def clear(prefix: str) -> variables_pb2.Operation:
    """Deletes the variables of a prefix."""
    return variables_pb2.Operation(clear=variables_pb2.ClearOperation(prefix=prefix))
