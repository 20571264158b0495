"""What `transact` does between its calls of the function: transactions that are tried until one meets nobody else."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Generic

from ._arguments import check_count
from ._contention import Attempts
from ._errors import RevisionMismatchError
from ._link import Handle, S
from ._steps import Pause
from ._transaction_state import TransactionState


class Tries(Generic[S]):
    """The transactions of one `transact`, one after another."""

    def __init__(self, handle: Handle[S], attempts: int | None) -> None:
        """The time begins now.

        Raises:
            InvalidArgumentError: `attempts` cannot be a number of them.
        """
        check_count(attempts, "attempts")
        self._handle = handle
        self._attempts = Attempts(handle.contention, attempts, handle.link.timeout)
        self._lost = RevisionMismatchError()

    @contextmanager
    def attempt(self) -> Generator[TransactionState[S]]:
        """A transaction to be filled and committed; its own conflict ends the block without an exception."""
        state = TransactionState(self._handle, deadline=self._attempts.deadline)
        try:
            yield state
            self._attempts.succeeded()
        except RevisionMismatchError as error:
            if error is not state.conflict:
                raise
            self._lost = error
        finally:
            state.close()

    def pauses(self) -> Generator[Pause, None, None]:
        """What to wait before the next one.

        Raises:
            RevisionMismatchError: The attempts are used up.
            DeadlineExceededError: The time is.
        """
        return self._attempts.collided(self._lost)
