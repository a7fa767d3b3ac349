"""GET /metrics, for Prometheus."""

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import choose_encoder

from app.metrics import Metrics
from app.schemas import describe_problems


def make_router(metrics: Metrics) -> APIRouter:
    """The route that Prometheus scrapes."""
    router = APIRouter(
        tags=["Monitoring"],
        responses=describe_problems({401: "A key is needed, where `METRICS_NEED_KEY` says so."}),
    )

    @router.get("/metrics", response_class=Response)
    async def scrape(request: Request) -> Response:
        """Every instrument, as Prometheus text or OpenMetrics, whichever is asked for."""
        try:
            encode, content_type = choose_encoder(request.headers.get("accept", ""))
        except (TypeError, ValueError):  # of a version that is no number
            encode, content_type = choose_encoder("")
        return Response(encode(metrics.exposed), headers={"Content-Type": content_type})

    return router
