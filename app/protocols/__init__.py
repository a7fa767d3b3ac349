"""The languages of other servers: bodies taken apart and put together, pure functions all."""
