"""The plain client is on the carrier that it says, and reads from both the same."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from carriers import CARRIERS, Name
from processes import Server
from wire import Client, Refused, increment, set_to

BEGINNINGS: dict[Name, bytes] = {"grpc": b"PRI * HT", "direct": b"\x89SBD\r\n\x1a\n"}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_client_begins_as_its_carrier_does_and_a_connection_that_breaks_tells_nothing(carrier: Name) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    with listening, ThreadPoolExecutor(1) as pool, Client(f"127.0.0.1:{listening.getsockname()[1]}", carrier) as client:
        asked = pool.submit(client.sessions)
        connection, _ = listening.accept()
        with connection:
            beginning = BEGINNINGS[carrier]
            assert connection.recv(len(beginning), socket.MSG_WAITALL) == beginning
        listening.close()
        refused = asked.exception()
    assert isinstance(refused, Refused)
    assert (refused.code, refused.reason, refused.outcome) == ("UNAVAILABLE", "", "unknown")


def test_an_answer_and_a_refusal_are_the_same_over_both(server: Server) -> None:
    """[P18] So that what a test finds out over one holds for the other."""
    found = []
    for carrier in CARRIERS:
        with Client(server.address, carrier) as client:
            client.update(f"{carrier}-s", [set_to("a", "text", ttl_ms=60_000)])
            with pytest.raises(Refused) as wrong:
                client.update(f"{carrier}-s", [increment("a")])
            with pytest.raises(Refused) as missing:
                client.touch("missing", 1)
            refusals = [(refused.value.code, refused.value.reason, refused.value.outcome) for refused in (wrong, missing)]
            stored = client.get(f"{carrier}-s", "a")
            assert stored is not None
            found.append((refusals, stored.value, stored.expires, client.serving()))
    assert found[0] == found[1]
    assert found[0] == (
        [("FAILED_PRECONDITION", "TYPE_MISMATCH", "not_applied"), ("NOT_FOUND", "SESSION_NOT_FOUND", "not_applied")],
        "text",
        True,
        True,
    )
