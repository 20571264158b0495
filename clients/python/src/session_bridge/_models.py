"""What a session and its variables look like from outside, beside their values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from ._errors import BridgeError
from ._past_wire import CheckpointAnswer, HistoryEntryAnswer
from ._wire import InfoAnswer, SessionAnswer

T = TypeVar("T", covariant=True)
V = TypeVar("V")

Ttl: TypeAlias = float | timedelta | Literal["never", "keep"] | None
"""How long a variable lives: seconds, or "never", or "keep" for the deadline it has. None is as if omitted."""

SessionTtl: TypeAlias = float | timedelta | Literal["never"] | None
"""How long an unused session lives: seconds, or "never". None is as if omitted."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class VariableInfo:
    """What is known of a variable without its value.

    Attributes:
        name: The variable's name.
        type: The name of the value's type, such as ``integer`` or ``map``.
        size_bytes: The length of the encoded value.
        revision: The revision of the commit that last wrote it; give it back as ``if_revision``.
        created_at: When it was created.
        updated_at: When it was last written.
        expires_at: When it expires, None when it does not expire by itself.
    """

    name: str
    type: str
    size_bytes: int
    revision: int
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Entry(VariableInfo, Generic[T]):
    """A variable: what is known of it, and its value, which ``repr`` does not show."""

    value: T = field(repr=False)


ChangeKind: TypeAlias = Literal[
    "set", "delete", "expire", "caught_up", "resync", "session_created", "session_deleted", "session_expired"
]
"""What a watch can tell."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that a watch tells.

    Attributes:
        kind: ``set``, ``delete`` or ``expire`` of a variable; ``session_created``, or ``session_deleted`` or
            ``session_expired``, with which all variables are gone; ``caught_up``: all that was there at the beginning
            has been told; ``resync``: forget everything, what is there now is told anew.
        name: The variable's name; empty when it is about the whole session.
        value: The variable's value; None for all but ``set``, and where values are not asked for.
        revision: The revision of the commit; of what was there at the beginning, its own; of ``caught_up``, up to where
            everything has been told. With ``last`` it is a position for ``since``; but that of ``resync`` is 0.
        entry: The variable with what is known of it, for a ``set`` whose value is asked for.
        last: Whether a commit is complete with this, so that what has been told is a state that there was.
    """

    kind: ChangeKind
    name: str
    value: Any = field(repr=False)
    revision: int
    entry: Entry[Any] | None
    last: bool


@dataclass(frozen=True, kw_only=True)
class SessionInfo:
    """What is known of a session.

    Attributes:
        id: The session's id.
        labels: Its labels.
        revision: The revision of its last commit.
        variable_count: How many variables are alive.
        size_bytes: Names and encoded values, those of the history included.
        created_at: When it was created.
        accessed_at: When it was last used, as far as it is stored.
        expires_at: When it expires if nobody uses it, None when it never does.
        history_entries: How many earlier states of each variable are kept; None: as many as the server says.
    """

    id: str
    labels: Mapping[str, str]
    revision: int
    variable_count: int
    size_bytes: int
    created_at: datetime
    accessed_at: datetime
    expires_at: datetime | None
    history_entries: int | None = None


HistoryKind: TypeAlias = Literal["set", "delete", "expire"]
"""What an earlier state of a variable was: a value, or none since it had been deleted or had expired."""


@dataclass(frozen=True, kw_only=True)
class HistoryEntry(Generic[T]):
    """An earlier state of a variable.

    Attributes:
        kind: ``set``: it had a value; ``delete`` or ``expire``: it had none.
        name: The variable's name.
        revision: The revision of the commit that led to this state; give it to ``restore``.
        at: When that was.
        type: The name of the value's type; None where there was no value.
        size_bytes: The length of the encoded value; 0 where there was none.
        expires_at: When the value expires, None when it does not by itself; the entry is gone then.
    """

    kind: HistoryKind
    name: str
    revision: int
    at: datetime
    type: str | None
    size_bytes: int
    expires_at: datetime | None
    _value: T | None = field(repr=False)
    _unreadable: BridgeError | None = field(repr=False, compare=False)

    @property
    def value(self) -> T | None:
        """The value, None where there was none.

        Raises:
            DataLossError: The stored bytes do not decode.
            TypeMismatchError: The value does not fit the type that was asked for.
        """
        if self._unreadable is not None:
            raise self._unreadable
        return self._value


@dataclass(frozen=True, kw_only=True)
class CheckpointInfo:
    """A named state of a session.

    Attributes:
        label: Its name; give it to ``rollback``.
        revision: The revision whose state it names.
        created_at: When it was named.
        variable_count: How many variables it holds.
        size_bytes: Names and encoded values.
    """

    label: str
    revision: int
    created_at: datetime
    variable_count: int
    size_bytes: int


def variable_info(answer: InfoAnswer) -> VariableInfo:
    """The public form of a variable's metadata."""
    return VariableInfo(**_facts(answer))


def entry(answer: InfoAnswer, value: V) -> Entry[V]:
    """The public form of a variable."""
    return Entry(value=value, **_facts(answer))


def _facts(answer: InfoAnswer) -> dict[str, Any]:
    """What the public forms of a variable have in common."""
    return {
        "name": answer.name,
        "type": answer.type,
        "size_bytes": answer.size_bytes,
        "revision": answer.revision,
        "created_at": _moment(answer.created_at_ms),
        "updated_at": _moment(answer.updated_at_ms),
        "expires_at": _optional_moment(answer.expires_at_ms),
    }


def session_info(answer: SessionAnswer) -> SessionInfo:
    """The public form of a session's metadata."""
    return SessionInfo(
        id=answer.session_id,
        labels=answer.labels,
        revision=answer.revision,
        variable_count=answer.variable_count,
        size_bytes=answer.size_bytes,
        created_at=_moment(answer.created_at_ms),
        accessed_at=_moment(answer.accessed_at_ms),
        expires_at=_optional_moment(answer.expires_at_ms),
        history_entries=answer.history_entries,
    )


def history_entry(
    name: str, kind: HistoryKind, answer: HistoryEntryAnswer, value: V | None, unreadable: BridgeError | None
) -> HistoryEntry[V]:
    """The public form of an earlier state, with its value or why there is none to read."""
    info = None if answer.variable is None else answer.variable.info
    return HistoryEntry(
        kind=kind,
        name=name,
        revision=answer.revision,
        at=_moment(answer.at_ms),
        type=None if info is None else info.type,
        size_bytes=0 if info is None else info.size_bytes,
        expires_at=None if info is None else _optional_moment(info.expires_at_ms),
        _value=value,
        _unreadable=unreadable,
    )


def checkpoint_info(answer: CheckpointAnswer) -> CheckpointInfo:
    """The public form of a named state."""
    return CheckpointInfo(
        label=answer.label,
        revision=answer.revision,
        created_at=_moment(answer.created_at_ms),
        variable_count=answer.variable_count,
        size_bytes=answer.size_bytes,
    )


def _moment(milliseconds: int) -> datetime:
    """An aware datetime; what lies beyond the year 9999 becomes its last moment."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return _LATEST


def _optional_moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else _moment(milliseconds)
