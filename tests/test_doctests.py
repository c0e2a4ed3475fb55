"""The examples in docstrings run."""
import doctest
import importlib
import pkgutil

import pytest

import s2sad

MODULES = [m.name for m in pkgutil.walk_packages(s2sad.__path__, "s2sad.") if not m.name.endswith("__main__")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert not failed
