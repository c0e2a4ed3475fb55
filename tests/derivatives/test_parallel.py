"""Loops of derivatives that run in parallel: which do, and that no iteration needs what another one did.

Most of it runs in plain Python, where the parts of a loop come in random order.
"""
import ast
import math
import types
import warnings

import numpy as np
import pytest
from numba import prange

import s2sad
from s2sad import numeric
from s2sad.api import modules
from s2sad.ir.effects import RAISING
from s2sad.optimise import parallelise
from s2sad.runtime.helpers import HELPERS
from tests.derivatives.test_programs import CASES
from tests.execution import as_input, copied, execute, generate, second_order, tangent_arguments

X = np.array([0.3, 1.2, -0.7, 0.9, 1.1, 0.6, -0.2])
A = np.sin(np.arange(1.0, 22.0)).reshape(7, 3)
COLUMNS = np.array([2, 0, -1, 2, 3, -4, 2])


def sums_and_gathers(x, col, w, v):
    s = 0.0
    for i in prange(col.shape[0]):
        s += math.sin(x[col[i]]) * w * x[i] / v[i]
    return s


def own_elements(x):
    y = np.empty_like(x)
    for i in prange(x.shape[0]):
        y[i] = math.exp(x[i]) * x[i]
    return np.sum(y * y)


def scratch_in_each(x, m):
    s = 0.0
    for i in prange(x.shape[0]):
        c = np.empty(m.shape[0])
        for k in range(m.shape[0]):
            c[k] = x[i, k] - m[k]
        for k in range(1, m.shape[0]):
            c[k] += c[k - 1] * m[k]
        q = 0.0
        for k in range(m.shape[0]):
            q += c[k] * c[k] * c[k]
        s += math.log(1.0 + q * q)
    return s


def scratch_outside(x, m):
    c = np.zeros(m.shape[0])
    s = 0.0
    for i in prange(x.shape[0]):
        for k in range(m.shape[0]):
            c[k] = x[i, k] * m[k]
        for k in range(1, m.shape[0]):
            c[k] = c[k] * c[k - 1] + m[0]
        s += c[-1] * c[0]
    return s


def pairs(q, v, m):
    p = q.copy()
    a = np.empty_like(q)
    for _ in range(3):
        for i in prange(q.shape[0]):
            f = 0.0
            for j in range(q.shape[0]):
                d = p[j] - p[i]
                r2 = d * d + 0.1
                f += m[j] / (r2 * math.sqrt(r2)) * d
            a[i] = f
        for i in prange(q.shape[0]):
            p[i] += 0.1 * v[i] * a[i]
    return np.sum(p * p)


def neighbours(x):
    y = np.zeros_like(x)
    for i in prange(1, x.shape[0] - 1):
        y[i] = x[i - 1] * x[i + 1] - x[i] * x[i]
    s = 0.0
    for i in prange(x.shape[0]):
        s += y[i] * y[i] * x[i]
    return s


def on_a_condition(x):
    s = 0.0
    for i in prange(x.shape[0]):
        t = x[i]
        if t > 0.5:
            t = math.sin(t) * x[0]
        for k in range(i):
            t = t * 0.9 + x[k]
        s += t * t
    return s


def of_complex_numbers(x):
    s = 0.0
    for i in prange(x.shape[0]):
        z = complex(x[i], x[0]) * complex(1.0, x[-1])
        s += z.real * z.imag
    return s


def scratch_and_quotients(x, m):
    s = 0.0
    for i in prange(x.shape[0]):
        c = np.empty(m.shape[0])
        for k in range(m.shape[0]):
            c[k] = x[i, k] / m[k]
        s += c[0] * c[-1]
    return s


def rows_as_arrays(x, m):
    s = 0.0
    for i in prange(x.shape[0]):
        d = x[i] - m
        s += np.exp(-np.sum(d * d))
    return s


def newton_in_each(x):
    s = 0.0
    for i in prange(x.shape[0]):
        y = 1.0
        while abs(y * y * y - 2.0 - x[i] * x[i]) > 1e-13:
            y -= (y * y * y - 2.0 - x[i] * x[i]) / (3.0 * y * y)
        s += y * x[i]
    return s


