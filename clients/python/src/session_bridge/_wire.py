"""What a client asks a server and what it is answered, whatever carries it: values are encoded, times are milliseconds.

Beside it are `_update_wire`, what changes together, and `_past_wire`, what goes back. What every call makes is no tuple
with names and not frozen, for those take longer to make.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, NamedTuple, TypeAlias, TypeVar

A = TypeVar("A", covariant=True)

TtlMs: TypeAlias = int | Literal["never", "keep"] | None


class Request(Generic[A]):
    """A question whose answer is an `A`; `method` is the full name of the RPC for it."""

    __slots__ = ()

    mutates = False
    method = ""


class Identity(NamedTuple):
    """What names a change however often it is sent, so that a repeat changes nothing and gets the same answer.

    `resent_after_ms` is how long ago it was first sent, None the first time.
    """

    request_id: bytes
    resent_after_ms: int | None = None


@dataclass(slots=True)
class Encoded:
    """An encoded value; the empty encoding is msgpack."""

    value: bytes
    encoding: str = ""


class InfoAnswer(NamedTuple):
    """What is known of a variable without its value."""

    name: str
    type: str
    size_bytes: int
    revision: int
    created_at_ms: int
    updated_at_ms: int
    expires_at_ms: int | None


class VariableAnswer(NamedTuple):
    """A variable with its encoded value."""

    info: InfoAnswer
    encoded: Encoded


@dataclass(frozen=True, slots=True)
class SessionAnswer:
    """What is known of a session."""

    session_id: str
    labels: Mapping[str, str]
    revision: int
    variable_count: int
    size_bytes: int
    created_at_ms: int
    accessed_at_ms: int
    expires_at_ms: int | None
    history_entries: int | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a session is given if, and only if, the request creates it."""

    ttl: TtlMs = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class GetVariableAnswer:
    """`encoded` is None when there is no such variable, `session_revision` 0 when there is no session."""

    encoded: Encoded | None
    info: InfoAnswer | None
    session_revision: int = 0


@dataclass(slots=True)
class GetVariable(Request[GetVariableAnswer]):
    """Reads one variable."""

    method = "session_bridge.v1.VariableService/GetVariable"

    session_id: str
    name: str
    include_info: bool = False


class SetVariableAnswer(NamedTuple):
    """`applied` is False only when `if_missing` found a value, which is then `previous`."""

    applied: bool
    revision: int
    previous: Encoded | None


@dataclass(frozen=True, slots=True)
class SetVariable(Request[SetVariableAnswer]):
    """Writes one variable."""

    mutates = True
    method = "session_bridge.v1.VariableService/SetVariable"

    session_id: str
    name: str
    encoded: Encoded
    ttl: TtlMs = None
    if_revision: int | None = None
    if_missing: bool = False
    must_exist: bool = False
    defaults: Defaults | None = None


@dataclass(frozen=True, slots=True)
class DeleteVariableAnswer:
    """`previous` is there when it was asked for and there was one."""

    deleted: bool
    previous: Encoded | None


@dataclass(frozen=True, slots=True)
class DeleteVariable(Request[DeleteVariableAnswer]):
    """Deletes one variable."""

    mutates = True
    method = "session_bridge.v1.VariableService/DeleteVariable"

    session_id: str
    name: str
    if_revision: int | None = None
    want_previous: bool = False
    must_exist: bool = False


@dataclass(frozen=True, slots=True)
class ListVariablesAnswer:
    """One page, in byte order of the names; an empty token means that it was the last."""

    variables: Sequence[InfoAnswer]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class ListVariables(Request[ListVariablesAnswer]):
    """What is known of the variables whose names begin with `prefix`."""

    method = "session_bridge.v1.VariableService/ListVariables"

    session_id: str
    prefix: str = ""
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class GetVariablesAnswer:
    """One page: msgpack values in one packed map, the others beside it; an empty token means that it was the last."""

    values: bytes
    custom: Sequence[VariableAnswer]
    next_page_token: str
    infos: Sequence[InfoAnswer] = ()
    session_revision: int = 0


@dataclass(frozen=True, slots=True)
class GetVariables(Request[GetVariablesAnswer]):
    """Reads these names, or without names all that begin with `prefix`."""

    method = "session_bridge.v1.VariableService/GetVariables"

    session_id: str
    names: Sequence[str] = ()
    prefix: str = ""
    page_token: str = ""
    include_info: bool = False


ChangeKind: TypeAlias = Literal["set", "delete", "expire", "session_created", "session_deleted", "session_expired"]


class ChangeAnswer(NamedTuple):
    """One change of a commit. `kind` is None for one that only newer clients know, `variable` is there for a set."""

    kind: ChangeKind | None
    name: str
    revision: int
    variable: VariableAnswer | None
    last: bool


class WatchAnswer(NamedTuple):
    """A part of what a watch tells; `revision`, if there, is a position to go on from after this message."""

    changes: Sequence[ChangeAnswer]
    revision: int | None
    caught_up: bool


@dataclass(frozen=True, slots=True)
class WatchVariables(Request[WatchAnswer]):
    """Watches these names, or without names all that begin with `prefix`; answered many times."""

    method = "session_bridge.v1.VariableService/WatchVariables"

    session_id: str
    names: Sequence[str] = ()
    prefix: str = ""
    since: int | None = None
    without_values: bool = False


@dataclass(frozen=True, slots=True)
class CreateSession(Request[SessionAnswer]):
    """Makes a session; an empty id lets the server make one."""

    mutates = True
    method = "session_bridge.v1.SessionService/CreateSession"

    session_id: str
    ttl: TtlMs = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    max_life_ms: int | None = None
    history_entries: int | None = None


@dataclass(frozen=True, slots=True)
class GetSession(Request[SessionAnswer]):
    """What is known of a session."""

    method = "session_bridge.v1.SessionService/GetSession"

    session_id: str


@dataclass(frozen=True, slots=True)
class ListSessionsAnswer:
    """One page, in byte order of the ids; an empty token means that it was the last."""

    sessions: Sequence[SessionAnswer]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class ListSessions(Request[ListSessionsAnswer]):
    """The sessions whose ids begin with `prefix` and that have every one of `labels`."""

    method = "session_bridge.v1.SessionService/ListSessions"

    prefix: str = ""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class TouchSession(Request[SessionAnswer]):
    """Extends a session's life, or replaces its ttl."""

    mutates = True
    method = "session_bridge.v1.SessionService/TouchSession"

    session_id: str
    ttl: TtlMs = None


@dataclass(frozen=True, slots=True)
class DeleteSession(Request[bool]):
    """Deletes a session; the answer is whether there was one."""

    mutates = True
    method = "session_bridge.v1.SessionService/DeleteSession"

    session_id: str


@dataclass(frozen=True, slots=True)
class Greet(Request[str]):
    """Asks a server for its version: the cheapest way to find out whether one is there."""

    method = "session_bridge.v1.SessionService/GetServerInfo"
