"""What a peer is to the benchmark: a few calls on named values of one session."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .gap import GapError

#: A value, or what is awaited to have it: a peer whose client is asynchronous has coroutine functions for methods.
Answer = Any
#: What is told of each change that is delivered: the number that was written.
Deliver = Callable[[int], None]


class Adapter:
    """A client of a peer, with the methods that it can serve; those it leaves out are gaps with a reason.

    Methods may be coroutine functions. `open` is called once, before all others, in the process that measures.
    """

    def open(self, target: str) -> Answer:
        """Connects to what a server's `target` names."""
        raise NotImplementedError

    def get(self, name: str) -> Answer:
        """The value of that name, decoded."""
        raise GapError("has no single read")

    def set(self, name: str, value: Any) -> Answer:
        """Stores a value; it is stored as far as the peer promises when this returns."""
        raise GapError("has no single write")

    def get_many(self, names: Sequence[str]) -> Answer:
        """The values of several names, decoded, in one call."""
        raise GapError("has no call for several values")

    def set_many(self, values: Mapping[str, Any]) -> Answer:
        """Stores several values in one call."""
        raise GapError("has no call for several values")

    def increments(self) -> Mapping[str, Callable[[str], Answer]]:
        """Ways to add 1 to a number, by what they are called."""
        raise GapError("has no numbers")

    def watch(self, name: str, ready: Callable[[], None], deliver: Deliver, count: int) -> Answer:
        """Delivers so many changes of a name, after `ready` was called: from then on none may be missed."""
        raise GapError("has no watch")

    def list_ids(self) -> Answer:
        """How many sessions a walk over all of them finds."""
        raise GapError("has no listing of sessions")

    def fill(self, sessions: Sequence[str], values: Mapping[str, Any]) -> Answer:
        """Makes sessions that each have these values."""
        raise GapError("has no sessions to fill")

    def another(self) -> "Adapter":
        """What another thread uses: the same client, where threads may share one."""
        return self
