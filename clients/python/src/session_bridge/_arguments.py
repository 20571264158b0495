"""Checks of what callers give, before anything is sent: each names what was wrong and what is expected.

Only what the wire could not carry, or would carry as something else, is judged here; the rest is the server's to know.
"""

import math
import os
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from enum import Enum
from typing import Final, Literal, TypeAlias, TypeGuard, cast

from ._errors import InvalidArgumentError
from ._wire import TtlMs


class Omitted(Enum):
    """The default of parameters for which None would mean something else."""

    OMITTED = "omitted"

    def __repr__(self) -> str:
        """Readable in signatures."""
        return "<omitted>"


OMITTED: Final = Omitted.OMITTED
IfRevision: TypeAlias = int | Literal[Omitted.OMITTED]

DEFAULT_ADDRESS: Final = "localhost:50051"
_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.%a-z]+\]|[^\s:/\[\]]+):(\d{1,5})")
_UNIX_PATH = re.compile(r"unix:/[^\x00]+")
_TRUE_OR_FALSE: Final = {"true": True, "1": True, "false": False, "0": False}
_INT32_MAX: Final = 2**31 - 1
_INT64_MAX: Final = 2**63 - 1
_MAX_TTL_MS: Final = 9_000_000_000_000_000


def check_address(address: str | None) -> str:
    """The server's address: what is given, or SESSION_BRIDGE_ADDRESS, or localhost:50051."""
    if address is None:
        address = os.environ.get("SESSION_BRIDGE_ADDRESS") or DEFAULT_ADDRESS
    text = address if isinstance(cast("object", address), str) else ""
    found = _HOST_AND_PORT.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= 65535:
        if _UNIX_PATH.fullmatch(text):
            return text
        wanted = f"host:port, such as {DEFAULT_ADDRESS}, or unix:/path"
        raise InvalidArgumentError(f"an address is {wanted}, not {address!r}")
    return text


def check_look() -> bool:
    """Whether a thread may look for its answer before it sleeps: what SESSION_BRIDGE_LOOK says, as to a server."""
    said = os.environ.get("SESSION_BRIDGE_LOOK") or "true"
    may_look = _TRUE_OR_FALSE.get(said)
    if may_look is None:
        raise InvalidArgumentError(f"SESSION_BRIDGE_LOOK is true or false, not {said!r}")
    return may_look


def check_seconds(seconds: float | timedelta, what: str = "timeout") -> float:
    """A positive, finite number of seconds."""
    number = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    if not _is_number(number) or not 0 < number < math.inf:
        raise InvalidArgumentError(f"{what} is a number of seconds above 0, not {seconds!r}")
    return float(number)


def check_session_id(session_id: str) -> str:
    """A session id that the wire can carry."""
    return _check_text(session_id, "a session id", "INVALID_SESSION_ID")


def check_name(name: str) -> str:
    """A variable's name that the wire can carry."""
    return _check_text(name, "a variable's name", "INVALID_NAME")


def check_each_name(names: Collection[str]) -> None:
    """Variables' names that the wire can carry."""
    if not (_are_ascii(names) and all(names)):
        for name in names:
            check_name(name)


def check_prefix(prefix: str, reason: str = "INVALID_NAME") -> str:
    """A prefix of names or ids; empty means all."""
    return prefix and _check_text(prefix, "a prefix", reason)


def check_names(names: Iterable[str], what: str) -> tuple[str, ...]:
    """Several names; one str alone is refused, since its letters are hardly meant."""
    if isinstance(names, (str, bytes)):
        raise InvalidArgumentError(f"{what} is a sequence of names, such as [{names!r}], not one alone")
    try:
        listed = tuple(names)
    except TypeError:
        raise InvalidArgumentError(f"{what} is a sequence of names, not {type(names).__name__}") from None
    if not _are_ascii(listed):
        for name in listed:
            _check_text(name, f"each name of {what}", "INVALID_NAME", empty=True)
    return listed


def check_wanted(names: tuple[object, ...]) -> tuple[str, ...]:
    """Names given one by one, or as one iterable; each once."""
    listed = names[0] if len(names) == 1 and not isinstance(names[0], str) else names
    return tuple(dict.fromkeys(check_names(cast("Iterable[str]", listed), "names")))


