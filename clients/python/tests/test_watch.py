"""[P15] Watches of a real server: everything once and in order, whatever happens to the server and the way to it."""

import gc
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice, takewhile
from typing import Any
from uuid import uuid4

import pytest

import session_bridge
from session_bridge import (
    Bridge,
    BridgeClosedError,
    Change,
    DeadlineExceededError,
    ServerUnavailableError,
    Session,
    Watch,
)
from session_bridge import _direct_stream as direct_stream
from session_bridge import _grpc_streams as grpc_streams
from session_bridge._silence import Watchdog

from .proxy import Proxy
from .servers import Server, serving

pytestmark = pytest.mark.usefixtures("carrier")


def shown(changes: list[Change]) -> list[tuple[str, str, Any, bool]]:
    return [(change.kind, change.name, change.value, change.last) for change in changes]


def first(watch: Watch[Change]) -> Change:
    return next(watch)


def until_caught_up(watch: Iterator[Change]) -> list[Change]:
    return [*takewhile(lambda change: change.kind != "caught_up", watch)]


def our_threads() -> list[str]:
    """Those that watches may need, gRPC's among them."""
    return [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_p15_a_watch_tells_what_is_there_and_then_every_commit(session: Session) -> None:
    """[P15]"""
    session.update(b=[1], a=None)
    with session.watch() as watch:
        assert shown([*islice(watch, 3)]) == [
            ("set", "a", None, False),
            ("set", "b", [1], False),
            ("caught_up", "", None, True),
        ]
        session["c"] = 1
        with session.transaction() as t:
            t["a"] = 2
            t.delete_variable("b")
            t.append("log", ["x"])
        session.set_variable("brief", 1, ttl=0.05)
        session.delete_variable("absent")
        changes = [*islice(watch, 6)]
        together = sorted((change.kind, change.name, change.value) for change in changes[1:4])
        assert together == [("delete", "b", None), ("set", "a", 2), ("set", "log", ["x"])]
        assert [change.last for change in changes] == [True, False, False, True, True, True]
        assert [(change.kind, change.name) for change in (changes[0], *changes[4:])] == [
            ("set", "c"),
            ("set", "brief"),
            ("expire", "brief"),
        ]
        revisions = [change.revision for change in changes]
        assert revisions == sorted(revisions)
        assert len(set(revisions)) == 4
        entry = changes[0].entry
        assert entry is not None
        assert entry == session.get_entry("c")


def test_the_session_itself_comes_and_goes(session: Session) -> None:
    with session.watch() as watch:
        assert shown([next(watch)]) == [("caught_up", "", None, True)]
        session["a"] = 1
        session.destroy()
        session["b"] = 2
        assert shown([*islice(watch, 5)]) == [
            ("session_created", "", None, False),
            ("set", "a", 1, True),
            ("session_deleted", "", None, True),
            ("session_created", "", None, False),
            ("set", "b", 2, True),
        ]


def test_a_watch_is_of_a_prefix_or_of_names_with_or_without_values(session: Session) -> None:
    session["before"] = 0
    with (
        session.watch("run/") as prefixed,
        session.watch(names=["run/a", "x"]) as named,
        session.watch(values=False) as bare,
    ):
        assert [len(until_caught_up(watch)) for watch in (prefixed, named, bare)] == [0, 0, 1]
        with session.transaction() as t:
            t["other"] = 1
            t["run/a"] = 2
            t["run/b"] = 3
        assert shown([*islice(prefixed, 2)]) == [("set", "run/a", 2, False), ("set", "run/b", 3, True)]
        assert shown([next(named)]) == [("set", "run/a", 2, True)]
        without = [(change.name, change.value, change.entry) for change in islice(bare, 3)]
        assert without == [(name, None, None) for name in ("other", "run/a", "run/b")]


def test_p15_a_watch_goes_on_after_any_last_change(session: Session) -> None:
    """[P15]"""
    with session.watch() as watch:
        next(watch)
        session.update(a=1, b=2)
        positions = [change.revision for change in islice(watch, 3) if change.last]
        for n in range(5):
            session["n"] = n
            positions += [change.revision for change in islice(watch, 1)]
    for place, revision in enumerate(positions):
        with session.watch(since=revision) as again:
            assert [change.revision for change in until_caught_up(again)] == positions[place + 1 :]


def test_p15_what_is_forgotten_is_told_anew(session: Session) -> None:
    """[P15]"""
    session["a"] = 1
    with session.watch(since=1) as watch:
        assert [change.kind for change in islice(watch, 3)] == ["resync", "set", "caught_up"]


def test_close_ends_a_thread_that_waits_at_once(session: Session) -> None:
    watch = session.watch()
    next(watch)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(list[Change], watch)
        time.sleep(0.2)
        begun = time.monotonic()
        watch.close()
        assert reading.result(timeout=5) == []
        assert time.monotonic() - begun < 1
    assert [*watch] == []
    watch.close()
    unused = session.watch()
    unused.close()
    assert [*unused] == []


def test_close_ends_the_pause_of_a_thread_that_waits_for_a_server(sqlite_server: Callable[[], Server]) -> None:
    server = sqlite_server()
    with session_bridge.connect(server.address) as bridge, ThreadPoolExecutor(1) as pool:
        watch = bridge.get_session("s").watch()
        next(watch)
        reading = pool.submit(list[Change], watch)
        server.kill()
        time.sleep(1)
        begun = time.monotonic()
        watch.close()
        assert reading.result(timeout=5) == []
        assert time.monotonic() - begun < 1


def test_a_watch_ends_with_its_block_and_leaves_no_thread(server: Server, carrier: str) -> None:
    """The direct one needs none in the first place."""
    before = our_threads()
    with session_bridge.connect(server.address) as bridge:
        session = bridge.get_session()
        for _ in range(3):
            with session.watch() as watch:
                next(watch)
                assert ("session-bridge-watchdog" in our_threads()) == (carrier == "grpc")
            wait_until(lambda: our_threads() == before)
        abandoned = session.watch()
        next(abandoned)
        del abandoned
        gc.collect()
        wait_until(lambda: not [name for name in our_threads() if name.startswith("Thread-")])
    wait_until(lambda: our_threads() == before)


def test_closing_the_bridge_ends_its_watches_with_an_error(server: Server) -> None:
    bridge = session_bridge.connect(server.address)
    watch = bridge.get_session("closing").watch()
    next(watch)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(first, watch)
        time.sleep(0.1)
        bridge.close()
        with pytest.raises(BridgeClosedError):
            reading.result(timeout=5)
    assert [*watch] == []
    with pytest.raises(BridgeClosedError):
        next(bridge.get_session("closing").watch())


def test_a_server_that_was_never_there_is_an_error_at_once() -> None:
    with session_bridge.connect("127.0.0.1:1") as bridge, pytest.raises(ServerUnavailableError) as caught:
        next(bridge.get_session("s").watch())
    assert "127.0.0.1:1" in str(caught.value)


class Counted:
    """Follows a variable that counts commits: the next one, or everything anew."""

    def __init__(self, watch: Watch[Change]) -> None:
        self._watch = watch
        self.seen: list[int] = []
        self.resyncs = 0
        self._caught_up = threading.Event()

    def wait_for_beginning(self) -> None:
        """Returns when the server has told what is there; a server that nobody has reached yet may not be lost."""
        assert self._caught_up.wait(30)

    def follow(self, last: int) -> None:
        anew = True
        for change in self._watch:
            if change.kind == "caught_up":
                self._caught_up.set()
            elif change.kind == "resync":
                self.resyncs += 1
                anew = True
            elif change.kind == "set":
                before = self.seen[-1:]
                assert not before or change.value == before[0] + 1 or (anew and change.value >= before[0])
                self.seen.append(change.value)
                anew = False
                if change.value == last:
                    return


def test_p15_a_cut_connection_costs_nothing(server: Server) -> None:
    """[P15] Neither a change nor a resync, however often it is cut."""
    with (
        Proxy(server.address) as proxy,
        session_bridge.connect(proxy.address) as watching,
        session_bridge.connect(server.address) as writing,
        ThreadPoolExecutor(4) as pool,
    ):
        session = writing.get_session()
        session["n"] = 0
        with ExitStack() as watches:
            same = watching.get_session(session.id)
            followers = [Counted(watches.enter_context(same.watch())) for _ in range(4)]
            following = [pool.submit(follower.follow, 400) for follower in followers]
            for follower in followers:
                follower.wait_for_beginning()
            for n in range(400):
                session.increment("n")
                if n % 50 == 25:
                    proxy.cut()
            for done in following:
                done.result(timeout=30)
        session.destroy()
    assert all(follower.seen == [*range(follower.seen[0], 401)] for follower in followers)
    assert [follower.resyncs for follower in followers] == [0] * 4


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_p15_a_watch_goes_on_after_a_restart(sqlite_server: Callable[[], Server], tmp_path: Any, end: str) -> None:
    """[P15] Of a server that was killed, and of one that was asked to end, which a watch does not hold up."""
    server = sqlite_server()
    with session_bridge.connect(server.address, timeout=20) as bridge, ThreadPoolExecutor(1) as pool:
        session = bridge.get_session("kept")
        session["n"] = 0
        with session.watch() as watch:
            follower = Counted(watch)
            following = pool.submit(follower.follow, 60)
            follower.wait_for_beginning()
            for _ in range(3):
                for _ in range(20):
                    session.increment("n")
                begun = time.monotonic()
                if end == "kill":
                    server.kill()
                else:
                    assert server.stop() == 0
                assert time.monotonic() - begun < 5
                server = Server(f"sqlite:{tmp_path / 'sessions.db'}", tmp_path / "log", listen=server.address)
            following.result(timeout=30)
    server.stop()
    assert follower.seen[-1] == 60


def test_p15_a_reader_that_does_not_keep_up_is_told_so_and_what_is_there(session: Session) -> None:
    """[P15] More than the server remembers and the way to here holds; the writer does not wait for it."""
    session["n"] = 0
    with session.watch() as watch:
        until_caught_up(watch)
        for n in range(1, 201):
            session.set_variables({"n": n, "large": bytes(200_000)})
        changes: list[Change] = []
        while not changes or (changes[-1].name, changes[-1].value) != ("n", 200):
            changes.append(next(watch))
    assert "resync" in [change.kind for change in changes]
    counted = [change.value for change in changes if change.name == "n"]
    assert counted == sorted(set(counted))


def test_p15_a_silent_server_is_a_lost_one(
    sqlite_server: Callable[[], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """[P15] One that lives and does nothing; nothing is lost by taking it for dead."""
    monkeypatch.setattr(grpc_streams, "WATCHDOG", Watchdog(0.3))
    monkeypatch.setattr(direct_stream, "SILENCE_SECONDS", 0.3)
    server = sqlite_server()
    with session_bridge.connect(server.address, timeout=20) as bridge, ThreadPoolExecutor(1) as pool:
        session = bridge.get_session("silent")
        session["n"] = 0
        with session.watch() as watch:
            follower = Counted(watch)
            following = pool.submit(follower.follow, 2)
            follower.wait_for_beginning()
            session.increment("n")
            server.signal(signal.SIGSTOP)
            time.sleep(1)
            server.signal(signal.SIGCONT)
            session.increment("n")
            following.result(timeout=30)
        assert (follower.seen, follower.resyncs) == ([0, 1, 2], 0)
    server.stop()


def test_a_hundred_watches_of_one_session_and_calls_beside_many_more(server: Server) -> None:
    """A server takes 256 calls at once of one connection; calls never wait for watches."""
    with session_bridge.connect(server.address) as bridge, ThreadPoolExecutor(100) as pool:
        session = bridge.get_session()
        watches = [session.watch() for _ in range(100)]
        assert {change.kind for change in pool.map(first, watches)} == {"caught_up"}
        session["x"] = 1
        assert {change.kind for change in pool.map(first, watches)} == {"session_created"}
        assert {change.value for change in pool.map(first, watches)} == {1}
        others = [bridge.get_session().watch() for _ in range(220)]
        assert {change.kind for change in pool.map(first, others)} == {"caught_up"}
        assert session.increment("x") == 2
        for watch in (*watches, *others):
            watch.close()
        session.destroy()


def test_snapshots_are_whole_and_the_readers_own(session: Session) -> None:
    session.update(b=[1], a=1)
    with session.snapshots() as snapshots, session.snapshots("b") as some:
        first = next(snapshots)
        assert first == {"a": 1, "b": [1]} == session.to_dict()
        first["b"].append("mine")
        with session.transaction() as t:
            t["c"] = 2
            del t["a"]
        assert next(snapshots) == {"b": [1], "c": 2}
        assert next(some) == {"b": [1]}
        session.destroy()
        assert next(snapshots) == {}


def test_snapshots_go_on_after_a_restart(sqlite_server: Callable[[], Server], tmp_path: Any) -> None:
    server = sqlite_server()
    with session_bridge.connect(server.address, timeout=20) as bridge:
        session = bridge.get_session("kept")
        session["n"] = 1
        with session.snapshots() as snapshots:
            assert next(snapshots) == {"n": 1}
            server.kill()
            server = Server(f"sqlite:{tmp_path / 'sessions.db'}", tmp_path / "log", listen=server.address)
            session["m"] = 2
            assert {"n": 1, "m": 2} in islice(snapshots, 3)
    server.stop()


def test_wait_for_gives_the_value_that_was_waited_for(session: Session) -> None:
    session["state"] = "running"
    assert session.wait_for("state", lambda state: state == "running") == "running"
    with ThreadPoolExecutor(3) as pool:
        done = pool.submit(session.wait_for, "state", lambda state: state == "done", 10)
        many = pool.submit(session.wait_for, "n", lambda n: n >= 3, 10, default=0)
        gone = pool.submit(session.wait_for, "state", lambda state: state is None, 10)
        time.sleep(0.1)
        session["state"] = "done"
        assert done.result() == "done"
        del session["state"]
        assert gone.result() is None
        for _ in range(4):
            session.increment("n")
        assert many.result() >= 3


def test_wait_for_ends_with_its_timeout(session: Session, bridge: Bridge) -> None:
    session["state"] = "running"
    brief = session.with_options(timeout=0.3)
    for handle, timeout in ((session, 0.3), (brief, None)):
        begun = time.monotonic()
        with pytest.raises(DeadlineExceededError) as caught:
            handle.wait_for("state", lambda state: state == "done", timeout)
        assert 0.2 < time.monotonic() - begun < 2
        assert (caught.value.name, isinstance(caught.value, TimeoutError)) == ("state", True)
    with pytest.raises(ZeroDivisionError):
        session.wait_for("state", lambda _: 1 / 0)
    assert bridge.get_session(session.id).get_variable("state") == "running"


def test_wait_for_goes_on_waiting_while_the_server_is_away(tmp_path: Any) -> None:
    with serving("memory", tmp_path / "log") as server:
        address = server.address
        with session_bridge.connect(address) as bridge, ThreadPoolExecutor(1) as pool:
            session = bridge.get_session(f"away-{uuid4().hex}")
            waiting = pool.submit(session.wait_for, "n", lambda n: n == 1, 20)
            time.sleep(0.2)
            server.kill()
            with serving("memory", tmp_path / "log", listen=address):
                session.with_options(timeout=20).set_variable("n", 1)
                assert waiting.result() == 1
