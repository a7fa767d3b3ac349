"""Whether the caller is still there."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

Result = TypeVar("Result")


async def unless_gone(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Do work for a caller, and drop it when the caller goes.

    The server does not cancel a request whose connection was lost; it only says so to whoever
    goes on receiving.

    Args:
        request: whose body has been read.
        work: that is worth nothing without its caller.

    Raises:
        ClientDisconnect: the caller has gone.
    """
    doing = asyncio.ensure_future(work)
    going = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((doing, going), return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise ClientDisconnect
        return doing.result()
    finally:
        doing.cancel()
        going.cancel()
        # An error holds this frame, which is not to hold the error: upload and all, both would stay
        # until the collector looks.
        del doing, going
