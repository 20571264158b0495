"""What a client asks about what a session was, names, declares, and about its copies: the rest of `_wire`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ._wire import Request, SessionAnswer, TtlMs, VariableAnswer

HistoryKind: TypeAlias = Literal["set", "delete", "expire"]


@dataclass(frozen=True, slots=True)
class HistoryEntryAnswer:
    """An earlier state of a variable. `kind` is None for one that only newer clients know."""

    kind: HistoryKind | None
    revision: int
    at_ms: int
    variable: VariableAnswer | None


@dataclass(frozen=True, slots=True)
class GetHistoryAnswer:
    """One page, newest first; without `next_before` it was the last."""

    entries: Sequence[HistoryEntryAnswer]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class GetHistory(Request[GetHistoryAnswer]):
    """The states that a variable had before revision `before`, at most `limit` of them; 0: as many as fit a message."""

    method = "session_bridge.v1.VariableService/GetVariableHistory"

    session_id: str
    name: str
    before: int | None = None
    limit: int = 0


@dataclass(frozen=True, slots=True)
class DeclarationAnswer:
    """What the values of a name look like: a JSON Schema as msgpack."""

    name: str
    schema: bytes


@dataclass(frozen=True, slots=True)
class ListDeclarations(Request[Sequence[DeclarationAnswer]]):
    """What is declared, in byte order of the names."""

    method = "session_bridge.v1.VariableService/ListDeclarations"

    session_id: str


@dataclass(frozen=True, slots=True)
class CheckpointAnswer:
    """A named state."""

    label: str
    revision: int
    created_at_ms: int
    variable_count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ListCheckpoints(Request[Sequence[CheckpointAnswer]]):
    """The named states, oldest first."""

    method = "session_bridge.v1.SessionService/ListCheckpoints"

    session_id: str


@dataclass(frozen=True, slots=True)
class ForkSession(Request[SessionAnswer]):
    """Copies a session; an empty new id lets the server make one. None for ttl and labels: those of the source."""

    mutates = True
    method = "session_bridge.v1.SessionService/ForkSession"

    session_id: str
    new_session_id: str = ""
    ttl: TtlMs = None
    labels: Mapping[str, str] | None = None
    at_revision: int | None = None
