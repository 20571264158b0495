"""[P15] What a watch tells, whatever happens on the way: judged on the steps alone, against a server that is a list."""

import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_bridge import (
    BridgeClosedError,
    BridgeError,
    CompactedError,
    DataLossError,
    DeadlineExceededError,
    InvalidArgumentError,
    LimitExceededError,
    ServerUnavailableError,
)
from session_bridge._link import Handle, Link
from session_bridge._steps import Pause
from session_bridge._told import HIDDEN, changes, states
from session_bridge._values import DEFAULT_CODECS
from session_bridge._watching import Open, Receive, Told, Watched, watch, watched, watched_until
from session_bridge._wire import ChangeAnswer, Encoded, InfoAnswer, VariableAnswer, WatchAnswer, WatchVariables

from .fake_server import FakeTransport

LOST = ServerUnavailableError("lost")
TOO_SLOW = LimitExceededError("slow", reason="WATCH_TOO_SLOW")


def variable(name: str, value: bytes, revision: int) -> VariableAnswer:
    return VariableAnswer(InfoAnswer(name, "integer", len(value), revision, 0, 0, None), Encoded(value))


def set_of(name: str, revision: int, *, value: bytes = b"\x01", last: bool = True) -> ChangeAnswer:
    return ChangeAnswer("set", name, revision, variable(name, value, revision), last)


def message(*changes: ChangeAnswer, revision: int | None = None, caught_up: bool = False) -> WatchAnswer:
    return WatchAnswer(changes, revision, caught_up)


def handle(*, contacted: bool = True, retry: bool = True, timeout: float = 5.0) -> Handle:
    link = Link(FakeTransport(contacted=contacted), timeout, retry, DEFAULT_CODECS)
    return Handle(link, "s", None, must_exist=False)


Answers = Iterable[WatchAnswer | BridgeError]


def carried_out(watched: Watched, opened: Callable[[Open], Answers], pauses: list[float]) -> Iterator[Told]:
    """What the steps tell when streams answer so; an exception among the answers is what the stream fails with."""
    steps = watch(watched)
    answers: Iterator[WatchAnswer | BridgeError] = iter(())
    step = next(steps)
    while True:
        match step:
            case Told():
                yield step
                step = next(steps)
            case Pause(seconds):
                pauses.append(seconds)
                step = next(steps)
            case Open():
                answers = iter(opened(step))
                step = next(steps)
            case Receive():
                answer = next(answers)
                step = steps.throw(answer) if isinstance(answer, BridgeError) else steps.send(answer)


class Script:
    """Streams one after another; the last of them should fail with `OVER`, which ends the watch."""

    def __init__(self, streams: list[list[WatchAnswer | BridgeError]]) -> None:
        self.streams = streams
        self.opened: list[WatchVariables] = []
        self.timeouts: list[float | None] = []
        self.pauses: list[float] = []

    def told(self, watched: Watched) -> Iterator[Told]:
        return carried_out(watched, self._open, self.pauses)

    def _open(self, step: Open) -> Answers:
        self.opened.append(step.request)
        self.timeouts.append(step.timeout)
        return self.streams.pop(0)


OVER = BridgeClosedError("over")


def kinds(told: list[Told]) -> list[tuple[str, str, int, bool]]:
    return [(one.kind, one.name, one.revision, one.last) for one in told]


def all_told(script: Script, watched: Watched) -> list[Told]:
    seen: list[Told] = []

    def see() -> None:
        for told in script.told(watched):
            seen.append(told)

    with pytest.raises(BridgeClosedError, match="over"):
        see()
    return seen


BEGUN = [message(set_of("a", 3)), message(revision=5, caught_up=True)]


