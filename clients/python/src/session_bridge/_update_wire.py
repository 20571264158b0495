"""What a client asks to be changed together, and what it is answered: the part of `_wire` about updates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ._wire import Defaults, Encoded, Request, TtlMs, VariableAnswer


@dataclass(frozen=True, slots=True)
class Set:
    """Writes a value."""

    encoded: Encoded
    ttl: TtlMs = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Deletes the variable."""


@dataclass(frozen=True, slots=True)
class Increment:
    """Adds a msgpack number."""

    by: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """Lengthens a list, string or bytes, keeping at most `keep_last` items, code points or bytes."""

    value: bytes
    keep_last: int | None


@dataclass(frozen=True, slots=True)
class Merge:
    """Writes a msgpack map into the map at `path`, and removes names from it."""

    values: bytes
    path: Sequence[str]
    remove: Sequence[str]


@dataclass(frozen=True, slots=True)
class Clear:
    """Deletes every variable whose name begins with `prefix`."""

    prefix: str


@dataclass(frozen=True, slots=True)
class PopLast:
    """Deletes the last variable in byte order of the names."""


@dataclass(frozen=True, slots=True)
class Expire:
    """Changes the deadline alone."""

    ttl: TtlMs


@dataclass(frozen=True, slots=True)
class Restore:
    """Writes again what the name had at a revision."""

    revision: int


@dataclass(frozen=True, slots=True)
class Declare:
    """Says what values of the name look like: a JSON Schema as msgpack, nothing to end that."""

    schema: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Names the state that the update leads to."""

    label: str


@dataclass(frozen=True, slots=True)
class DeleteCheckpoint:
    """Forgets a named state."""

    label: str


@dataclass(frozen=True, slots=True)
class Rollback:
    """Makes the variables what a named state was."""

    label: str


Change: TypeAlias = (
    Set
    | Delete
    | Increment
    | Append
    | Merge
    | Clear
    | PopLast
    | Expire
    | Restore
    | Declare
    | Checkpoint
    | DeleteCheckpoint
    | Rollback
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One change of a batch, or only a precondition; `name` is empty for a change that is of no single variable."""

    name: str
    change: Change | None
    if_revision: int | None = None


@dataclass(frozen=True, slots=True)
class OperationAnswer:
    """What became of one operation."""

    revision: int
    previous: VariableAnswer | None
    number: bytes
    count: int
    applied: bool = True


@dataclass(frozen=True, slots=True)
class UpdateVariablesAnswer:
    """One result for each operation, and the session's revision after them."""

    results: Sequence[OperationAnswer]
    session_revision: int


@dataclass(frozen=True, slots=True)
class UpdateVariables(Request[UpdateVariablesAnswer]):
    """Applies a packed map of sets and then operations: all or nothing, one revision."""

    mutates = True
    method = "session_bridge.v1.VariableService/UpdateVariables"

    session_id: str
    values: bytes = b""
    operations: Sequence[Operation] = ()
    must_exist: bool = False
    defaults: Defaults | None = None
