"""The calls about sessions themselves as steps."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from . import _arguments as check
from . import _wire as wire
from ._arguments import OMITTED, Omitted
from ._link import Handle, Link, S
from ._models import SessionInfo, session_info
from ._past_wire import ForkSession
from ._steps import Steps


def handle_on(
    link: Link[S],
    session_id: str | Literal[Omitted.OMITTED],
    ttl: float | timedelta | str | None,
    labels: Mapping[str, str] | None,
    create: bool,
) -> Handle[S]:
    """A handle on a session that need not exist; an omitted id is drawn."""
    milliseconds, own_labels = check.check_ttl(ttl, may_keep=False), check.check_labels(labels)
    return Handle(
        link,
        secrets.token_urlsafe(16) if session_id is OMITTED else check.check_session_id(session_id),
        wire.Defaults(milliseconds, own_labels) if milliseconds is not None or own_labels else None,
        must_exist=not create,
    )


def info(handle: Handle) -> Steps[SessionInfo]:
    """What is known of the session."""
    return session_info((yield from handle.link.ask(wire.GetSession(handle.session_id))))


def touch(handle: Handle, ttl: float | timedelta | str | None) -> Steps[SessionInfo]:
    """Extends the session's life, or replaces its ttl."""
    request = wire.TouchSession(handle.session_id, check.check_ttl(ttl, may_keep=False))
    return session_info((yield from handle.link.ask(request)))


def create_session(
    link: Link[S],
    session_id: str | Literal[Omitted.OMITTED],
    ttl: float | timedelta | str | None,
    labels: Mapping[str, str] | None,
    max_life: float | timedelta | None,
    history: int | None,
) -> Steps[Handle[S]]:
    """Makes a session; an id that exists raises SessionExistsError. The server makes an id that is omitted."""
    seconds = None if max_life is None else check.check_seconds(max_life, "max_life")
    request = wire.CreateSession(
        "" if session_id is OMITTED else check.check_session_id(session_id),
        ttl=check.check_ttl(ttl, may_keep=False),
        labels=check.check_labels(labels),
        max_life_ms=None if seconds is None else max(1, round(seconds * 1000)),
        history_entries=check.check_history(history),
    )
    return Handle(link, (yield from link.ask(request)).session_id, None, must_exist=False)


def fork(
    link: Link[S],
    session_id: str,
    new_id: str | Literal[Omitted.OMITTED],
    ttl: float | timedelta | str | None,
    labels: Mapping[str, str] | None,
    at_revision: int | None,
) -> Steps[Handle[S]]:
    """Copies a session; the server makes an id that is omitted."""
    request = ForkSession(
        session_id,
        "" if new_id is OMITTED else check.check_session_id(new_id),
        ttl=check.check_ttl(ttl, may_keep=False),
        labels=None if labels is None else check.check_labels(labels),
        at_revision=None if at_revision is None else check.check_revision(at_revision, "at_revision"),
    )
    return Handle(link, (yield from link.ask(request)).session_id, None, must_exist=False)


def list_sessions(
    link: Link, prefix: str, labels: Mapping[str, str], page_token: str
) -> Steps[tuple[list[SessionInfo], str]]:
    """One page of sessions, and the token of the next, empty after the last."""
    answer = yield from link.ask(wire.ListSessions(prefix, labels, page_token))
    return [session_info(session) for session in answer.sessions], answer.next_page_token


def delete_session(link: Link, session_id: str) -> Steps[bool]:
    """Deletes a session; the answer is whether there was one."""
    return (yield from link.ask(wire.DeleteSession(session_id)))
