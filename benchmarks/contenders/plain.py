"""FastAPI and the model, called for each request, as most tutorials have it."""

from fastapi import FastAPI, UploadFile

from benchmarks.contenders import network

app = FastAPI()
compute = network.load()


@app.post("/predict")
async def predict(file: UploadFile) -> dict[str, int]:
    """Read a digit on the event loop, one at a time."""
    return {"digit": _read(await file.read())}


@app.post("/predict/aside")
def predict_aside(file: UploadFile) -> dict[str, int]:
    """Read a digit in a thread, several at once."""
    return {"digit": _read(file.file.read())}


def _read(upload: bytes) -> int:
    return int(compute(network.decode(upload)[None])[0].argmax())
