"""The exception tree."""

import copy
import pickle
from collections.abc import Callable

import pytest

import session_bridge._errors as _errors
from session_bridge._errors import BridgeError, error_from

CLASSES = sorted(
    (kind for kind in vars(_errors).values() if isinstance(kind, type) and issubclass(kind, BridgeError)),
    key=lambda kind: kind.__name__,
)
BUILT_IN: dict[str, type[Exception]] = {
    "InvalidArgumentError": ValueError,
    "SerializationError": TypeError,
    "ConstraintError": ValueError,
    "TypeMismatchError": TypeError,
    "IntegerOverflowError": OverflowError,
    "SessionNotFoundError": LookupError,
    "CheckpointNotFoundError": LookupError,
    "VariableNotFoundError": KeyError,
    "ServerUnavailableError": ConnectionError,
    "StoreUnavailableError": ConnectionError,
    "DeadlineExceededError": TimeoutError,
}


def pickled(error: BridgeError) -> BridgeError:
    again: BridgeError = pickle.loads(pickle.dumps(error))
    return again


def test_there_are_as_many_classes_as_the_tree_draws() -> None:
    tree = [line for line in (_errors.__doc__ or "").splitlines() if "─" in line or line == "BridgeError"]
    assert len(tree) == len(CLASSES) == 25
    for kind in CLASSES:
        (line,) = [line for line in tree if kind.__name__ in line.split()]
        built_in = BUILT_IN.get(kind.__name__)
        inherited = kind.__bases__[0] not in (BridgeError, Exception)
        assert (f"({built_in.__name__})" in line) if built_in and not inherited else ("(" not in line)
        assert kind.__doc__


@pytest.mark.parametrize("kind", CLASSES)
def test_each_inherits_its_built_in_class(kind: type[BridgeError]) -> None:
    error = kind("text")
    assert isinstance(error, BUILT_IN.get(kind.__name__, BridgeError))
    assert str(error) == "text"
    assert error.reason == kind.default_reason


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
def test_each_pickles_and_copies_with_its_details(
    kind: type[BridgeError], again: Callable[[BridgeError], BridgeError]
) -> None:
    error = kind(
        "text",
        reason="SOMETHING",
        outcome="unknown",
        name="a",
        path="a.b",
        rule="utf8",
        limit="value_bytes",
        limit_value=1,
        actual=2,
        current_revision=3,
        incident_id="i",
    )
    copied = again(error)
    assert type(copied) is kind
    assert (str(copied), vars(copied)) == ("text", vars(error))


TABLE = [
    ("INVALID_ARGUMENT", "INVALID_NAME", "InvalidArgumentError"),
    ("INVALID_ARGUMENT", "INVALID_VALUE", "InvalidArgumentError"),
    ("INVALID_ARGUMENT", "UNSUPPORTED_TYPE", "SerializationError"),
    ("INVALID_ARGUMENT", "VALUE_TOO_DEEP", "SerializationError"),
    ("INVALID_ARGUMENT", "VALUE_TOO_COMPLEX", "SerializationError"),
    ("INVALID_ARGUMENT", "INVALID_STRING", "SerializationError"),
    ("INVALID_ARGUMENT", "CONSTRAINT_VIOLATED", "ConstraintError"),
    ("FAILED_PRECONDITION", "TYPE_MISMATCH", "TypeMismatchError"),
    ("FAILED_PRECONDITION", "INTEGER_OVERFLOW", "IntegerOverflowError"),
    ("NOT_FOUND", "SESSION_NOT_FOUND", "SessionNotFoundError"),
    ("NOT_FOUND", "CHECKPOINT_NOT_FOUND", "CheckpointNotFoundError"),
    ("ALREADY_EXISTS", "SESSION_EXISTS", "SessionExistsError"),
    ("ABORTED", "PAGE_EXPIRED", "PageExpiredError"),
    ("ABORTED", "REVISION_MISMATCH", "RevisionMismatchError"),
    ("ABORTED", "OUTCOME_UNKNOWN", "OutcomeUnknownError"),
    ("RESOURCE_EXHAUSTED", "VALUE_TOO_LARGE", "LimitExceededError"),
    ("RESOURCE_EXHAUSTED", "WATCH_TOO_SLOW", "LimitExceededError"),
    ("OUT_OF_RANGE", "COMPACTED", "CompactedError"),
    ("UNAVAILABLE", "STORE_UNAVAILABLE", "StoreUnavailableError"),
    ("UNAVAILABLE", "SHUTTING_DOWN", "ServerUnavailableError"),
    ("UNAUTHENTICATED", "UNAUTHENTICATED", "UnauthenticatedError"),
    ("PERMISSION_DENIED", "PERMISSION_DENIED", "PermissionDeniedError"),
    ("UNIMPLEMENTED", "UNSUPPORTED", "UnsupportedError"),
    ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "DeadlineExceededError"),
    ("CANCELLED", "CANCELLED", "CancelledError"),
    ("INTERNAL", "INTERNAL", "InternalServerError"),
    ("DATA_LOSS", "DATA_LOSS", "DataLossError"),
]


