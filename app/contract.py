"""Where everything lies in a version folder: all that training and the service share."""

SCHEMA = 1
"""Of the manifest; a reader refuses any other."""

NAME = "alexnet"
SIGNATURE = "serving_default"

EXTRA = "assets.extra"
"""The folder that the SavedModel format reserves for what lies beside the graph."""

TWIN = f"{EXTRA}/alexnet.int8.tflite"
GOLDEN = f"{EXTRA}/golden.npz"
MANIFEST = f"{EXTRA}/manifest.json"
WARMUP = f"{EXTRA}/tf_serving_warmup_requests"
"""Where TensorFlow Serving looks for requests to warm a version up with."""

REPORT = f"{EXTRA}/report"
