"""The direct carrier's connections, and the forks of the process that has them."""

import os
from threading import Event, Thread

import pytest

from session_bridge import Bridge

from .direct_peer import Connection, answer, connect, peer, read, serve

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
warns = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@forks
@warns
def test_a_forked_process_has_connections_of_its_own_and_leaves_its_parents_alone() -> None:
    with peer(serve) as there, connect(there) as bridge:
        assert read(bridge) == 7
        for _ in range(3):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    code = 0 if read(bridge) == 7 else 2
                    bridge.close()
                finally:
                    os._exit(code)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
            assert read(bridge) == 7
        assert len(there.connections) == 4


@forks
@warns
def test_a_parents_end_is_seen_by_the_server_although_its_child_lives() -> None:
    over = Event()

    def until_over(connection: Connection) -> None:
        connection.welcome()
        answer(connection, connection.call())
        connection.way.recv(1)
        over.set()

    read_end, write_end = os.pipe()
    with peer(until_over) as there:
        bridge = connect(there)
        read(bridge)
        pid = os.fork()
        if pid == 0:
            os.close(write_end)
            os.read(read_end, 1)
            os._exit(0)
        bridge.close()
        try:
            assert over.wait(5)
        finally:
            os.close(write_end)
            os.close(read_end)
            os.waitpid(pid, 0)


@forks
@warns
def test_threads_that_fork_and_call_at_once_disturb_nobody() -> None:
    """The calls of other threads go on; no child uses their connections."""
    over = Event()
    wrong: list[object] = []

    def call(bridge: Bridge) -> None:
        while not over.is_set():
            found = read(bridge)
            if found != 7:
                wrong.append(found)

    with peer(serve) as there, connect(there) as bridge:
        threads = [Thread(target=call, args=[bridge]) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                pid = os.fork()
                if pid == 0:
                    try:
                        os._exit(0 if read(bridge) == 7 else 1)
                    finally:
                        os._exit(2)
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        finally:
            over.set()
            for thread in threads:
                thread.join()
    assert wrong == []