def test_p15_what_is_there_comes_first_then_whole_commits() -> None:
    """[P15] A commit that spans messages is told after the last of them."""
    script = Script(
        [
            [
                *BEGUN,
                message(set_of("a", 6), set_of("b", 7, last=False), set_of("c", 7), revision=7),
                message(set_of("d", 8, last=False)),
                message(ChangeAnswer("delete", "a", 8, None, True), revision=8),
                message(set_of("e", 9, last=False)),
                OVER,
            ]
        ]
    )
    assert kinds(all_told(script, watched(handle()))) == [
        ("set", "a", 3, False),
        ("caught_up", "", 5, True),
        ("set", "a", 6, True),
        ("set", "b", 7, False),
        ("set", "c", 7, True),
        ("set", "d", 8, False),
        ("delete", "a", 8, True),
    ]


@pytest.mark.parametrize("failure", [LOST, TOO_SLOW], ids=["lost", "too slow"])
def test_p15_a_lost_stream_goes_on_after_what_was_told(failure: BridgeError) -> None:
    """[P15] After whole commits and heartbeats, and without telling that it has caught up again."""
    script = Script(
        [
            [*BEGUN, message(set_of("b", 6), revision=6), message(set_of("c", 7, last=False)), failure],
            [
                message(set_of("c", 7, last=False), set_of("d", 7), revision=7, caught_up=True),
                message(revision=9),
                failure,
            ],
            [message(revision=9, caught_up=True), OVER],
        ]
    )
    told = all_told(script, watched(handle(), "p"))
    assert kinds(told)[2:] == [("set", "b", 6, True), ("set", "c", 7, False), ("set", "d", 7, True)]
    assert [(request.prefix, request.since) for request in script.opened] == [("p", None), ("p", 6), ("p", 9)]


def test_p15_a_beginning_that_breaks_off_begins_anew() -> None:
    """[P15]"""
    script = Script([[message(set_of("a", 3)), LOST], [LOST], [*BEGUN, OVER]])
    assert kinds(all_told(script, watched(handle()))) == [
        ("set", "a", 3, False),
        ("resync", "", 0, True),
        ("set", "a", 3, False),
        ("caught_up", "", 5, True),
    ]
    assert [request.since for request in script.opened] == [None] * 3


def test_p15_a_gap_is_told_and_everything_comes_anew() -> None:
    """[P15] At once, since nobody has to come back first."""
    script = Script([[*BEGUN, LOST], [CompactedError("gone")], [*BEGUN, OVER]])
    assert kinds(all_told(script, watched(handle())))[1:] == [
        ("caught_up", "", 5, True),
        ("resync", "", 0, True),
        ("set", "a", 3, False),
        ("caught_up", "", 5, True),
    ]
    script = Script([[CompactedError("gone")], [*BEGUN, OVER]])
    assert kinds(all_told(script, watched(handle(), since=2)))[0] == ("resync", "", 0, True)
    assert ([request.since for request in script.opened], script.pauses) == ([2, None], [])


def test_since_goes_on_and_says_when_it_has_caught_up() -> None:
    script = Script([[message(set_of("a", 4), revision=4), LOST], [message(revision=4, caught_up=True), OVER]])
    assert kinds(all_told(script, watched(handle(), since=3))) == [("set", "a", 4, True), ("caught_up", "", 4, True)]
    assert [request.since for request in script.opened] == [3, 4]


def test_what_only_newer_clients_know_is_left_out_of_its_commit() -> None:
    unknown = ChangeAnswer(None, "x", 6, None, True)
    script = Script(
        [[*BEGUN, message(set_of("a", 6, last=False), unknown, revision=6), message(unknown, revision=7), OVER]]
    )
    assert kinds(all_told(script, watched(handle())))[2:] == [("set", "a", 6, True)]


def test_pauses_grow_while_nobody_is_there_and_not_beyond_two_seconds() -> None:
    random.seed(1)
    gone: list[list[WatchAnswer | BridgeError]] = [[LOST] for _ in range(40)]
    script = Script([*gone, [*BEGUN, LOST], [OVER]])
    all_told(script, watched(handle()))
    assert max(script.pauses[:1]) <= 0.05
    assert 1 < max(script.pauses) <= 2
    assert script.pauses[-1] <= 0.05, "what was reached begins anew"


