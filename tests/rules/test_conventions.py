"""Every row of the tables in docs/conventions.md."""
from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from s2sad.rules import lookup
from tests.rules.evaluation import function, partial

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conventions.md"
ROW = re.compile(
    r"^\| `(?P<name>[\w.]+)\((?P<params>[\w, ]+)\)` \| (?P<at>[^|]+) \| (?P<by>\w) \| (?P<value>\S+) \|", re.M)
ROWS = [m.groupdict() for m in ROW.finditer(PAGE.read_text(encoding="utf-8"))]


def test_every_table_row_is_understood():
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert len(ROWS) == len(lines) > 40


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['name']}-{r['at']}-{r['by']}".replace(" ", ""))
def test_convention(row):
    rule = lookup(row["name"])
    params = tuple(row["params"].split(", "))
    at = dict(part.split(" = ") for part in row["at"].split(", "))
    operands = [float(at[p]) for p in params]
    got = partial(rule, rule.params[params.index(row["by"])], operands, _result(row["name"], operands))
    np.testing.assert_array_equal(got, float(row["value"]))


def _result(name: str, operands: list[float]) -> float:
    try:
        with np.errstate(all="ignore"):
            return float(function(name)(*map(np.float64, operands)))
    except ValueError:
        return np.nan  # the poles of math.gamma


@pytest.mark.parametrize("name", ["np.floor", "math.ceil", "np.trunc", "np.rint", "round", "np.sign", "np.signbit",
                                  "np.spacing", "floordiv", "lt", "np.logical_and", "np.bitwise_xor", "np.isnan", "int",
                                  "stop_gradient"])
def test_listed_as_constant(name):
    assert repr(lookup(name)) == "CONSTANT"
