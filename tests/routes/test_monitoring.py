"""GET /metrics: what happened, as Prometheus reads it."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.anyio


async def scrape(client: httpx.AsyncClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by its name and labels."""
    text = (await client.get("/metrics")).text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_prediction_is_counted(client: httpx.AsyncClient, seven: bytes) -> None:
    """One request moves every instrument on its way by one."""
    await client.post("/predict", files={"file": seven})
    samples = await scrape(client)
    labels = {"route": "/predict", "method": "POST", "status": "200"}

    assert samples["http_requests_total", frozenset(labels.items())] == 1
    assert (
        samples["digits_predictions_total", frozenset({("digit", "7"), ("outcome", "accepted")})]
        == 1
    )
    for stage in ("decode", "normalise", "queue", "inference"):
        assert samples[f"digits_{stage}_seconds_count", frozenset()] == 1, stage
    assert samples["digits_batch_rows_sum", frozenset()] == 1
    assert samples["digits_prediction_confidence_count", frozenset()] == 1
    assert samples["digits_queue_rows", frozenset()] == 0


async def test_made_up_paths_share_one_label(client: httpx.AsyncClient) -> None:
    """A caller cannot grow the metrics by asking for what is not there."""
    for path in ("/a", "/b", "/c"):
        await client.get(path)
    samples = await scrape(client)
    labels = {"route": "unmatched", "method": "GET", "status": "404"}

    assert samples["http_requests_total", frozenset(labels.items())] == 3


async def test_model_is_named(client: httpx.AsyncClient) -> None:
    """The info gauge says which model answers, as health does."""
    model = (await client.get("/health")).json()["model"]
    samples = await scrape(client)

    assert samples["digits_model_info", frozenset(model.items())] == 1


async def test_names_follow_the_conventions(client: httpx.AsyncClient) -> None:
    """Counters end in _total, times are seconds, and every family has a help text."""
    text = (await client.get("/metrics")).text

    for family in text_string_to_metric_families(text):
        assert family.documentation.endswith("."), family.name
        assert not family.name.endswith(("_ms", "_milliseconds", "_count"))


@pytest.mark.parametrize(
    "accept", ["application/openmetrics-text; version=abc", "text/plain; version=x.y"]
)
async def test_version_that_is_none_gets_the_plain_text(
    client: httpx.AsyncClient, accept: str
) -> None:
    """What cannot be understood of an Accept is passed over, as HTTP has it."""
    response = await client.get("/metrics", headers={"accept": accept})

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