def one_further(x):
    y = np.zeros(x.shape[0] + 1)
    for i in prange(x.shape[0]):
        y[i + 1] = x[i] * x[i] * x[0]
    return np.sum(y * y)


RIGHT = {
    "sums_and_gathers": (sums_and_gathers, (X, COLUMNS, 1.5, X), ("x", "w", "v"), 1),
    "own_elements": (own_elements, (X,), ("x",), 2),
    "scratch_in_each": (scratch_in_each, (A, A[0] + 0.4), ("x", "m"), 1),
    "scratch_outside": (scratch_outside, (A, A[0] + 0.4), ("x", "m"), 1),
    "pairs": (pairs, (X, X[::-1].copy(), X * X), ("q", "v", "m"), 4),
    "neighbours": (neighbours, (X,), ("x",), 5),
    "on_a_condition": (on_a_condition, (X,), ("x",), 1),
    "scratch_and_quotients": (scratch_and_quotients, (A, A[0] + 2.0), ("x", "m"), 1),
    "rows_as_arrays": (rows_as_arrays, (A, A[0] + 0.4), ("x", "m"), 1),
    "newton_in_each": (newton_in_each, (X,), ("x",), 1),
    "one_further": (one_further, (X,), ("x",), 2),
    "of_complex_numbers": (of_complex_numbers, (X,), ("x",), 1),
}
"""Function, arguments, what gradients are by, how many parallel loops the gradient has."""


def parallel_loops(source):
    return sum(isinstance(n, ast.For) and ast.unparse(n.iter).startswith("prange") for n in ast.walk(ast.parse(source)))


def close(got, want):
    return np.shape(got) == np.shape(want) and np.max(np.abs(got - want)) <= 1e-8 * (1.0 + np.max(np.abs(want)))


@pytest.mark.parametrize("name", RIGHT)
def test_gradients(name):
    f, args, wrt, count = RIGHT[name]
    generated = generate(f, args, "grad", wrt, numba_options={"parallel": True})
    assert parallel_loops(generated.source) == count, generated.source
    found = execute(generated, 3)[generated.name](*copied(args))
    by = wrt if len(wrt) > 1 else wrt[0]
    want = numeric.gradient(f, copied(args), wrt=by).value
    for got, right in zip(found if len(wrt) > 1 else (found,), want if len(wrt) > 1 else (want,)):
        assert close(got, right), (got, right, generated.source)


@pytest.mark.parametrize("name", RIGHT)
def test_tangents(name):
    f, args, wrt, _ = RIGHT[name]
    generated = generate(f, args, "tangent", wrt, numba_options={"parallel": True})
    assert parallel_loops(generated.source)
    rng = np.random.default_rng(2)
    names = f.__code__.co_varnames
    along = {n: rng.normal(size=np.shape(args[names.index(n)]))[()] for n in wrt}
    value, found = execute(generated, 3)[generated.name](*tangent_arguments(generated, args, along))
    want = numeric.gradient(f, copied(args), wrt=wrt).value
    assert value == pytest.approx(f(*copied(args)), rel=1e-13)
    assert found == pytest.approx(sum(np.sum(g * along[n]) for g, n in zip(want, wrt)), rel=1e-8)


@pytest.mark.parametrize("name", sorted(CASES)[::15])
def test_other_programs(name, monkeypatch):
    """A sample of the programs of this directory, with every loop parallel that may be."""
    monkeypatch.setattr(parallelise, "_has_work", lambda loop: True)
    f, args, wrt = CASES[name]
    made = generate(f, args, "value_and_grad", wrt, numba_options={"parallel": "auto"})
    serial = generate(f, args, "value_and_grad", wrt)
    found, want = (execute(g, 3)[g.name](*copied(args)) for g in (made, serial))
    assert found[0] == pytest.approx(want[0], rel=1e-12)
    for got, right in zip(*(r[1] if len(wrt) > 1 else r[1:] for r in (found, want))):
        assert close(got, right), made.source


