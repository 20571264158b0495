"""Both carriers against one server, whichever of them `auto` would take: every line of grpcio and of Node carries the same calls."""

import asyncio
from typing import Literal

import pytest
from processes import Server

import session_bridge

CARRIERS = ("grpc", "direct")
Carrier = Literal["grpc", "direct"]


@pytest.mark.matrix
@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_session_lives_over_either_carrier(server: Server, carrier: Carrier) -> None:
    with session_bridge.connect(server.address, carrier=carrier, timeout=30) as bridge:
        session = bridge.get_session(f"over-{carrier}")
        with session.watch() as changes:
            assert next(changes).kind == "caught_up"
            session.update(count=1, config={"temperature": 0.8})
            told = [next(changes) for _ in range(3)]
            assert told[0].kind == "session_created"
            assert {change.name for change in told[1:]} == {"config", "count"}
            assert [change.last for change in told] == [False, False, True]
        assert session.increment("count", 2) == 3
        session.checkpoint("before")
        with session.edit("config") as config:
            config["temperature"] = 0.9
        assert session.rollback("before") == 1
        assert session.to_dict() == {"count": 3, "config": {"temperature": 0.8}}
        with pytest.raises(session_bridge.RevisionMismatchError) as refused:
            session.set_variable("count", 4, if_revision=1)
        assert refused.value.name == "count"


@pytest.mark.matrix
@pytest.mark.parametrize("carrier", CARRIERS)
def test_tasks_share_a_bridge_over_either_carrier(server: Server, carrier: Carrier) -> None:
    async def main() -> list[int | float]:
        async with session_bridge.connect_async(server.address, carrier=carrier, timeout=30) as bridge:
            session = bridge.get_session(f"tasks-over-{carrier}")
            return await asyncio.gather(*(session.increment("count") for _ in range(50)))

    assert sorted(asyncio.run(main())) == list(range(1, 51))
