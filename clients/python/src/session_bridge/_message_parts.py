"""What requests and answers are made of, to generated messages and back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from . import _wire as wire
from .v1 import common_pb2 as common


@dataclass(frozen=True, slots=True)
class Method:
    """How a request becomes a message, and how the bytes of its response become a message and an answer."""

    to_message: Callable[[Any], Message]
    read: Callable[[bytes], Message]
    from_message: Callable[[Any], Any]


def ttl_of(ttl: wire.TtlMs) -> common.Ttl | None:
    """A time to live as a message, None for none."""
    if ttl is None:
        return None
    if ttl == "never":
        return common.Ttl(never=True)
    if ttl == "keep":
        return common.Ttl(keep=True)
    return common.Ttl(ttl_ms=ttl)


def info_of(info: common.VariableInfo) -> wire.InfoAnswer:
    """What a message says of a variable."""
    return wire.InfoAnswer(
        info.name,
        info.type,
        info.size_bytes,
        info.revision,
        info.created_at_ms,
        info.updated_at_ms,
        info.expires_at_ms if info.HasField("expires_at_ms") else None,
    )


def variable_of(variable: common.Variable) -> wire.VariableAnswer:
    """A variable with its value, from a message."""
    info = variable.info
    return wire.VariableAnswer(info_of(info), wire.Encoded(variable.value, info.encoding))


def session_of(session: common.SessionInfo) -> wire.SessionAnswer:
    """What a message says of a session."""
    return wire.SessionAnswer(
        session_id=session.session_id,
        labels=dict(session.labels),
        revision=session.revision,
        variable_count=session.variable_count,
        size_bytes=session.size_bytes,
        created_at_ms=session.created_at_ms,
        accessed_at_ms=session.accessed_at_ms,
        expires_at_ms=session.expires_at_ms if session.HasField("expires_at_ms") else None,
        history_entries=session.history_entries if session.HasField("history_entries") else None,
    )
