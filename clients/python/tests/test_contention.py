"""The waits of those who write one variable at once."""

from session_bridge._contention import Contention


def test_the_first_collision_waits_at_most_as_long_as_the_attempt_took() -> None:
    for seconds in (0.002, 0.3):
        backoff = Contention().collided(seconds)
        assert backoff.first == seconds


def test_waits_double_at_each_collision_and_a_success_takes_half_a_doubling_back() -> None:
    contention = Contention()
    assert [contention.collided(0.01).first for _ in range(3)] == [0.01, 0.02, 0.04]
    contention.succeeded()
    contention.succeeded()
    assert contention.collided(0.01).first == 0.04


def test_however_crowded_or_quiet_it_was_the_waits_stay_within_bounds() -> None:
    contention = Contention()
    waits = [contention.collided(0.01).first for _ in range(100)]
    assert max(waits) == waits[-1] == 0.64
    assert contention.collided(60).cap == 1
    for _ in range(100):
        contention.succeeded()
    assert contention.collided(0).first == 0.001
