"""HTTP in, HTTP out: one file a family of paths, and no work of their own."""
