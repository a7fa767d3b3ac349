"""Past the router: what is asked for most goes straight to its endpoint.

Matching a path, solving dependencies that there are none of, and the stacks that would close them
take FastAPI about a quarter of the time of a small request. Its router stays behind this one: it
describes these routes, and answers what is asked otherwise, such as by another method.
"""

from collections.abc import Iterable

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send


class Shortcut:
    """The innermost layer before the router; what an endpoint raises is `Observation`'s."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        """Wrap an application.

        Args:
            app: what answers all else.
            routes: posted to at their path; endpoints take the request and give the response.
        """
        self._app = app
        self._routes = {
            route.path: route
            for route in routes
            if isinstance(route, APIRoute) and route.methods == {"POST"}
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = None
        if scope["type"] == "http" and scope["method"] == "POST":
            route = self._routes.get(scope["path"])
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        response = await route.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)
