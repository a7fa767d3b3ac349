"""The sockets that are listened on: bound before there is a model to serve with."""

import contextlib
import errno
import socket
from typing import Any

ABSENT = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
"""How it is said that an address, or its whole family, is none of this machine's."""


def listen(host: str, port: int) -> list[socket.socket]:
    """A bound socket for each address of a host, all on one port.

    Connections are refused until a server listens on them.

    Args:
        host: a name or an address; a name may be both an IPv4 and an IPv6 address.
        port: 0 takes a free one.

    Raises:
        OSError: the port is taken, or no address of the host is this machine's.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listeners: list[socket.socket] = []
    absent: OSError | None = None
    with contextlib.ExitStack() as opened:
        for family, kind, protocol, _, (address, _, *rest) in dict.fromkeys(found):
            try:
                listener = _bind(socket.socket(family, kind, protocol), (address, port, *rest))
            except OSError as error:
                if error.errno not in ABSENT:
                    raise
                absent = error
            else:
                listeners.append(opened.enter_context(listener))
                port = port_of(listener)
        if absent is not None and not listeners:
            raise absent
        opened.pop_all()
    return listeners


def _bind(listener: socket.socket, address: tuple[Any, ...]) -> socket.socket:
    try:
        # Else the port could not be had again for a minute after a server that closed connections.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def port_of(listener: socket.socket) -> int:
    """The port that a socket is bound to."""
    return int(listener.getsockname()[1])
