"""How one request of a plain client gets to a server and back: each is sent once, whatever becomes of it."""

from typing import Final, Literal, Protocol, TypeAlias, cast, get_args

import grpc
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from session_bridge._carrier import CallFailed
from session_bridge._direct_carrier import DirectCarrier

Name: TypeAlias = Literal["grpc", "direct"]
"""Of a carrier."""

CARRIERS: Final[tuple[Name, ...]] = get_args(Name)

_OPTIONS = (
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
)
_DETAILS = "grpc-status-details-bin"


class Refused(Exception):
    """An error's code, reason and outcome; a connection that broke has no reason, and an unknown outcome."""

    def __init__(self, code: str, reason: str, outcome: str, text: str) -> None:
        super().__init__(f"{code} {reason} {outcome}: {text}")
        self.code = code
        self.reason = reason
        self.outcome = outcome


class Carrier(Protocol):
    """A connection of its own to a server."""

    def ask(self, method: str, request: bytes, seconds: float) -> bytes:
        """The answer to a request, by the full name of its method.

        Raises:
            Refused: There is none.
        """
        ...

    def close(self) -> None: ...


class Grpc:
    """The public contract, by nothing but grpcio."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)

    def ask(self, method: str, request: bytes, seconds: float) -> bytes:
        """As `Carrier.ask`."""
        try:
            call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(f"/{method}")
            return call(request, timeout=seconds)
        except grpc.RpcError as error:
            failed = cast("grpc.Call", error)
            status = next((value for key, value in failed.trailing_metadata() or () if key == _DETAILS), None)
            raise _refused(failed.code().name, status, str(failed.details())) from None

    def close(self) -> None:
        self._channel.close()


class Direct:
    """The sockets and frames of the Python client, and nothing of what is above them."""

    def __init__(self, address: str) -> None:
        self._carrier = DirectCarrier(address)

    def ask(self, method: str, request: bytes, seconds: float) -> bytes:
        """As `Carrier.ask`."""
        try:
            return self._carrier.call(method, request, seconds, None)
        except CallFailed as failure:
            raise _refused(failure.code, failure.status, failure.text) from None

    def close(self) -> None:
        self._carrier.close()


def connected(address: str, carrier: Name) -> Carrier:
    """A carrier, which connects when it is first asked."""
    return Grpc(address) if carrier == "grpc" else Direct(address)


def carrier_of(number: int) -> Name:
    """They take turns."""
    return CARRIERS[number % len(CARRIERS)]


def _refused(code: str, status: str | bytes | None, text: str) -> Refused:
    reason, outcome = "", "unknown"
    for detail in status_pb2.Status.FromString(status or b"").details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            reason, outcome = info.reason, info.metadata.get("outcome", "")
    return Refused(code, reason, outcome, text)