@pytest.mark.parametrize(("code", "reason", "kind"), TABLE)
def test_a_reason_makes_its_class(code: str, reason: str, kind: str) -> None:
    error = error_from(code, reason, "text", {"outcome": "not_applied"})
    assert (type(error).__name__, error.reason, error.outcome, str(error)) == (kind, reason, "not_applied", "text")


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        ("INVALID_ARGUMENT", "InvalidArgumentError", "INVALID_ARGUMENT"),
        ("RESOURCE_EXHAUSTED", "LimitExceededError", "OVERLOADED"),
        ("UNAVAILABLE", "ServerUnavailableError", "UNREACHABLE"),
        ("UNAUTHENTICATED", "UnauthenticatedError", "UNAUTHENTICATED"),
        ("PERMISSION_DENIED", "PermissionDeniedError", "PERMISSION_DENIED"),
        ("UNIMPLEMENTED", "UnsupportedError", "UNSUPPORTED"),
        ("DEADLINE_EXCEEDED", "DeadlineExceededError", "DEADLINE_EXCEEDED"),
        ("CANCELLED", "CancelledError", "CANCELLED"),
        ("DATA_LOSS", "DataLossError", "DATA_LOSS"),
        ("UNKNOWN", "InternalServerError", "INTERNAL"),
        ("ABORTED", "InternalServerError", "INTERNAL"),
        ("NOT_FOUND", "InternalServerError", "INTERNAL"),
    ],
)
def test_a_status_without_error_info_maps_by_its_code(code: str, kind: str, reason: str) -> None:
    for none in (None, ""):
        error = error_from(code, none, "text", {})
        assert (type(error).__name__, error.reason, error.outcome) == (kind, reason, "unknown")
    assert error_from(code, None, "text", {}, outcome_unless_said="not_applied").outcome == "not_applied"


def test_the_metadata_become_attributes() -> None:
    metadata = {
        "outcome": "unknown",
        "name": "a",
        "path": "a[0]",
        "rule": "depth",
        "limit": "value_bytes",
        "incident_id": "x",
    }
    error = error_from(
        "RESOURCE_EXHAUSTED",
        "VALUE_TOO_LARGE",
        "",
        {**metadata, "limit_value": "10", "actual": "11", "current_revision": "-1"},
    )
    assert (error.name, error.path, error.rule, error.limit, error.incident_id) == (
        "a",
        "a[0]",
        "depth",
        "value_bytes",
        "x",
    )
    assert (error.limit_value, error.actual, error.current_revision, error.outcome) == (10, 11, -1, "unknown")
    assert (
        error_from("ABORTED", "REVISION_MISMATCH", "", {"current_revision": "1.5", "actual": "²"}).current_revision
        is None
    )


def test_a_missing_variable_reads_like_text() -> None:
    assert str(_errors.VariableNotFoundError("no variable 'a'", name="a")) == "no variable 'a'"