def check_labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    """Labels as a dict of str to str of its own."""
    if labels is None:
        return {}
    if not isinstance(cast("object", labels), Mapping):
        raise InvalidArgumentError(f"labels are a mapping of str to str, not {type(labels).__name__}")
    for key, value in labels.items():
        _check_text(key, "a label's key", "INVALID_LABELS")
        _check_text(value, f"the value of label {key!r}", "INVALID_LABELS", empty=True)
    return dict(labels)


def check_if_revision(if_revision: IfRevision) -> int | None:
    """None when omitted; None itself is refused, or a missing entry would make a conditional write unconditional."""
    if if_revision is OMITTED:
        return None
    if not _is_int(if_revision) or not 0 <= if_revision <= _INT64_MAX:
        raise InvalidArgumentError(
            f"if_revision is a revision, or 0 for 'must not exist', not {if_revision!r}; leave it out for no condition"
        )
    return if_revision


def check_since(since: int | None) -> int | None:
    """None, or the revision of a change that a watch has told."""
    if since is not None and (not _is_int(since) or not 0 <= since <= _INT64_MAX):
        raise InvalidArgumentError(f"since is the revision of a change that was told with last, not {since!r}")
    return since


def check_revision(revision: int, what: str) -> int:
    """A revision that something had; None is refused, so that a missing one never means another."""
    if not _is_int(revision) or not 1 <= revision <= _INT64_MAX:
        raise InvalidArgumentError(f"{what} is a revision, a whole number from 1, not {revision!r}")
    return revision


def check_label(label: str) -> str:
    """A checkpoint's label that the wire can carry."""
    return _check_text(label, "a checkpoint's label", "INVALID_NAME")


def check_history(entries: int | None) -> int | None:
    """None, or how many earlier states of each variable are kept; the most is the server's to know."""
    if entries is not None and (not _is_int(entries) or not 0 <= entries <= _INT32_MAX):
        raise InvalidArgumentError(f"history is how many earlier states of each variable are kept, not {entries!r}")
    return entries


def check_new_ttl(ttl: float | timedelta | str) -> TtlMs:
    """A time to live in milliseconds, or "never"; None is refused, which would leave open what is meant."""
    if cast("object", ttl) is None:
        raise InvalidArgumentError(
            'ttl is a number of seconds above 0, a timedelta or "never", not None', reason="INVALID_TTL"
        )
    return check_ttl(ttl, may_keep=False)


def check_count(count: int | None, what: str) -> int | None:
    """None, or a number of things, at least 1."""
    if count is not None and (not _is_int(count) or not 1 <= count <= _INT64_MAX):
        raise InvalidArgumentError(f"{what} is a whole number from 1, not {count!r}")
    return count


def check_ttl(ttl: float | timedelta | str | None, *, may_keep: bool) -> TtlMs:
    """A time to live in milliseconds; for a session "keep" is refused."""
    if ttl is None or ttl == "never" or (ttl == "keep" and may_keep):
        return cast("TtlMs", ttl)
    milliseconds = math.nan
    if isinstance(ttl, timedelta):
        milliseconds = ttl / timedelta(milliseconds=1)
    elif _is_number(ttl):
        milliseconds = ttl * 1000
    if not 0 < milliseconds <= _MAX_TTL_MS:
        words = '"never" or "keep"' if may_keep else '"never"'
        raise InvalidArgumentError(
            f"ttl is a number of seconds above 0, a timedelta, {words}, not {ttl!r}", reason="INVALID_TTL"
        )
    return max(1, round(milliseconds))


def _check_text(text: object, what: str, reason: str, *, empty: bool = False) -> str:
    if not isinstance(text, str):
        raise InvalidArgumentError(f"{what} is a str, not {type(text).__name__}", reason=reason)
    if not text and not empty:
        raise InvalidArgumentError(f"{what} is not empty", reason=reason)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidArgumentError(f"{what} is valid Unicode, without lone surrogates", reason=reason) from None
    return text


def _are_ascii(texts: Collection[str]) -> bool:
    """Whether all are str of ASCII, in one look at all of them, which costs what looking at one by itself does."""
    try:
        return "".join(texts).isascii()
    except TypeError:
        return False


def _is_int(number: object) -> TypeGuard[int]:
    return isinstance(number, int) and not isinstance(number, bool)


def _is_number(number: object) -> TypeGuard[float]:
    return isinstance(number, (int, float)) and not isinstance(number, bool)
