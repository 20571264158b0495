"""Whether the way to an address leads through a proxy of the environment, which only gRPC's library knows to take."""

import os
from collections.abc import Mapping
from typing import Final

LOOPBACK: Final = ("localhost:", "127.", "[::1]:", "unix:")
"""How addresses of this machine begin, to which nothing goes through a proxy."""

_PROXIES: Final = ("grpc_proxy", "https_proxy", "http_proxy")
_EXCEPTIONS: Final = ("no_grpc_proxy", "no_proxy")


def goes_through_proxy(address: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether gRPC's library would ask a proxy for an address.

    The variables are gRPC's (https://github.com/grpc/grpc/blob/master/doc/environment_variables.md): exceptions are
    endings of hosts, networks, or `*` for all hosts.
    """
    if address.startswith(LOOPBACK) or not any(environment.get(name) for name in _PROXIES):
        return False
    host = address.rpartition(":")[0].strip("[]").lower()
    exceptions = next((found for name in _EXCEPTIONS if (found := environment.get(name))), "")
    return not any(_is_of(host, entry.strip().lower()) for entry in exceptions.split(","))


def _is_of(host: str, entry: str) -> bool:
    if "/" in entry:
        from ipaddress import ip_address, ip_network

        try:
            return ip_address(host) in ip_network(entry, strict=False)
        except ValueError:  # One of them is none.
            return False
    return entry == "*" or (entry != "" and host.endswith(entry))
