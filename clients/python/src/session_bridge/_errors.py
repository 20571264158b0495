"""The exceptions of session-bridge.

BridgeError
├── InvalidArgumentError (ValueError)
├── SerializationError (TypeError)
├── ConstraintError (ValueError)
├── TypeMismatchError (TypeError)
├── IntegerOverflowError (OverflowError)
├── SessionNotFoundError (LookupError)
├── CheckpointNotFoundError (LookupError)
├── VariableNotFoundError (KeyError)
├── SessionExistsError
├── PageExpiredError
├── RevisionMismatchError
├── LimitExceededError
├── CompactedError
├── ServerUnavailableError (ConnectionError)
│   └── StoreUnavailableError
├── OutcomeUnknownError
├── UnauthenticatedError
├── PermissionDeniedError
├── UnsupportedError
├── BridgeClosedError
├── DeadlineExceededError (TimeoutError)
├── CancelledError
├── InternalServerError
└── DataLossError
"""

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

Outcome: TypeAlias = Literal["not_applied", "unknown"]


class BridgeError(Exception):
    """The base of every exception that session-bridge raises on purpose.

    Attributes:
        reason: A stable word for programs, such as ``REVISION_MISMATCH``.
        outcome: Whether the change was certainly ``not_applied``, or ``unknown``.
        name: The variable's name.
        path: Where inside the value: ``config.tools[3]``.
        rule: The law that was broken, such as ``duplicate_key``.
        limit: The name of the limit.
        limit_value: The limit's value.
        actual: What was asked for, in the limit's unit.
        current_revision: The revision now, 0 when there is no such variable.
        incident_id: Names the server's log line with the cause of an internal error.
        readable: When one of many values that were read does not decode: the others.
    """

    default_reason: ClassVar[str] = "INTERNAL"
    default_outcome: ClassVar[Outcome] = "not_applied"
    readable: Mapping[str, object] | None = None

    def __init__(
        self,
        message: str = "",
        *,
        reason: str | None = None,
        outcome: Outcome | None = None,
        name: str | None = None,
        path: str | None = None,
        rule: str | None = None,
        limit: str | None = None,
        limit_value: int | None = None,
        actual: int | None = None,
        current_revision: int | None = None,
        incident_id: str | None = None,
    ) -> None:
        """Makes the exception; the reason and the outcome are the class's own unless given."""
        super().__init__(message)
        self.reason: str = reason or self.default_reason
        self.outcome: Outcome = outcome or self.default_outcome
        self.name: str | None = name
        self.path: str | None = path
        self.rule: str | None = rule
        self.limit: str | None = limit
        self.limit_value: int | None = limit_value
        self.actual: int | None = actual
        self.current_revision: int | None = current_revision
        self.incident_id: str | None = incident_id

    def __str__(self) -> str:
        """The message, readable also where a base class such as KeyError would quote it."""
        return str(self.args[0]) if self.args else ""


class InvalidArgumentError(BridgeError, ValueError):
    """Something about the request itself is wrong: a session id, a name, a ttl or a value."""

    default_reason = "INVALID_ARGUMENT"


class SerializationError(BridgeError, TypeError):
    """A value cannot be stored; ``path`` says where inside it."""

    default_reason = "UNSUPPORTED_TYPE"


class ConstraintError(BridgeError, ValueError):
    """A declared variable refuses the value; ``path`` and ``rule`` say why."""

    default_reason = "CONSTRAINT_VIOLATED"


class TypeMismatchError(BridgeError, TypeError):
    """The stored value does not fit the operation, or the type that was asked for."""

    default_reason = "TYPE_MISMATCH"


class IntegerOverflowError(BridgeError, OverflowError):
    """An increment left the range -2**63 … 2**64 - 1."""

    default_reason = "INTEGER_OVERFLOW"


class SessionNotFoundError(BridgeError, LookupError):
    """There is no such session."""

    default_reason = "SESSION_NOT_FOUND"


class CheckpointNotFoundError(BridgeError, LookupError):
    """The session has no checkpoint of that label, which is ``name``."""

    default_reason = "CHECKPOINT_NOT_FOUND"


class VariableNotFoundError(BridgeError, KeyError):
    """``session[name]`` was read and there is no such variable."""

    default_reason = "VARIABLE_NOT_FOUND"


class SessionExistsError(BridgeError):
    """There is such a session already."""

    default_reason = "SESSION_EXISTS"


class PageExpiredError(BridgeError):
    """The snapshot that a listing was reading is gone; clients start over by themselves."""

    default_reason = "PAGE_EXPIRED"


class RevisionMismatchError(BridgeError):
    """A precondition failed: ``name`` is at ``current_revision``."""

    default_reason = "REVISION_MISMATCH"


class LimitExceededError(BridgeError):
    """A limit was reached: ``limit``, ``limit_value`` and ``actual`` say which."""

    default_reason = "OVERLOADED"


class CompactedError(BridgeError):
    """What was asked for is no longer kept."""

    default_reason = "COMPACTED"


class ServerUnavailableError(BridgeError, ConnectionError):
    """The server cannot be reached or used right now."""

    default_reason = "UNREACHABLE"


class StoreUnavailableError(ServerUnavailableError):
    """The server's store failed, or may have."""

    default_reason = "STORE_UNAVAILABLE"


