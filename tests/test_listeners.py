"""Sockets that are bound before there is anything to serve."""

import errno
import os
import re
import socket
import subprocess
import sys
from contextlib import closing

import httpx
import pytest

from app import listeners as module
from app.listeners import listen, port_of
from tests.processes import ROOT, run_to_end, wait_until_ready


def test_every_address_of_a_name_is_bound_to_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that the name has twice is bound once, and one that is not this machine's left out."""
    stream = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
    addresses = ["127.0.0.1", "192.0.2.1", "127.0.0.2", "127.0.0.1"]
    found = [(*stream, (address, 0)) for address in addresses]
    monkeypatch.setattr(module.socket, "getaddrinfo", lambda *_, **__: found)

    listeners = listen("somewhere", 0)

    assert [each.getsockname()[0] for each in listeners] == ["127.0.0.1", "127.0.0.2"]
    assert len({port_of(each) for each in listeners}) == 1
    for each in listeners:
        each.close()


def test_address_of_another_machine_cannot_be_bound() -> None:
    """One that is reserved for documentation."""
    with pytest.raises(OSError, match=os.strerror(errno.EADDRNOTAVAIL)):
        listen("192.0.2.1", 0)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_taken_port_ends_the_process_with_a_reason(workers: str) -> None:
    """However many were to serve it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        finished = run_to_end(WORKERS=workers, PORT=str(port_of(other)))

    assert finished.returncode == 2
    assert "Address already in use" in finished.stderr
    assert "Traceback" not in finished.stderr


def has_address(address: str) -> bool:
    """Whether it is this machine's; not every one has IPv6."""
    try:
        listeners = listen(address, 0)
    except OSError:
        return False
    for each in listeners:
        each.close()
    return True


@pytest.mark.parametrize("host", [*filter(has_address, ["127.0.0.1", "::1"])])
def test_greeting_tells_the_address(host: str) -> None:
    """A free port is told, and an IPv6 address in brackets, as an URL has it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--host", host, "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        greeting = process.stdout.readline()
        address = re.search(r"Serving on (\S+)", greeting)
        assert address is not None
        wait_until_ready(address[1], process)
        answer = httpx.get(f"{address[1]}/health")
    finally:
        process.kill()
        process.communicate()

    assert answer.status_code == 200
    assert not address[1].endswith(":0")
