"""The tree drawn in the module is the tree there is."""

import inspect
import re

from app import errors


def test_drawn_tree_is_the_real_one() -> None:
    """Every error that is answered stands in the docstring with its status and its code."""
    drawn = {
        (name, int(status), code)
        for name, status, code in re.findall(r"(\w+)\s+(\d{3})\s+(\w+)", errors.__doc__ or "")
    }
    real = {
        (name, error.status, error.code)
        for name, error in inspect.getmembers(errors, inspect.isclass)
        if "code" in vars(error)
    }

    assert drawn == real


def test_codes_are_unique() -> None:
    """A code names one error."""
    codes = [
        error.code
        for _, error in inspect.getmembers(errors, inspect.isclass)
        if "code" in vars(error)
    ]

    assert len(codes) == len(set(codes))