class OutcomeUnknownError(BridgeError):
    """Nobody can tell whether the change was applied."""

    default_reason = "OUTCOME_UNKNOWN"
    default_outcome = "unknown"


class UnauthenticatedError(BridgeError):
    """The server does not know who is asking."""

    default_reason = "UNAUTHENTICATED"


class PermissionDeniedError(BridgeError):
    """The server does not allow this to who is asking."""

    default_reason = "PERMISSION_DENIED"


class UnsupportedError(BridgeError):
    """The server does not know this call, or something that it needs is not here: an encoding, numpy."""

    default_reason = "UNSUPPORTED"


class BridgeClosedError(BridgeError):
    """The bridge was closed."""

    default_reason = "BRIDGE_CLOSED"


class DeadlineExceededError(BridgeError, TimeoutError):
    """The deadline passed first."""

    default_reason = "DEADLINE_EXCEEDED"


class CancelledError(BridgeError):
    """The call was cancelled."""

    default_reason = "CANCELLED"


class InternalServerError(BridgeError):
    """Something that should not happen did; ``incident_id`` names the server's log line."""


class DataLossError(BridgeError):
    """Stored bytes do not decode or verify."""

    default_reason = "DATA_LOSS"


# The one table between the wire and the classes, as in packages/core/src/error-table.ts.
_BY_REASON: Mapping[tuple[str, str], type[BridgeError]] = {
    ("INVALID_ARGUMENT", "UNSUPPORTED_TYPE"): SerializationError,
    ("INVALID_ARGUMENT", "VALUE_TOO_DEEP"): SerializationError,
    ("INVALID_ARGUMENT", "VALUE_TOO_COMPLEX"): SerializationError,
    ("INVALID_ARGUMENT", "INVALID_STRING"): SerializationError,
    ("INVALID_ARGUMENT", "CONSTRAINT_VIOLATED"): ConstraintError,
    ("FAILED_PRECONDITION", "TYPE_MISMATCH"): TypeMismatchError,
    ("FAILED_PRECONDITION", "INTEGER_OVERFLOW"): IntegerOverflowError,
    ("NOT_FOUND", "SESSION_NOT_FOUND"): SessionNotFoundError,
    ("NOT_FOUND", "CHECKPOINT_NOT_FOUND"): CheckpointNotFoundError,
    ("ALREADY_EXISTS", "SESSION_EXISTS"): SessionExistsError,
    ("ABORTED", "PAGE_EXPIRED"): PageExpiredError,
    ("ABORTED", "REVISION_MISMATCH"): RevisionMismatchError,
    ("ABORTED", "OUTCOME_UNKNOWN"): OutcomeUnknownError,
    ("OUT_OF_RANGE", "COMPACTED"): CompactedError,
    ("UNAVAILABLE", "STORE_UNAVAILABLE"): StoreUnavailableError,
}
_BY_CODE: Mapping[str, type[BridgeError]] = {
    "INVALID_ARGUMENT": InvalidArgumentError,
    "RESOURCE_EXHAUSTED": LimitExceededError,
    "UNAVAILABLE": ServerUnavailableError,
    "UNAUTHENTICATED": UnauthenticatedError,
    "PERMISSION_DENIED": PermissionDeniedError,
    "UNIMPLEMENTED": UnsupportedError,
    "DEADLINE_EXCEEDED": DeadlineExceededError,
    "CANCELLED": CancelledError,
    "DATA_LOSS": DataLossError,
}


def error_from(
    code_name: str,
    reason: str | None,
    message: str,
    metadata: Mapping[str, str],
    *,
    outcome_unless_said: Outcome = "unknown",
) -> BridgeError:
    """The exception that a status means: by its code and reason, and without a known reason by its code.

    Args:
        code_name: The name of the google.rpc.Code, such as ``ABORTED``.
        reason: The ErrorInfo's reason, None or empty when the status has none (a proxy's, or gRPC's own).
        message: Text for people.
        metadata: The ErrorInfo's metadata.
        outcome_unless_said: The outcome when the metadata do not tell it.
    """
    kind = _BY_REASON.get((code_name, reason or "")) or _BY_CODE.get(code_name, InternalServerError)
    said = metadata.get("outcome")
    return kind(
        message,
        reason=reason or None,
        outcome="unknown" if said == "unknown" else "not_applied" if said == "not_applied" else outcome_unless_said,
        name=metadata.get("name"),
        path=metadata.get("path"),
        rule=metadata.get("rule"),
        limit=metadata.get("limit"),
        limit_value=_number(metadata.get("limit_value")),
        actual=_number(metadata.get("actual")),
        current_revision=_number(metadata.get("current_revision")),
        incident_id=metadata.get("incident_id"),
    )


_CODES: Mapping[type[BridgeError], str] = {
    **{kind: code for (code, _), kind in _BY_REASON.items()},
    **{kind: code for code, kind in _BY_CODE.items()},
    BridgeClosedError: "UNAVAILABLE",
}


def status_of(error: BridgeError) -> str:
    """The name of the status that the exception stands for; those that no class stands for are ``INTERNAL``."""
    return _CODES.get(type(error), "INTERNAL")


def _number(text: str | None) -> int | None:
    """The number that a metadata value means; None when it is not one."""
    return int(text) if text is not None and text.isascii() and text.removeprefix("-").isdigit() else None
