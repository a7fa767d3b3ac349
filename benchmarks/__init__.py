"""Measure what is served, from outside: nothing here is served, trained on or tested with."""