def ends_with(script: Script, watched: Watched) -> BridgeError:
    with pytest.raises(BridgeError) as caught:
        list(script.told(watched))
    return caught.value


def test_what_trying_again_does_not_mend_is_raised() -> None:
    for failure in (
        InvalidArgumentError("no"),
        DataLossError("no"),
        LimitExceededError("no", reason="MESSAGE_TOO_LARGE"),
    ):
        assert ends_with(Script([[*BEGUN, failure]]), watched(handle())) is failure
    crowded = LimitExceededError("crowded", reason="TOO_MANY_WATCHES")
    assert ends_with(Script([[crowded]]), watched(handle())) is crowded
    assert ends_with(Script([[*BEGUN, crowded], [crowded], [OVER]]), watched(handle())) is OVER


def test_a_server_that_was_never_there_is_not_waited_for() -> None:
    assert ends_with(Script([[LOST]]), watched(handle(contacted=False))) is LOST
    assert ends_with(Script([[LOST], [OVER]]), watched(handle(contacted=True))) is OVER
    assert ends_with(Script([[*BEGUN, LOST]]), watched(handle(retry=False))) is LOST


def test_a_deadline_ends_a_watch_wherever_it_is() -> None:
    timeouts: list[float | None] = []

    def opened(step: Open) -> Answers:
        timeouts.append(step.timeout)
        return [LOST]

    with pytest.raises(DeadlineExceededError):
        next(carried_out(watched_until(handle(), "a", 0.1), opened, []))
    assert all(timeout is not None and 0 <= timeout <= 0.1 for timeout in timeouts)
    late = Script([[DeadlineExceededError("of gRPC")]])
    assert ends_with(late, watched_until(handle(timeout=0.000_001), "a", None)).name == "a"
    assert late.opened[0].names == ("a",)
    assert math.isinf(watched(handle()).deadline)


def test_what_cannot_be_watched_is_refused() -> None:
    refused: list[Callable[[], Any]] = [
        lambda: watched(handle(), names=[]),
        lambda: watched(handle(), names="abc"),
        lambda: watched(handle(), "p", names=["a"]),
        lambda: watched(handle(), since=-1),
        lambda: watched(handle(), since=True),
        lambda: watched_until(handle(), "", None),
        lambda: watched_until(handle(), "a", 0),
    ]
    for call in refused:
        with pytest.raises(InvalidArgumentError):
            call()


def test_states_are_shown_whole_and_are_the_watchers_own() -> None:
    show = states(handle())
    told = [
        Told("set", "b", 1, variable("b", b"\x91\x01", 1), last=False),
        Told("set", "a", 2, variable("a", b"\x01", 2), last=False),
        Told("caught_up", "", 2, None, last=True),
        Told("set", "c", 3, variable("c", b"\xc0", 3), last=False),
        Told("delete", "a", 3, None, last=True),
        Told("session_deleted", "", 4, None, last=True),
        Told("session_created", "", 5, None, last=False),
        Told("set", "d", 5, variable("d", b"\x04", 5), last=True),
        Told("resync", "", 0, None, last=True),
        Told("set", "e", 6, variable("e", b"\x05", 6), last=False),
        Told("caught_up", "", 6, None, last=True),
    ]
    shown: list[dict[str, Any]] = []
    for one in told:
        state = show(one)
        if state is not HIDDEN:
            shown.append(state)
    assert shown == [{"a": 1, "b": [1]}, {"b": [1], "c": None}, {}, {"d": 4}, {"e": 5}]
    assert list(shown[0]) == ["a", "b"]
    shown[0]["b"].append("mine")
    assert shown[1]["b"] == [1]