# ---------------------------------------------------------------------------- what stays serial

def carried(x):
    t = 0.5
    s = 0.0
    for i in prange(x.shape[0]):
        t = t * x[i] + 1.0
        s += t
    return s


def from_the_element_before(x):
    y = x.copy()
    for i in prange(1, x.shape[0]):
        y[i] = y[i] * y[i - 1]
    return y[-1]


def last_value(x):
    t = 0.0
    for i in prange(x.shape[0]):
        t = x[i] * x[i]
    return t * x[0]


def raises(x):
    s = 0.0
    for i in prange(x.shape[0]):
        if x[i] > 100.0:
            raise ValueError("too large")
        s += x[i] * x[i]
    return s


def from_a_place_given(x, a):
    y = np.zeros_like(x)
    for i in prange(a, 3):
        y[i] = x[i] * x[i]
    return np.sum(y * x)


def around_the_end(x):
    y = np.zeros_like(x)
    for i in prange(x.shape[0]):
        y[i - 1] = x[i] * x[i]
    return np.sum(y * x)


SERIAL = {
    "carried": (carried, (X,), "an iteration needs `t`"),
    "from_the_element_before": (from_the_element_before, (X,), "two iterations may touch the same element of `y`"),
    "last_value": (last_value, (X,), "the last value of `t` is used after it"),
    "raises": (raises, (X,), "it may raise an error"),
    "around_the_end": (around_the_end, (X,), "two iterations may touch the same element of `y`"),
    "from_a_place_given": (from_a_place_given, (X, -2), "two iterations may touch the same element of `y`"),
}


@pytest.mark.parametrize("name", SERIAL)
def test_what_stays_serial(name):
    f, args, why = SERIAL[name]
    generated = generate(f, args, "grad", ("x",), numba_options={"parallel": True})
    assert close(execute(generated, 3)[generated.name](*copied(args)), numeric.gradient(f, copied(args)).value)
    explained = s2sad.explain(s2sad.differentiate(f, parallel=True), *copied(args))
    (text,) = {loop.threads for loop in explained.plan.loops if loop.threads}
    assert "not in parallel" in text and why in text, text


def test_nothing_is_parallel_where_numba_is_not():
    for options in ({}, {"parallel": {"prange": False}}, {"parallel": True, "boundscheck": True}):
        assert "prange" not in generate(own_elements, (X,), "grad", ("x",), numba_options=options).source


# ---------------------------------------------------------------------------- errors, options, explanations

def quotients(x, y):
    s = 0.0
    for i in prange(x.shape[0]):
        s += x[i] / y[i]
    return s


class _Lost:
    """``prange`` as numba has it: what an iteration raises ends it, and is lost."""

    def __init__(self, source):
        tree = ast.parse(source)
        for loop in ast.walk(tree):
            if isinstance(loop, ast.For) and ast.unparse(loop.iter).startswith("prange"):
                handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [ast.Pass()])
                loop.body = [ast.Try(loop.body, [handler], [], [])]
        self.source, self.name = ast.unparse(ast.fix_missing_locations(tree)), ""


def test_errors_are_raised_when_all_parts_are_done():
    generated = generate(quotients, (X, X), "value_and_grad", ("x",), numba_options={"parallel": True})
    assert parallel_loops(generated.source) == 2
    run = execute(_Lost(generated.source), 3)[generated.name]
    assert close(run(X, X * X)[1], 1.0 / (X * X))
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        run(X, np.where(X == 0.9, 0.0, X))


def test_a_lack_of_memory_is_noticed():
    for f, args in ((sums_and_gathers, (X, COLUMNS, 1.5, X)), (scratch_and_quotients, (A, A[0]))):
        generated = generate(f, args, "value_and_grad", ("x",), numba_options={"parallel": True})
        space = execute(_Lost(generated.source), 3)
        space["prange"] = lambda n, space=space: _without_memory(n, space)
        with pytest.raises(MemoryError):
            space[generated.name](*copied(args))


