"""What is done with an adapter, in the process that measures: each piece of work by its name."""

from collections.abc import Callable, Mapping
from typing import Any

from ..adapter import Adapter
from . import batch, concurrent, fill, increments, listing, single, watching

#: A piece of work: what it found, ready for JSON.
Work = Callable[[Adapter, Mapping[str, Any]], Mapping[str, Any]]

WORK: Mapping[str, Work] = {
    "single": single.work,
    "batch": batch.work,
    "at-once": concurrent.at_once,
    "threads": concurrent.threads,
    "increments": increments.work,
    "watch": watching.watch,
    "write": watching.write,
    "listing": listing.work,
    "fill": fill.work,
}
