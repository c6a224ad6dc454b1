"""Which addresses may be called: hosts of the settings alone, and by name never one inside.

Whoever subscribes names an address, and so could have us ask what only this machine can reach.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

PORTS: Final = {"https": 443, "http": 80}
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_CARRIERS: Final = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")))
"""Addresses of IPv6 that stand for one of IPv4, which may be inside."""


async def resolved(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, the best first; raises ``OSError`` when there are none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


@dataclass(frozen=True, slots=True)
class Reach:
    """Hosts that may be called: anywhere outside, and those that are on the town's own network.

    A host stands with its port unless that is the usual one.
    """

    outside: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()

    def allows(self, url: str) -> bool:
        """Say whether an address is by TLS at one of the hosts, or on this machine.

        >>> reach = Reach(frozenset({"a.example"}), frozenset({"127.0.0.1:81"}))
        >>> [reach.allows(each) for each in
        ...  ("https://a.example/x", "http://a.example/x", "https://b.example/x",
        ...   "http://127.0.0.1:81/x", "https://me@a.example/x", "https://a.example:22/x")]
        [True, False, False, True, False, False]
        """
        host = host_of(url)
        if host is None or host not in self.outside | self.inside:
            return False
        parts = urlsplit(url)
        return parts.scheme == "https" or parts.hostname in LOOPBACK

    async def address(self, url: str, resolve: Resolve) -> str | None:
        """Return the one address to call, `None` when a host outside turns out to be inside.

        Raises ``OSError`` when the host has none.
        """
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
        found = await resolve(parts.hostname or "", port)
        if host_of(url) not in self.inside and not all(map(is_outside, found)):
            return None
        return found[0]


def host_of(url: str) -> str | None:
    """Return the host an address names, with its port unless that is the usual one.

    `None` for one that is no plain address of the web.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None:
        return None
    return parts.hostname if port in {None, PORTS[parts.scheme]} else f"{parts.hostname}:{port}"


def is_outside(address: str) -> bool:
    """Say whether an IP address is one of the open internet.

    >>> [is_outside(each) for each in ("1.1.1.1", "10.1.2.3", "169.254.169.254", "::ffff:7f00:1")]
    [True, False, False, False]
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and any(found in each for each in _CARRIERS):
        return False
    return found.is_global and not found.is_multicast
