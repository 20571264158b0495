"""The suites of the sync client, run on its twin: what they prove of `Session` is proven of `AsyncSession` here."""

from collections.abc import Iterator
from types import ModuleType

import pytest

import session_bridge
from session_bridge._carriers import CarrierName

from . import (
    fake_server,
    test_arguments,
    test_bridge,
    test_calls,
    test_carriers,
    test_declared,
    test_direct,
    test_direct_forks,
    test_direct_hostile,
    test_edit,
    test_no_values_in_repr,
    test_past,
    test_past_calls,
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
from .carriers import CARRIERS, CHOSEN

SUITES = (
    test_arguments,
    test_bridge,
    test_calls,
    test_carriers,
    test_declared,
    test_direct,
    test_direct_forks,
    test_direct_hostile,
    test_edit,
    test_no_values_in_repr,
    test_past,
    test_past_calls,
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
    **dict.fromkeys(
        (
            "test_each_call_under_way_has_a_connection_and_they_are_kept",
            "test_no_more_idle_connections_are_kept_than_are_needed",
            "test_what_nobody_has_used_for_long_is_closed",
            "test_a_connection_on_which_a_call_timed_out_carries_no_other",
            "test_a_connection_on_which_a_call_was_interrupted_carries_no_other",
            "test_signals_do_not_lengthen_a_call",
            "test_closing_ends_calls_and_watches_that_wait",
            "test_a_watch_takes_no_more_than_it_has_given_credit_for",
            "test_a_silent_server_is_a_lost_one",
            "test_auto_falls_back_to_grpc_and_keeps_to_it",
        ),
        "all calls of the twin share one connection; test_async_direct has what comes of that",
    ),
    **dict.fromkeys(
        (
            "test_a_forked_process_has_connections_of_its_own_and_leaves_its_parents_alone",
            "test_threads_that_fork_and_call_at_once_disturb_nobody",
        ),
        "an event loop does not live on in a fork; test_async_loops has what does",
    ),
    "test_a_program_that_speaks_direct_does_not_import_grpc": "test_async_loops has it",
    "test_a_carrier_that_there_is_not_is_refused": "it has carriers of its own; test_async_loops has it",
}
"""What is not for the twin, and why."""


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.end()


@pytest.fixture
def carrier(request: pytest.FixtureRequest) -> CarrierName:
    name: CarrierName = getattr(request, "param", CHOSEN or "auto")
    return name


@pytest.fixture(autouse=True)
def _on_the_twin(loop: Loop, carrier: CarrierName, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever connects in a test connects to the twin."""
    ways = Ways(loop, carrier)
    twins = [
        ("connect", session_bridge.connect, ways.connect),
        ("bridge_over", fake_server.bridge_over, ways.bridge_over),
        ("session_over", fake_server.session_over, ways.session_over),
    ]
    for place in (session_bridge, *SUITES):
        for name, sync, twin in twins:
            if getattr(place, name, None) is sync:
                monkeypatch.setattr(place, name, twin)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.function.__module__ in {suite.__name__ for suite in OVER_BOTH}:
        metafunc.parametrize("carrier", CARRIERS, indirect=True)


def test_what_is_left_out_is_there() -> None:
    assert NOT_HERE.keys() <= {name for suite in SUITES for name in vars(suite)}


def _take_over(suite: ModuleType) -> None:
    name_of_suite = suite.__name__.rpartition(".")[2]
    for name, thing in vars(suite).items():
        if name.startswith("test_") and callable(thing) and name not in NOT_HERE:
            globals()[f"{name_of_suite}_{name.removeprefix('test_')}"] = thing
        elif isinstance(thing, type(loop)):
            globals()[name] = thing


for _suite in SUITES:
    _take_over(_suite)
