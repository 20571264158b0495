"""One server for the tests that do not stop it, and one of its own for each test that does."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from processes import Server, TypeScript

import session_bridge

hypothesis.settings.register_profile(
    "e2e",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    max_examples=int(os.environ.get("E2E_EXAMPLES", "200")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("e2e")


@pytest.fixture(scope="session", autouse=True)
def _carrier_of_the_run() -> Iterator[None]:
    """SESSION_BRIDGE_TEST_CARRIER says over which carrier bridges go whose makers say nothing; so does programs/carrier.ts."""
    with pytest.MonkeyPatch.context() as patch:
        if carrier := os.environ.get("SESSION_BRIDGE_TEST_CARRIER"):
            defaults = session_bridge.connect.__kwdefaults__ or {}
            patch.setattr(session_bridge.connect, "__kwdefaults__", {**defaults, "carrier": carrier})
        yield


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server") / "sessions.db")
    yield server
    server.close()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "sessions.db")
    yield server
    server.close()


@pytest.fixture
def bridge(server: Server) -> Iterator[session_bridge.Bridge]:
    with session_bridge.connect(server.address, timeout=30) as bridge:
        yield bridge


@pytest.fixture
def typescript(server: Server) -> Iterator[TypeScript]:
    with TypeScript(server.address) as program:
        yield program
