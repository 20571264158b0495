"""The variables of a session, shared by every process and language that works for it."""

from importlib.metadata import version as _version

from ._async_bridge import AsyncBridge, connect_async
from ._async_session import AsyncSession
from ._async_transaction import AsyncTransaction
from ._async_watch import AsyncWatch
from ._bridge import Bridge, connect
from ._errors import (
    BridgeClosedError,
    BridgeError,
    CancelledError,
    CheckpointNotFoundError,
    CompactedError,
    ConstraintError,
    DataLossError,
    DeadlineExceededError,
    IntegerOverflowError,
    InternalServerError,
    InvalidArgumentError,
    LimitExceededError,
    OutcomeUnknownError,
    PageExpiredError,
    PermissionDeniedError,
    RevisionMismatchError,
    SerializationError,
    ServerUnavailableError,
    SessionExistsError,
    SessionNotFoundError,
    StoreUnavailableError,
    TypeMismatchError,
    UnauthenticatedError,
    UnsupportedError,
    VariableNotFoundError,
)
from ._models import Change, CheckpointInfo, Entry, HistoryEntry, SessionInfo, SessionTtl, Ttl, VariableInfo
from ._session import Session
from ._transaction import Transaction
from ._values import Codecs, CustomEncoding
from ._watch import Watch

__version__ = _version("session-bridge")

__all__ = [
    "AsyncBridge",
    "AsyncSession",
    "AsyncTransaction",
    "AsyncWatch",
    "Bridge",
    "BridgeClosedError",
    "BridgeError",
    "CancelledError",
    "Change",
    "CheckpointInfo",
    "CheckpointNotFoundError",
    "Codecs",
    "CompactedError",
    "ConstraintError",
    "CustomEncoding",
    "DataLossError",
    "DeadlineExceededError",
    "Entry",
    "HistoryEntry",
    "IntegerOverflowError",
    "InternalServerError",
    "InvalidArgumentError",
    "LimitExceededError",
    "OutcomeUnknownError",
    "PageExpiredError",
    "PermissionDeniedError",
    "RevisionMismatchError",
    "SerializationError",
    "ServerUnavailableError",
    "Session",
    "SessionExistsError",
    "SessionInfo",
    "SessionNotFoundError",
    "SessionTtl",
    "StoreUnavailableError",
    "Transaction",
    "Ttl",
    "TypeMismatchError",
    "UnauthenticatedError",
    "UnsupportedError",
    "VariableInfo",
    "VariableNotFoundError",
    "Watch",
    "__version__",
    "connect",
    "connect_async",
]
