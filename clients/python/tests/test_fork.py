"""Bridges and sessions go on working in a forked process, also while other threads are in the middle of calls."""

import os
import sys
import time
import traceback
from collections.abc import Callable
from threading import Event, Thread

import pytest

import session_bridge
from session_bridge import BridgeClosedError, Session
from session_bridge._fork import ForkGate

from .fake_server import FakeTransport, bridge_over
from .servers import Server
from .telemetry import Told

pytestmark = [
    pytest.mark.usefixtures("carrier"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork"),
    # From Python 3.12 on, forking a process that has threads warns; these tests are about exactly that.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def in_child(work: Callable[[], object], forked: Callable[[], object] = lambda: None) -> None:
    """Runs the work in a forked process, which must end with 0; calls `forked` in the parent meanwhile."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    forked()
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_session_made_before_a_fork_works_on_both_sides(session: Session) -> None:
    session["x"] = "parent"

    def child() -> None:
        assert session["x"] == "parent"
        session["y"] = "child"
        assert session.increment("n") == 1

    in_child(child)
    assert session["y"] == "child"
    assert session.increment("n") == 2


def test_calls_are_observed_on_both_sides_of_a_fork(session: Session, told: Told) -> None:
    session["x"] = 1

    def child() -> None:
        assert session["x"] == 1
        assert [span.name for span in told.spans()][-1] == "session_bridge.client.get_item"

    with told.tracers.get_tracer("program").start_as_current_span("program"):
        in_child(child)
    assert session["x"] == 1
    assert told.span().parent is None


def test_p6_a_forked_process_names_its_changes_itself() -> None:
    """[P6] Two processes that share an id would be taken for one call that is sent again."""
    transport = FakeTransport(True)
    bridge = bridge_over(transport)
    bridge.delete_session("before")
    read_end, write_end = os.pipe()

    def id_of_a_change() -> bytes:
        bridge.delete_session("s")
        identity = transport.identities[-1]
        assert identity is not None
        return identity.request_id

    in_child(lambda: os.write(write_end, id_of_a_change()))
    of_child = os.read(read_end, 100)
    os.close(read_end)
    os.close(write_end)
    assert len(of_child) == 16
    assert of_child != id_of_a_change()


def test_closing_in_the_child_does_not_touch_the_parent(server: Server) -> None:
    with session_bridge.connect(server.address) as bridge:
        session = bridge.get_session()
        session["x"] = 1
        in_child(bridge.close)
        assert session.pop("x") == 1


def test_a_bridge_that_never_called_works_in_the_child(server: Server) -> None:
    with session_bridge.connect(server.address) as bridge:
        session = bridge.get_session()
        in_child(lambda: session.increment("n"))
        assert session.increment("n") == 2
        session.destroy()


def test_a_fork_waits_for_the_calls_under_way_and_holds_back_the_next() -> None:
    gate, begun, order = ForkGate(), Event(), list[str]()

    def call(name: str) -> None:
        with gate:
            begun.set()
            time.sleep(0.05)
            order.append(name)

    first = Thread(target=call, args=["under way"])
    first.start()
    begun.wait()
    gate.before_fork()
    order.append("fork")
    second = Thread(target=call, args=["next"])
    second.start()
    first.join()
    time.sleep(0.05)
    gate.after_fork_in_parent()
    second.join()
    assert order == ["under way", "fork", "next"]


def test_a_fork_in_the_middle_of_other_threads_calls(session: Session) -> None:
    """The calls go on in the parent, and the child has a connection of its own."""
    busy, over = Event(), Event()
    failures: list[BaseException] = []

    def call() -> None:
        try:
            while not over.is_set():
                busy.wait()
                session.get_variable("x")
        except BaseException as error:
            failures.append(error)

    def child() -> None:
        session.increment("n")

    threads = [Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            busy.set()
            time.sleep(0.005)
            in_child(child, forked=busy.clear)
    finally:
        over.set()
        busy.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert session["n"] == 20


def test_p15_a_watch_goes_on_over_forks_and_is_refused_in_the_child(session: Session) -> None:
    """[P15] While it waits in another thread; the child can watch for itself."""
    session["n"] = 0
    watch = session.watch()
    assert next(watch).value == 0
    assert next(watch).kind == "caught_up"
    seen: list[int] = []

    def read() -> None:
        seen.extend(change.value for change in watch)

    def child() -> None:
        with pytest.raises(BridgeClosedError, match="forked"):
            next(watch)
        watch.close()
        session.increment("n")
        with session.snapshots() as snapshots:
            assert next(snapshots) == session.to_dict()

    reading = Thread(target=read)
    reading.start()
    try:
        for count in range(1, 11):
            in_child(child)
            session.increment("n")
            wait_until(lambda: len(seen) == 2 * count)  # noqa: B023  It is called at once.
    finally:
        watch.close()
        reading.join()
    assert seen == [*range(1, 21)], "nothing is lost or told twice"


def test_a_fork_does_not_wait_for_watches(session: Session) -> None:
    """They have no deadline."""
    with session.watch() as watch:
        next(watch)
        begun = time.monotonic()
        in_child(lambda: None)
        assert time.monotonic() - begun < 2
        session["x"] = 1
        assert next(watch).kind == "session_created"
