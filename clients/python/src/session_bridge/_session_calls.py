"""The calls about sessions themselves as steps."""

from collections.abc import Mapping
from datetime import timedelta

from . import _arguments as check
from . import _wire as wire
from ._link import Handle, Link
from ._models import SessionInfo, session_info
from ._steps import Steps


def info(handle: Handle) -> Steps[SessionInfo]:
    """What is known of the session."""
    return session_info((yield from handle.link.ask(wire.GetSession(handle.session_id))))


def touch(handle: Handle, ttl: float | timedelta | str | None) -> Steps[SessionInfo]:
    """Extends the session's life, or replaces its ttl."""
    request = wire.TouchSession(handle.session_id, check.check_ttl(ttl, may_keep=False))
    return session_info((yield from handle.link.ask(request)))


def create_session(
    link: Link,
    session_id: str,
    ttl: float | timedelta | str | None,
    labels: Mapping[str, str] | None,
    max_life: float | timedelta | None,
) -> Steps[SessionInfo]:
    """Makes a session; an id that exists raises SessionExistsError. An empty id lets the server make one."""
    seconds = None if max_life is None else check.check_seconds(max_life, "max_life")
    request = wire.CreateSession(
        session_id,
        ttl=check.check_ttl(ttl, may_keep=False),
        labels=check.check_labels(labels),
        max_life_ms=None if seconds is None else max(1, round(seconds * 1000)),
    )
    return session_info((yield from link.ask(request)))


def list_sessions(
    link: Link, prefix: str, labels: Mapping[str, str], page_token: str
) -> Steps[tuple[list[SessionInfo], str]]:
    """One page of sessions, and the token of the next, empty after the last."""
    answer = yield from link.ask(wire.ListSessions(prefix, labels, page_token))
    return [session_info(session) for session in answer.sessions], answer.next_page_token


def delete_session(link: Link, session_id: str) -> Steps[bool]:
    """Deletes a session; the answer is whether there was one."""
    return (yield from link.ask(wire.DeleteSession(session_id)))
