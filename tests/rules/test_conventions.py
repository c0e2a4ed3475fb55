"""Every row of the tables in docs/conventions.md."""
from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import s2sad
from s2sad.rules import lookup
from tests.execution import execute, generate
from tests.fuzz.program import define
from tests.rules.evaluation import function, partial

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conventions.md"
ROW = re.compile(
    r"^\| `(?P<name>[\w.]+)\((?P<params>[\w, ]+)\)` \| (?P<at>[^|]+) \| (?P<by>\w) \| (?P<value>\S+) \|", re.M)
ROWS = [m.groupdict() for m in ROW.finditer(PAGE.read_text(encoding="utf-8"))]
CHOICE = re.compile(r"^\| x = (?P<at>\S+) \| `(?P<program>[^`]+)` \| (?P<value>\S+) \|", re.M)
CHOICES = [m.groupdict() for m in CHOICE.finditer(PAGE.read_text(encoding="utf-8"))]
ON_COMPLEX = re.compile(r"^\| z = (?P<at>\S+) \| `(?P<program>[^`]+)` \| (?P<value>\S+) \|", re.M)
COMPLEX = [m.groupdict() for m in ON_COMPLEX.finditer(PAGE.read_text(encoding="utf-8"))]
ARRAY = re.compile(r"^\| (?P<at>\[[^|]+) \| `(?P<program>[^`]+)` \| (?P<value>\[[^|]+) \|", re.M)
ARRAYS = [m.groupdict() for m in ARRAY.finditer(PAGE.read_text(encoding="utf-8"))]


def test_every_table_row_is_understood():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert len(ROWS) == sum(line.startswith("| `") for line in lines) > 40
    assert len(CHOICES) == sum(line.startswith("| x") for line in lines) > 10
    assert len(ARRAYS) == sum(line.startswith("| [") for line in lines) > 50
    assert len(COMPLEX) == sum(line.startswith("| z") for line in lines) > 15


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


@pytest.mark.parametrize("row", CHOICES, ids=lambda r: f"{r['program']} at {r['at']}")
@pytest.mark.parametrize("kind", ["tangent", "grad"])
def test_choice_written_in_a_program(row, kind):
    program, at = row["program"], np.float64(row["at"])
    if program.startswith("np."):
        # Array functions, on an array of one element.
        program, at = f"np.sum({program})", np.array([at])
    f = define(f"import numpy as np\n\ndef f(x):\n    return {program}\n")
    generated = generate(f, (at if isinstance(at, np.ndarray) else float(at),), kind, ("x",))
    run = execute(generated)[generated.name]
    with np.errstate(all="ignore"):
        got = run(at) if kind == "grad" else run(at, np.ones_like(at))[1]
    np.testing.assert_array_equal(got, np.full(np.shape(got), float(row["value"])))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("row", ARRAYS, ids=lambda r: f"{r['program']} at {r['at']}")
def test_point_of_an_array(row):
    at, want = (eval(row[k], {"nan": np.nan, "inf": np.inf}) for k in ("at", "value"))
    at, want = np.array(at, float), np.array(want, float)
    f = define(f"import numpy as np\nfrom s2sad import numerics\n\ndef f(x):\n    return {row['program']}\n")
    backward, forward = (generate(f, (at,), kind, ("x",)) for kind in ("grad", "tangent"))
    np.testing.assert_allclose(execute(backward)[backward.name](at.copy()), want, rtol=1e-13, atol=1e-13)
    slopes = np.empty_like(want)
    for place in np.ndindex(at.shape):
        direction = np.zeros_like(at)
        direction[place] = 1.0
        slopes[place] = execute(forward)[forward.name](at.copy(), direction)[1]
    if np.isnan(want).any():
        # what is not moved may count as constant
        assert np.isnan(slopes).any()
        slopes[np.isnan(want) & (slopes == 0.0)] = np.nan
    np.testing.assert_allclose(slopes, want, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("row", COMPLEX, ids=lambda r: f"{r['program']} at {r['at']}")
def test_point_of_a_complex_function(row):
    at, want = complex(row["at"]), complex(row["value"])
    f = define(f"import numpy as np\n\ndef f(z):\n    return {row['program']}\n")
    backward, forward = (generate(f, (at,), kind, ("z",)) for kind in ("grad", "tangent"))
    with np.errstate(all="ignore"):
        got = execute(backward)[backward.name](np.complex128(at))
        np.testing.assert_allclose([got.real, got.imag], [want.real, want.imag], rtol=1e-15)
        for direction in (1.0 + 0j, 1j, 0.6 - 0.8j) if np.isfinite(want) else ():
            _, d = execute(forward)[forward.name](np.complex128(at), direction)
            np.testing.assert_allclose(d, (np.conj(want) * direction).real, rtol=1e-15)


def test_the_example_of_the_page():
    def f(z):
        return (z * z).imag

    def square(z):
        return z * z

    assert s2sad.grad(f)(1 + 2j) == 4 + 2j
    _, pullback = s2sad.vjp(square, 1 + 2j)
    assert pullback(1j) == (4 + 2j,)
    assert s2sad.jvp(square, (1 + 2j,), (1j,)) == (-3 + 4j, -4 + 2j)
