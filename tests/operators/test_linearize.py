"""``linearize``: the tangent in two parts gives what the tangent gives, from one run of the function."""
import math
from collections import namedtuple

import numpy as np
import pytest

import s2sad
import tests.derivatives.programs_arrays  # noqa: F401  (adds its cases)
import tests.derivatives.programs_lists  # noqa: F401  (adds its cases)
import tests.derivatives.programs_loops  # noqa: F401  (adds its cases)
import tests.derivatives.programs_references  # noqa: F401  (adds its cases)
from tests.derivatives.programs import CASES
from tests.execution import copied, execute, generate, tangent_arguments

NAMES = ["power_by_while", "halving", "leaves_by_count", "leaves_by_value", "skips", "returns_early", "triangle",
         "strides_down", "argument_squared_in_place", "prefix_products", "view_written", "scatter", "pivot_rows",
         "swapped_arguments", "while_in_loop", "scratch_in_loop", "zeroed_scratch", "newton",
         "polynomial_in_a_buffer", "narrow_bounds"]


@pytest.mark.parametrize("name", NAMES)
def test_both_parts_together_are_the_tangent(name):
    f, args, wrt = CASES[name]
    rng = np.random.default_rng(5)
    parameters = f.__code__.co_varnames[:f.__code__.co_argcount]
    directions = {p: rng.normal(size=np.shape(a))[()] for p, a in zip(parameters, args) if p in wrt}
    tangent = generate(f, args, "tangent", wrt)
    value, want = execute(tangent)[tangent.name](*tangent_arguments(tangent, args, directions))
    made = generate(f, args, "linearized", wrt)
    run, linear = (execute(made)[e] for e in made.entries)
    given = copied(args)
    found, saved = run(*given)
    for a in given:
        if isinstance(a, np.ndarray):
            a[...] = np.nan if a.dtype.kind == "f" else 0
    assert found == value
    before = copied([directions[p] for p in wrt])
    for factor in (1.0, 1.0, -2.0):
        got, = linear(saved, tuple(factor * directions[p] for p in wrt))
        assert got == factor * want
    for a, b in zip(before, (directions[p] for p in wrt)):
        assert np.array_equal(a, b)


def counted(x, n):
    for _ in range(n):
        x = math.sin(x) * 1.1
    return x


def test_the_function_runs_once():
    made = generate(counted, (0.4, 9), "linearized", ("x",))
    assert "sin" not in made.source[made.source.index("def counted_linear("):]
    assert "cos" not in made.source[made.source.index("def counted_linear("):]


Point = namedtuple("Point", "x y")


def structured(p, k, out):
    out[0] = p.x * p.y[0]
    return {"a": p.x * p.y, "n": k, "b": (out[0] ** 2, 3.0)}


def test_structures_outputs_and_what_does_not_move():
    p, out = Point(2.0, np.array([1.0, 3.0])), np.zeros(2)
    value, linear = s2sad.linearize(structured, p, 4, out, wrt="p")
    assert np.array_equal(value["a"], [2.0, 6.0]) and value["n"] == 4
    found = linear(Point(1.0, np.array([0.0, 1.0])))
    assert np.array_equal(found["a"], [1.0, 5.0]) and found["n"] == 0 and found["b"] == (4.0, 0.0)
    assert np.array_equal(out, [0.0, 0.0])
    (written, _), linear = s2sad.linearize(structured, p, 4, out, wrt="p", outputs=("out", "return"))
    assert np.array_equal(written, [2.0, 0.0])
    moved, rest = linear((1.0, None))
    assert np.array_equal(moved, [1.0, 0.0]) and np.array_equal(rest["a"], [1.0, 3.0])


def test_owns_what_it_needs_and_says_what_does_not_fit():
    x, a = np.array([0.5, 1.0]), np.array([[1.0, 2.0], [3.0, 4.0]], order="F")

    def f(x, a):
        return np.sin(a @ x) * x

    value, linear = s2sad.linearize(f, x, a)
    v = np.array([1.0, -1.0])
    want = s2sad.jvp(f, (x, a), (v, a))[1]
    kept = x.copy(), a.copy()
    x[:], a[:], value[:] = np.nan, np.nan, np.nan
    assert np.allclose(linear(v, kept[1]), want, rtol=1e-14)
    assert np.array_equal(linear(None, None), np.zeros(2))
    for wrong in [(v,), (v, v), (v[:1], None), ("v", None), (v.astype(np.float32), None)]:
        with pytest.raises(s2sad.BadCall) as e:
            linear(*wrong)
        assert e.value.code == "S2S043"


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def noisy(x, n):
    return power(x, n) * np.random.normal()


def drawn(x):
    return x * x * np.random.normal()


def test_functions_that_stay_calls_are_run_again_and_draws_are_not():
    value, linear = s2sad.linearize(power, 1.5, 3)
    assert value == 1.5 ** 3 and linear(2.0) == pytest.approx(2.0 * 3 * 1.5 ** 2)
    with pytest.raises(s2sad.UnsupportedFunction, match="taken apart"):
        s2sad.source(power, "linearized", 1.5, 3, wrt="x")
    with pytest.raises(s2sad.UnsupportedFunction) as e:
        s2sad.linearize(noisy, 1.5, 3)
    assert e.value.code == "S2S010"
    value, linear = s2sad.linearize(drawn, 3.0)
    assert linear(1.0) == linear(1.0) == pytest.approx(value * 2.0 / 3.0)
