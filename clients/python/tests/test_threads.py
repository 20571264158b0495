"""One bridge and one session, many threads."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import session_bridge
from session_bridge import Session

from .servers import Server

pytestmark = pytest.mark.usefixtures("carrier")


def test_threads_share_a_session(session: Session) -> None:
    def work(worker: int) -> list[object]:
        name = f"of-{worker}"
        seen: list[object] = []
        for i in range(50):
            session[name] = {"worker": worker, "i": i}
            seen.append(session[name])
            session.increment("all")
        return seen

    with ThreadPoolExecutor(16) as pool:
        results = [*pool.map(work, range(16))]
    assert results == [[{"worker": worker, "i": i} for i in range(50)] for worker in range(16)]
    assert session["all"] == 16 * 50
    assert len(session) == 17


def test_threads_that_call_first_together_make_one_connection(server: Server) -> None:
    with session_bridge.connect(server.address) as bridge, ThreadPoolExecutor(16) as pool:
        session = bridge.get_session()
        assert sorted(pool.map(session.increment, ["n"] * 64)) == [*range(1, 65)]
        session.destroy()


def test_each_pop_gives_a_variable_to_one_thread(session: Session) -> None:
    session.update({f"v{i:03}": i for i in range(100)})
    with ThreadPoolExecutor(8) as pool:
        popped = [pool.submit(session.popitem) for _ in range(100)]
    assert sorted(pop.result() for pop in popped) == [(f"v{i:03}", i) for i in range(100)]
    assert session.to_dict() == {}
