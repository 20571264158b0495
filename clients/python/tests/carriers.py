"""Over which carriers the tests of this run call their server.

`npm test` leaves it to the client, which takes the direct one, and has what goes on at connections over both.
`npm run test:carriers` says `grpc`, and has everything over that.
"""

import os
from typing import Final, cast

import pytest

import session_bridge
from session_bridge._carriers import CarrierName

VARIABLE: Final = "SESSION_BRIDGE_TEST_CARRIER"
CHOSEN: Final = cast("CarrierName | None", os.environ.get(VARIABLE) or None)
CARRIERS: Final[tuple[CarrierName, ...]] = ("direct", "grpc") if CHOSEN is None else (CHOSEN,)
SERVERS: Final = frozenset({"server", "sqlite_server"})

if CHOSEN not in (None, "direct", "grpc"):
    raise ValueError(f"{VARIABLE} is direct or grpc, not {CHOSEN!r}")


def let_calls_go_over(carrier: CarrierName, patch: pytest.MonkeyPatch) -> None:
    """From now on, a bridge whose maker says nothing of carriers has this one."""
    for connect in (session_bridge.connect, session_bridge.connect_async):
        patch.setattr(connect, "__kwdefaults__", {**(connect.__kwdefaults__ or {}), "carrier": carrier})


def leave_to_npm_test(items: list[pytest.Item]) -> list[pytest.Item]:
    """Takes out what is the same over any carrier: it meets no server, or a peer that speaks one carrier, or each."""
    left = [item for item in items if not _meets_a_server_over_a_carrier(item)]
    items[:] = [item for item in items if _meets_a_server_over_a_carrier(item)]
    return left


def _meets_a_server_over_a_carrier(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function):
        return False
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return "carrier" in parameters or not SERVERS.isdisjoint(item.fixturenames)
