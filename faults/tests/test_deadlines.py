"""How long a session lives that was being read when its server ended."""

import signal
import time
from itertools import cycle

import pytest
from processes import Server
from wire import Client, set_to

from session_bridge.v1 import sessions_pb2

# So long that a slow restart finds it alive, and so short that every few reads move its deadline.
TTL_MS = 10_000
READING_SECONDS = 2.5
BETWEEN_READS_SECONDS = 0.02
SESSION = "read"


def expires_at_ms(client: Client) -> int:
    """What is shown, which moves nothing."""
    return int(client.send("GetSession", sessions_pb2.GetSessionRequest(session_id=SESSION)).session.expires_at_ms)


def read_for_a_while(address: str) -> list[int]:
    """When each read began; they are of two sizes, and over both carriers."""
    begun: list[int] = []
    end = time.monotonic() + READING_SECONDS
    with Client(address, "grpc") as one, Client(address, "direct") as other:
        reads = cycle((client, name) for client in (one, other) for name in ("large", "small"))
        while time.monotonic() < end:
            client, name = next(reads)
            begun.append(time.time_ns() // 1_000_000)
            assert client.get(SESSION, name) is not None
            time.sleep(BETWEEN_READS_SECONDS)
    return begun


@pytest.mark.parametrize(("how", "may_lose_ms"), [(signal.SIGKILL, 1000), (signal.SIGTERM, 0)], ids=["kill", "clean stop"])
def test_a_session_that_is_read_lives_on_after_its_server_ended(server: Server, how: signal.Signals, may_lose_ms: int) -> None:
    """[P9] A crash takes at most what the reads of the last second added to its life, a clean stop nothing."""
    with Client(server.address) as client:
        client.update(SESSION, [set_to("small", 1), set_to("large", "x" * 20_000)])
        client.touch(SESSION, TTL_MS)
        at_first = expires_at_ms(client)
        begun = read_for_a_while(server.address)
        shown = expires_at_ms(client)
    assert shown >= at_first + 1000 * READING_SECONDS / 2
    server.stop(how)
    ended = time.time_ns() // 1_000_000
    server.start()
    with Client(server.address) as client:
        found = expires_at_ms(client)
        assert found >= shown - may_lose_ms
        assert found >= max(read for read in begun if read <= ended - may_lose_ms) + TTL_MS
        assert client.get(SESSION, "small") is not None