def test_a_value_that_does_not_decode_costs_nobody_the_others() -> None:
    broken = Told("set", "x", 1, variable("x", b"\xc1", 1), last=True)
    with pytest.raises(DataLossError) as caught:
        changes(handle(), True)(broken)
    assert caught.value.name == "x"
    without = changes(handle(), False)(broken)
    assert without is not HIDDEN
    assert (without.value, without.entry) == (None, None)
    show = states(handle())
    show(Told("set", "y", 1, variable("y", b"\x02", 1), last=False))
    show(Told("caught_up", "", 1, None, last=True))
    with pytest.raises(DataLossError) as caught:
        show(broken)
    assert caught.value.readable == {"y": 2}
    assert show(Told("delete", "x", 2, None, last=True)) == {"y": 2}


class History:
    """A server that is a list of commits, of which `now` are made; it forgets what is older than `kept` of them."""

    def __init__(self, commits: list[dict[str, int | None]], kept: int) -> None:
        self.commits = commits
        self.kept = kept
        self.now = 0
        self.states: list[dict[str, int]] = [{}]
        for commit in commits:
            after = self.states[-1] | {name: value for name, value in commit.items() if value is not None}
            self.states.append({name: value for name, value in after.items() if commit.get(name, 0) is not None})

    def stream(self, since: int | None) -> Iterator[WatchAnswer | BridgeError]:
        """One change a message; after the beginning the other commits are made."""
        if since is None:
            for name, value in self.states[self.now].items():
                yield message(_change(name, value, self.now, last=False))
        elif since < self.now - self.kept:
            yield CompactedError("gone")
        else:
            for revision in range(since + 1, self.now + 1):
                yield from self._commit(revision)
        yield message(revision=self.now, caught_up=True)
        while self.now < len(self.commits):
            self.now += 1
            yield from self._commit(self.now)

    def _commit(self, revision: int) -> Iterator[WatchAnswer]:
        made = [*self.commits[revision - 1].items()]
        for count, (name, value) in enumerate(made, 1):
            last = count == len(made)
            yield message(_change(name, value, revision, last=last), revision=revision if last else None)


def _change(name: str, value: int | None, revision: int, *, last: bool) -> ChangeAnswer:
    if value is None:
        return ChangeAnswer("delete", name, revision, None, last)
    return set_of(name, revision, value=bytes([value]), last=last)


@dataclass
class Follower:
    """A watcher that knows what it must be told."""

    history: History
    view: dict[str, int]
    revision: int | None

    def hear(self, told: Told) -> None:
        if told.kind == "resync":
            self.view, self.revision = {}, None
            return
        if told.kind == "delete":
            self.view.pop(told.name, None)
        elif told.variable is not None:
            self.view[told.name] = told.variable.encoded.value[0]
        if self.revision is None:
            assert told.last == (told.kind == "caught_up")
        elif told.kind != "caught_up":
            assert told.revision == self.revision + 1, "nothing is left out or told twice"
        if told.last:
            self.revision = told.revision
            assert self.view == self.history.states[told.revision], "what is told is whole"


commits = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 9)), min_size=1), max_size=12
)


@settings(max_examples=500)
@given(commits, st.integers(0, 4), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), max_size=6), st.data())
def test_p15_every_commit_is_told_once_and_in_order_or_a_resync_says_so(
    made: list[dict[str, int | None]], kept: int, plan: list[tuple[int, int]], data: st.DataObject
) -> None:
    """[P15] Streams break anywhere, commits are made while nobody watches, and the server forgets."""
    history = History(made, kept)
    since = data.draw(st.one_of(st.none(), st.integers(0, len(made))))
    history.now = since or 0
    follower = Follower(history, dict(history.states[since or 0]), since)

    def opened(step: Open) -> Answers:
        missed, messages = plan.pop(0) if plan else (0, None)
        history.now = min(len(made), history.now + missed)
        told = history.stream(step.request.since)
        return chain(told, [OVER]) if messages is None else chain(islice(told, messages), [LOST])

    def follow() -> None:
        for told in carried_out(watched(handle(), since=since), opened, []):
            follower.hear(told)

    with pytest.raises(BridgeClosedError, match="over"):
        follow()
    assert (follower.revision, follower.view) == (len(made), history.states[-1])