def _without_memory(n, space):
    """The iterations, the last of which finds no memory."""
    numpy = space["np"]
    for k in range(n):
        space["np"] = types.SimpleNamespace() if k == n - 1 else numpy
        yield k
    space["np"] = numpy


def test_shapes_are_checked_before_a_loop_that_runs():
    generated = generate(rows_as_arrays, (A, A[0]), "value_and_grad", ("x",), numba_options={"parallel": True})
    run = execute(generated, 3)[generated.name]
    with pytest.raises(ValueError, match="could not be broadcast"):
        run(A, np.ones(2))
    value, gradient = run(A[:0], np.ones(2))
    assert value == 0.0 and gradient.shape == (0, 3)


def test_errors_are_those_of_the_operations():
    for operation, (exception, message) in RAISING.items():
        assert f'raise {exception}("{message}")' in HELPERS[operation].source


def test_independent_loops_that_are_not_the_authors():
    def mixed(x):
        s = 0.0
        for i in range(x.shape[0]):
            s += math.exp(x[i])
        for i in range(x.shape[0]):
            s += x[i] * x[i]                    # not worth it
        return s * s

    assert parallel_loops(s2sad.source(s2sad.differentiate(mixed, parallel=True), "value_and_grad", X)) == 0
    text = s2sad.source(s2sad.differentiate(mixed, parallel="auto"), "value_and_grad", X)
    assert 1 <= parallel_loops(text) <= 2
    with pytest.raises(s2sad.BadCall, match="parallel is 'always'"):
        s2sad.differentiate(mixed, parallel="always")


def test_explanations_say_what_runs_in_parallel():
    text = str(s2sad.explain(s2sad.differentiate(scratch_in_each, parallel=True), A, A[0]))
    assert "fused: forward and backward at once, in parallel, 7 iterations" in text
    assert "in parallel" not in str(s2sad.explain(scratch_in_each, A, A[0]))


def test_second_derivatives():
    """They are derivatives of the gradient's serial form, and parallel themselves."""
    gradient = s2sad.grad(s2sad.differentiate(scratch_in_each, parallel=True))
    text = s2sad.source(gradient, "tangent", A, A[0] + 0.4)
    assert parallel_loops(text) == 1 and "b_c_part" in text and "part_part" not in text
    direction = np.cos(A)
    found = execute(types.SimpleNamespace(source=text, name=""), 3)["scratch_in_each_grad_tangent"](
        A, direction, A[0] + 0.4)[1]
    _, want, _ = second_order(scratch_in_each, (A, A[0] + 0.4), direction)
    assert close(found, want)
    assert close(found, second_order(scratch_in_each, (A, A[0] + 0.4), direction)[2])


def test_the_text_for_threads_is_not_differentiated():
    made = generate(on_a_condition, (X,), "grad", ("x",), numba_options={"parallel": True})
    with pytest.raises(s2sad.S2sadError, match="depends on the number of threads"):
        generate(as_input(made), (X,), "tangent", ("x",))


# ---------------------------------------------------------------------------- compiled

def test_compiled():
    """Equal to the serial gradient up to rounding, and always the same."""
    x, col = np.linspace(-1.0, 2.0, 2000), np.arange(0, 6000, 3) % 500 - 250
    args = x, col, 1.5, 2.0 + x * x
    made = generate(sums_and_gathers, args, "grad", ("x", "w"), numba_options={"parallel": True})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = modules.load(made.source, "parallel")[made.name]
        first = run(*args)
    plain = generate(sums_and_gathers, args, "grad", ("x", "w"))
    serial = execute(plain)[plain.name](*args)
    for _ in range(50):
        again = run(*args)
        assert np.array_equal(again[0], first[0]) and again[1] == first[1]
    assert close(first[0], serial[0]) and close(first[1], serial[1])
    for zero in (0, 1999):
        args[3][zero] = 0.0
        with pytest.raises(ZeroDivisionError):
            run(*args)
        args[3][zero] = 1.0
    assert np.isfinite(run(*args)[1])
