"""How fast is the service, beside a server with no model and beside others with the same model?

`python -m benchmarks.speed` tells it top to bottom.
"""
