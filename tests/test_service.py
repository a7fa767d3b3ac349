"""The real process over TCP: python -m app, as `make serve` runs it."""

import io
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.pictures import encode
from tests.processes import DEADLINE_SECONDS, ROOT, free_port, run_to_end, running
from training.dataset import load


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of one process for many tests."""
    with running() as (_, address):
        yield address


def test_predicts_over_tcp(service: str, seven: bytes) -> None:
    """A 7 is a 7, through a real socket."""
    answer = httpx.post(f"{service}/predict", files={"file": ("seven.png", seven)}).json()

    assert (answer["digit"], answer["accepted"]) == (7, True)


def test_shipped_sample_is_a_seven(service: str) -> None:
    """The picture in the README's curl is read as the README says."""
    sample = (ROOT / "samples" / "seven.png").read_bytes()
    answer = httpx.post(f"{service}/predict", files={"file": sample}).json()

    assert (answer["digit"], answer["accepted"]) == (7, True)


def test_concurrent_callers_get_their_own(
    service: str, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """Under 16 callers at once, no answer goes to another."""
    uploads = [encode(image) for image in golden["images"]] * 8
    expected = golden["probabilities"].argmax(axis=1).tolist() * 8
    with httpx.Client(base_url=service) as http, ThreadPoolExecutor(16) as callers:
        answers = callers.map(lambda upload: http.post("/predict", files={"file": upload}), uploads)
        digits = [answer.json()["digit"] for answer in answers]

    assert digits == expected


def test_greeting_names_address_and_curl() -> None:
    """What is printed first can be pasted."""
    with running() as (process, address):
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=DEADLINE_SECONDS)

    assert address in output
    assert re.search(rf"curl -F file=@\S+ {address}/predict", output)


def test_grace_takes_new_work_while_readiness_says_no(seven: bytes) -> None:
    """After SIGTERM whoever still comes is answered, and told not to come back by this way."""
    with running(SHUTDOWN_DELAY_SECONDS="600") as (process, address), httpx.Client() as kept:
        kept.get(f"{address}/health/live")
        process.send_signal(signal.SIGTERM)
        wait_until_draining(address)
        on_an_open_connection = kept.post(f"{address}/predict", files={"file": seven})
        on_a_new_one = httpx.post(f"{address}/predict", files={"file": seven})
        process.send_signal(signal.SIGTERM)
        code = process.wait(DEADLINE_SECONDS)

    assert on_an_open_connection.json()["digit"] == 7
    assert on_a_new_one.json()["digit"] == 7
    assert on_a_new_one.headers["connection"] == "close"
    assert code == 128 + signal.SIGTERM


def wait_until_draining(address: str) -> None:
    """Ask for readiness until it is refused."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if httpx.get(f"{address}/health/ready").status_code == 503:
            return
        time.sleep(0.02)
    pytest.fail("never draining")


def test_uploads_never_touch_the_disk(seven: bytes) -> None:
    """With no file that may grow, and nowhere to write, everything works."""
    with running(no_files=True) as (_, address):
        large = seven + bytes(5 << 20)
        single = httpx.post(f"{address}/predict", files={"file": large}, timeout=60)
        batch = httpx.post(f"{address}/predict/batch", files=[("files", large)] * 8, timeout=60)

    assert single.json()["digit"] == 7
    assert [each["digit"] for each in batch.json()["predictions"]] == [7] * 8


def test_sigterm_answers_what_was_accepted(seven: bytes) -> None:
    """A stop while a large batch is half done answers all of it and ends with 0."""
    large = io.BytesIO()
    Image.open(io.BytesIO(seven)).resize((200, 200)).save(large, "PNG")
    files = [("files", large.getvalue())] * 64
    with running() as (process, address), ThreadPoolExecutor(1) as caller:
        answer = caller.submit(httpx.post, f"{address}/predict/batch", files=files, timeout=60)
        read = wait_until_reading(address)
        process.send_signal(signal.SIGTERM)
        response = answer.result()
        code = process.wait(DEADLINE_SECONDS)

    assert read < len(files)
    assert response.status_code == 200
    assert [item["digit"] for item in response.json()["predictions"]] == [7] * len(files)
    assert code == 0


def wait_until_reading(address: str) -> int:
    """Ask for the metrics until digits were read; how many."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    with httpx.Client() as client:
        while time.monotonic() < deadline:
            metrics = client.get(f"{address}/metrics").text
            read = re.search(r"^digits_batch_rows_sum (\S+)", metrics, re.MULTILINE)
            if read and float(read[1]) > 0:
                return int(float(read[1]))
    pytest.fail("nothing was read in time")


def test_no_model_ends_the_process_with_a_reason(tmp_path: Path) -> None:
    """Without a model the process does not pretend to serve."""
    finished = run_to_end(MODELS_DIR=str(tmp_path), PORT=str(free_port()))

    assert finished.returncode == 1
    assert "model_not_found" in finished.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_missing_keys_end_the_process_with_a_reason(workers: str, tmp_path: Path) -> None:
    """One sentence, before any worker is started."""
    finished = run_to_end(API_KEYS_FILE=str(tmp_path / "none"), WORKERS=workers, PORT="0")

    assert finished.returncode == 2
    assert finished.stderr.startswith("The file of keys cannot be read: ")
    assert len(finished.stderr.splitlines()) == 1


@pytest.mark.parametrize(("name", "value"), [("ENGINE", "abacus"), ("VERSION_LABELS", "x")])
def test_wrong_setting_ends_the_process_with_a_reason(name: str, value: str) -> None:
    """A setting that makes no sense, or is not even JSON where it must be, is named."""
    finished = run_to_end(**{name: value})

    assert finished.returncode == 2
    assert finished.stderr.startswith("A setting is wrong: ")
    assert name.lower() in finished.stderr


def test_tensorflow_engine_answers_alike(service: str, seven: bytes) -> None:
    """The other engine reads the same upload the same way."""
    with running(ENGINE="tensorflow") as (_, address):
        health = httpx.get(f"{address}/health").json()
        other = httpx.post(f"{address}/predict", files={"file": seven}).json()
    twin = httpx.post(f"{service}/predict", files={"file": seven}).json()

    assert health["model"]["engine"] == "tensorflow"
    assert other["digit"] == twin["digit"]
    assert other["probabilities"] == pytest.approx(twin["probabilities"], abs=0.05)


def test_ten_thousand_test_digits_over_http(service: str) -> None:
    """All of MNIST's test digits, posted one by one as PNGs: at least 99.5 % come back right."""
    test = load()[1]
    with httpx.Client(base_url=service) as http, ThreadPoolExecutor(8) as callers:
        answers = callers.map(
            lambda image: http.post(
                "/predict", content=encode(image), headers={"content-type": "image/png"}
            ).json()["digit"],
            test.images,
        )
        digits = np.fromiter(answers, dtype=np.uint8)

    assert np.mean(digits == test.labels) >= 0.995
