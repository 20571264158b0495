"""What a watch does, without doing it: steps that open streams, receive and pause, and what they come to tell.

It goes on by itself after whatever can happen on the way, and says so when it cannot go on without a gap.
"""

import math
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, TypeAlias

from . import _arguments as check
from . import _wire as wire
from ._errors import (
    BridgeError,
    CancelledError,
    CompactedError,
    DeadlineExceededError,
    InvalidArgumentError,
    LimitExceededError,
    ServerUnavailableError,
)
from ._link import Handle
from ._models import ChangeKind
from ._steps import Backoff, Pause

_AGAIN: Final = Backoff(first=0.05, cap=2.0)
_CROWDED: Final = ("OVERLOADED", "TOO_MANY_WATCHES")
"""Refusals that are over when others have left."""


@dataclass(frozen=True, slots=True)
class Open:
    """Begin a stream in place of the one before; it may last so many seconds, None for ever."""

    request: wire.WatchVariables
    timeout: float | None


@dataclass(frozen=True, slots=True)
class Receive:
    """Wait for the next answer of the stream, which is sent, or the exception thrown, into the generator."""


RECEIVE: Final = Receive()


class Told(NamedTuple):
    """Something for the watcher; `variable` is there for a set, and `last` at the end of a commit."""

    kind: ChangeKind
    name: str
    revision: int
    variable: wire.VariableAnswer | None
    last: bool


WatchSteps: TypeAlias = Generator[Open | Receive | Pause | Told, Any, None]


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched, and how.

    Attributes:
        request: What is asked for; its `since` is where to go on at first.
        persistent: Whether a server that is lost is tried again, given whether this watch has heard of it before.
        deadline: When the watch is over, in seconds of `time.monotonic`.
        late: What is raised then.
    """

    request: wire.WatchVariables
    persistent: Callable[[bool], bool]
    deadline: float = math.inf
    late: BridgeError | None = None


def watched(
    handle: Handle, prefix: str = "", since: int | None = None, names: Iterable[str] | None = None, values: bool = True
) -> Watched:
    """What a watch of a session asks for.

    Raises:
        InvalidArgumentError: Something of it cannot be watched.
    """
    check.check_prefix(prefix)
    check.check_since(since)
    wanted = () if names is None else tuple(dict.fromkeys(check.check_names(names, "names")))
    if names is not None and (prefix or not wanted):
        raise InvalidArgumentError("a watch is of names, at least one, or of a prefix")
    request = wire.WatchVariables(handle.session_id, wanted, prefix, since, not values)
    link = handle.link
    return Watched(request, lambda heard: link.retry and (heard or link.transport.contacted))


def watched_until(handle: Handle, name: str, timeout: float | None) -> Watched:
    """What a watch of one variable asks for, which is over after so many seconds, None meaning the handle's timeout."""
    check.check_name(name)
    link = handle.link.with_options(timeout, None)
    late = DeadlineExceededError(f"what was waited for did not come within {link.timeout:g} s", name=name)
    return replace(watched(handle, names=[name]), deadline=link.deadline(), late=late)


def watch(watched: Watched) -> WatchSteps:
    """Tells every commit once, whole and in order, or a `resync` and everything anew [P15].

    Raises:
        BridgeError: What trying again does not mend.
    """
    place, attempt, heard = _Place(watched.request.since), 0, False
    late = watched.late or DeadlineExceededError("the time to watch is over")
    while True:
        try:
            seconds = watched.deadline - time.monotonic()
            yield Open(_since(watched.request, place.position), None if math.isinf(seconds) else max(0.0, seconds))
            place.begin()
            while True:
                answer: wire.WatchAnswer = yield RECEIVE
                heard = True
                yield from place.told_by(answer)
                if answer.caught_up:
                    attempt = 0
        except BridgeError as error:
            failure = error
        if time.monotonic() >= watched.deadline:
            raise late
        gap = isinstance(failure, CompactedError)
        if not gap and not _passes(failure, heard, watched.persistent):
            raise failure
        yield from place.lost(gap)
        if not gap or attempt > 0:
            yield from _AGAIN.wait(attempt, watched.deadline, late)
        attempt += 1


class _Place:
    """How far a watcher has been told."""

    def __init__(self, since: int | None) -> None:
        self.position = since
        self._telling_what_is_there = False
        self._told_a_part = False
        self._caught_up = False
        self._commit: list[wire.ChangeAnswer] = []

    def begin(self) -> None:
        """A stream has begun at the position."""
        self._telling_what_is_there = self.position is None
        self._commit = []

    def told_by(self, answer: wire.WatchAnswer) -> list[Told]:
        """What an answer tells; a commit that spans answers is told whole, after the last of them."""
        told: list[Told] = []
        for change in answer.changes:
            if self._telling_what_is_there:
                self._told_a_part = True
                told.append(Told("set", change.name, change.revision, change.variable, last=False))
                continue
            self._commit.append(change)
            if change.last:
                commit, self._commit = self._commit, []
                told += _whole(commit)
        if answer.revision is not None:
            self.position = answer.revision
        if answer.caught_up:
            self._telling_what_is_there = self._told_a_part = False
            if not self._caught_up:
                self._caught_up = True
                told.append(Told("caught_up", "", answer.revision or 0, None, last=True))
        return told

    def lost(self, gap: bool) -> Generator[Told, Any, None]:
        """The stream is over; when it cannot be gone on with, everything is told anew."""
        if self._told_a_part or (gap and self.position is not None):
            self.position, self._told_a_part, self._caught_up = None, False, False
            yield Told("resync", "", 0, None, last=True)


def _whole(commit: list[wire.ChangeAnswer]) -> list[Told]:
    """A commit without the changes that only newer clients know."""
    told = [
        Told(change.kind, change.name, change.revision, change.variable, change.last)
        for change in commit
        if change.kind is not None
    ]
    if told and not told[-1].last:
        told[-1] = told[-1]._replace(last=True)
    return told


def _since(request: wire.WatchVariables, position: int | None) -> wire.WatchVariables:
    return replace(request, since=position)


def _passes(error: BridgeError, heard: bool, persistent: Callable[[bool], bool]) -> bool:
    """Whether a failure is over after a while."""
    if isinstance(error, ServerUnavailableError | CancelledError | DeadlineExceededError):
        return persistent(heard)
    if isinstance(error, LimitExceededError):
        return error.reason == "WATCH_TOO_SLOW" or (heard and error.reason in _CROWDED)
    return False
