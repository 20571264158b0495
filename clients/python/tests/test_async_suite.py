"""The suites of the sync client, run on its twin: what they prove of `Session` is proven of `AsyncSession` here."""

from collections.abc import Iterator
from types import ModuleType

import pytest

import session_bridge
from session_bridge._carriers import CarrierName

from . import (
    test_arguments,
    test_bridge,
    test_calls,
    test_declared,
    test_edit,
    test_no_values_in_repr,
    test_past,
    test_repeats,
    test_restart,
    test_session,
    test_telemetry,
    test_telemetry_harmless,
    test_trace_headers,
    test_transactions,
    test_watch,
)
from .blocking import Loop, Ways

SUITES = (
    test_arguments,
    test_bridge,
    test_calls,
    test_declared,
    test_edit,
    test_no_values_in_repr,
    test_past,
    test_repeats,
    test_restart,
    test_session,
    test_telemetry,
    test_telemetry_harmless,
    test_trace_headers,
    test_transactions,
    test_watch,
)
OVER_BOTH = (test_bridge, test_watch)
"""What goes on at connections; elsewhere the carrier is the one that a program gets that says nothing."""
NOT_HERE = {
    "test_making_handles_asks_no_server": "keys, values and items of the twin are coroutines",
    "test_p4_fifty_clients_increment_to_exactly_ten_thousand": "test_async has it with tasks",
    "test_p4_fifty_clients_update_to_exactly_ten_thousand": "test_async has it with tasks",
    "test_transact_takes_no_coroutine_function": "the twin takes nothing else",
    "test_a_watch_ends_with_its_block_and_leaves_no_thread": "the twin has no threads",
    "test_no_repr_shows_values": "keys, values and items of the twin are lists; test_async has the rest",
    "test_without_opentelemetry_everything_works_and_it_is_sought_once": "of the process, not of a session",
    "test_an_opentelemetry_that_cannot_be_imported_is_as_good_as_none": "of the process, not of a session",
    "test_p15_a_silent_server_is_a_lost_one": "the twin has no watchdog; test_async has it without one",
}
"""What is not for the twin, and why."""


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.end()


@pytest.fixture
def carrier(request: pytest.FixtureRequest) -> CarrierName:
    name: CarrierName = request.param
    return name


@pytest.fixture(autouse=True)
def _on_the_twin(loop: Loop, carrier: CarrierName, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever connects in a test connects to the twin."""
    ways = Ways(loop, carrier)
    for place in (session_bridge, *SUITES):
        for name in ("connect", "bridge_over", "session_over"):
            if hasattr(place, name):
                monkeypatch.setattr(place, name, getattr(ways, name))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    both = metafunc.function.__module__ in {suite.__name__ for suite in OVER_BOTH}
    metafunc.parametrize("carrier", ["direct", "grpc"] if both else ["auto"], indirect=True)


def _take_over(suite: ModuleType) -> None:
    name_of_suite = suite.__name__.rpartition(".")[2]
    for name, thing in vars(suite).items():
        if name.startswith("test_") and callable(thing) and name not in NOT_HERE:
            globals()[f"{name_of_suite}_{name.removeprefix('test_')}"] = thing
        elif isinstance(thing, type(loop)):
            globals()[name] = thing


for _suite in SUITES:
    _take_over(_suite)
