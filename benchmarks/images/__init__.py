"""Are pictures read as people send them? Draw some of every kind, post them, count.

`python -m benchmarks.images` tells it top to bottom.
"""
