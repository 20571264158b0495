"""The variables of a session, shared by every process and language that works for it."""

from importlib import import_module as _import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING as _TYPE_CHECKING

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

if _TYPE_CHECKING:
    from ._async_bridge import AsyncBridge, connect_async
    from ._async_session import AsyncSession
    from ._async_transaction import AsyncTransaction
    from ._async_watch import AsyncWatch
else:
    _LATER = {
        "AsyncBridge": "._async_bridge",
        "AsyncSession": "._async_session",
        "AsyncTransaction": "._async_transaction",
        "AsyncWatch": "._async_watch",
        "connect_async": "._async_bridge",
    }

    def __getattr__(name: str) -> object:
        """What is for event loops is imported when it is first asked for: asyncio takes a while."""
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(_import_module(_LATER[name], __name__), name)
        return found


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
