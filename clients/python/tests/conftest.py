"""A real server for the tests that want one. Property tests run the same cases each time and print what repeats one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

import session_bridge
from session_bridge import Bridge, Session
from session_bridge._carriers import CarrierName

from .carriers import CARRIERS, CHOSEN, leave_to_npm_test, let_calls_go_over
from .servers import Server, serving
from .telemetry import Told, configure

settings.register_profile("session-bridge", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("session-bridge")


def pytest_report_header() -> str:
    over = "both carriers where that matters" if CHOSEN is None else f"{CHOSEN} alone, without what meets no server"
    return f"carriers: {over}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if CHOSEN is not None:
        config.hook.pytest_deselected(items=leave_to_npm_test(items))


@pytest.fixture(scope="session", autouse=True)
def _carrier_of_the_run() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if CHOSEN is not None:
            let_calls_go_over(CHOSEN, patch)
        yield


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One memory-only server for all tests that need nothing of their own."""
    with serving("memory", tmp_path_factory.mktemp("server") / "server.log") as running:
        yield running


@pytest.fixture(params=CARRIERS)
def carrier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> CarrierName:
    """Each carrier in turn, which is then the one of every bridge."""
    name: CarrierName = request.param
    let_calls_go_over(name, monkeypatch)
    return name


@pytest.fixture
def bridge(server: Server) -> Iterator[Bridge]:
    """A connection to it."""
    with session_bridge.connect(server.address) as connected:
        yield connected


@pytest.fixture
def session(bridge: Bridge) -> Iterator[Session]:
    """A session that no other test knows."""
    fresh = bridge.get_session(f"test-{uuid4().hex}")
    yield fresh
    fresh.with_options(timeout=30).destroy()


@pytest.fixture
def sqlite_server(tmp_path: Path) -> Callable[[], Server]:
    """Starts servers on one file, one after another; each must be stopped by its test."""
    return lambda: Server(f"sqlite:{tmp_path / 'sessions.db'}", tmp_path / "server.log")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """What the client tells OpenTelemetry during a test."""
    fresh = Told()
    configure(monkeypatch, tracers=fresh.tracers, meters=fresh.meters)
    yield fresh
    fresh.tracers.shutdown()
    fresh.meters.shutdown()
