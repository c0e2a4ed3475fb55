"""The examples of the documentation's pages run."""
import doctest
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.mark.parametrize("page", ["custom-rules.md", "operators.md", "checkpoints.md", "tuning.md", "vector-math.md"])
def test_examples(page):
    failed, tried = doctest.testfile(str(DOCS / page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tried > 0 and failed == 0
