"""Medians and how far apart what they are of lies."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The middle of some numbers, the least and the greatest."""

    median: float
    least: float
    most: float


def spread(numbers: Sequence[float]) -> Spread:
    """Of at least one number."""
    return Spread(statistics.median(numbers), min(numbers), max(numbers))


def percentile(numbers: Sequence[float], share: float) -> float:
    """The smallest number that a `share` of them does not exceed."""
    ordered = sorted(numbers)
    return ordered[max(0, -int(-len(ordered) * share // 1) - 1)]


def ratios(of: Sequence[float], over: Sequence[float]) -> Spread:
    """Repeat by repeat: what two took side by side."""
    return spread([a / b for a, b in zip(of, over, strict=True)])
