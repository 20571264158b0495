"""A plain client of either carrier: one call is one request, and every answer has its revision and every error its outcome."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, cast

import msgpack
from carriers import Grpc, Name, Refused, connected
from google.protobuf.message_factory import GetMessageClass

from session_bridge.v1 import common_pb2, sessions_pb2, variables_pb2

__all__ = ["Client", "Refused", "Stored"]

_HEALTH = "grpc.health.v1.Health/Check"
_SERVING = b"\x08\x01"


def _methods() -> dict[str, tuple[str, Any]]:
    services = [service for file in (sessions_pb2, variables_pb2) for service in file.DESCRIPTOR.services_by_name.values()]
    return {
        method.name: (f"{service.full_name}/{method.name}", GetMessageClass(method.output_type))
        for service in services
        for method in service.methods
    }


_METHODS: Final = _methods()
"""Of each method its full name and what it answers."""


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
    """A connection of its own to a server.

    Args:
        address: The server's.
        carrier: What its requests go over; health has only gRPC.
        seconds: How long an answer may take.
    """

    def __init__(self, address: str, carrier: Name = "grpc", seconds: float = 20) -> None:
        self._address = address
        self._seconds = seconds
        self._carrier = connected(address, carrier)
        self._health: Grpc | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._carrier.close()
        if self._health is not None:
            self._health.close()

    def send(self, method: str, request: Any) -> Any:
        """Any request, by its method's name.

        Raises:
            Refused: There is no answer.
        """
        name, answer = _METHODS[method]
        return answer.FromString(self._carrier.ask(name, request.SerializeToString(), self._seconds))

    def update(
        self, session: str, operations: list[variables_pb2.Operation], *, independent: bool = False
    ) -> variables_pb2.UpdateVariablesResponse:
        """Several operations, in one transaction of the store."""
        request = variables_pb2.UpdateVariablesRequest(session_id=session, operations=operations, independent=independent)
        found: variables_pb2.UpdateVariablesResponse = self.send("UpdateVariables", request)
        return found

    def touch(self, session: str, ttl_ms: int) -> int:
        """Replaces the ttl; the new revision."""
        request = sessions_pb2.TouchSessionRequest(session_id=session, ttl=common_pb2.Ttl(ttl_ms=ttl_ms))
        return int(self.send("TouchSession", request).session.revision)

    def delete_session(self, session: str) -> bool:
        """Whether there was one."""
        return bool(self.send("DeleteSession", sessions_pb2.DeleteSessionRequest(session_id=session)).deleted)

    def fork(self, session: str, copy: str) -> int:
        """Copies a session; the copy's revision."""
        request = sessions_pb2.ForkSessionRequest(session_id=session, new_session_id=copy)
        return int(self.send("ForkSession", request).session.revision)

    def checkpoints(self, session: str) -> set[str]:
        """The labels of a session's checkpoints."""
        answer = self.send("ListCheckpoints", sessions_pb2.ListCheckpointsRequest(session_id=session))
        return {checkpoint.label for checkpoint in answer.checkpoints}

    def history(self, session: str, name: str) -> list[Stored | None]:
        """What a variable was, newest first; None where it was nothing."""
        request = variables_pb2.GetVariableHistoryRequest(session_id=session, name=name)
        entries: list[Any] = []
        while True:
            page = self.send("GetVariableHistory", request)
            entries += page.entries
            if not page.HasField("next_before"):
                break
            request.before = page.next_before
        return [_past(entry) for entry in entries]

    def read(self, session: str) -> tuple[int, dict[str, Stored]]:
        """The session's revision, 0 for none, and everything in it."""
        request = variables_pb2.GetVariablesRequest(session_id=session, include_info=True)
        values: dict[str, object] = {}
        infos: dict[str, common_pb2.VariableInfo] = {}
        while True:
            page = self.send("GetVariables", request)
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
        answer = self.send("GetVariable", variables_pb2.GetVariableRequest(session_id=session, name=name, include_info=True))
        if not answer.found:
            return None
        return Stored(unpacked(answer.value), answer.info.revision, answer.info.HasField("expires_at_ms"))

    def sessions(self) -> list[str]:
        """The ids of all sessions."""
        request = sessions_pb2.ListSessionsRequest()
        ids: list[str] = []
        while True:
            page = self.send("ListSessions", request)
            ids += [session.session_id for session in page.sessions]
            if not page.next_page_token:
                return ids
            request.page_token = page.next_page_token

    def serving(self) -> bool:
        """What the health service says."""
        self._health = self._health or Grpc(self._address)
        return self._health.ask(_HEALTH, b"", self._seconds) == _SERVING


def _past(entry: Any) -> Stored | None:
    if entry.kind != variables_pb2.HistoryEntry.KIND_SET:
        return None
    return Stored(unpacked(entry.variable.value), entry.revision, entry.variable.info.HasField("expires_at_ms"))


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


def restore(name: str, revision: int) -> variables_pb2.Operation:
    """Writes again what a variable was at a revision."""
    return variables_pb2.Operation(name=name, restore=variables_pb2.RestoreOperation(revision=revision))


def checkpoint(label: str) -> variables_pb2.Operation:
    """Names the state of a session."""
    return variables_pb2.Operation(checkpoint=variables_pb2.CheckpointOperation(label=label))


def rollback(label: str) -> variables_pb2.Operation:
    """Makes the variables what a checkpoint names."""
    return variables_pb2.Operation(rollback=variables_pb2.RollbackOperation(label=label))
