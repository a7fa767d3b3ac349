"""The command `alexnet`: serve, predict, and look after the models.

What a command needs is imported when it runs, so that `--help` is there at once.
"""
