"""Array statements as loops have the values, types and shapes of array statements."""
from __future__ import annotations

from types import SimpleNamespace

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2sad import driver
from s2sad.emit.module import assemble
from s2sad.emit.pyast import to_python
from s2sad.frontend.source import UserFunction
from tests.array_functions.random_programs import SHAPES, Writer, arguments
from tests.execution import copied, execute, generate, tangent_arguments
from tests.fuzz.program import define

RANDOM = st.randoms(use_true_random=False)


def loops(f, args):
    """The primal as it is before it is differentiated."""
    fn, _, _ = driver.prepare(UserFunction.from_callable(f), tuple(numba.typeof(a) for a in args))
    return SimpleNamespace(name=fn.name, source=assemble([to_python(fn)], jit=True, options={}))


def values(result):
    return [np.asarray(r) for r in (result if isinstance(result, tuple) else (result,))]


def same(got, want, tolerance):
    if got.dtype != want.dtype or got.shape != want.shape:
        return False
    if want.dtype.kind != "f":
        return np.array_equal(got, want)
    scale = np.max(np.abs(want), initial=1.0, where=np.isfinite(want))
    return np.allclose(got, want, rtol=tolerance, atol=tolerance * scale, equal_nan=True)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(RANDOM)
def test_values_are_numpys(random):
    """In double precision and integers, where numba's types are those of NumPy."""
    f = define(Writer(random).program(4))
    args = arguments(random)
    made = loops(f, args)
    with np.errstate(all="ignore"):
        want = values(f(*copied(args)))
        got = values(execute(made)[made.name](*copied(args)))
    assert len(got) == len(want)
    for x, y in zip(got, want):
        assert same(x, y, 1e-13), (x, y)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=2, deadline=None, derandomize=True, database=None)
@pytest.mark.parametrize("other, integer, tolerance", [(np.float32, float, 1e-13), (np.float32, np.int32, 2e-6)])
@given(random=RANDOM)
def test_values_and_types_are_numbas(other, integer, tolerance, random):
    """With integers numba keeps parts of an expression of float32 in double precision, where arrays would round."""
    f = define(Writer(random).program(5))
    args = arguments(random, other, integer)
    made = loops(f, args)
    space: dict = {}
    exec(compile(made.source, "<loops>", "exec"), space)
    want, got = numba.njit(f)(*copied(args)), space[made.name](*copied(args))
    for x, y in zip(values(got), values(want)):
        assert same(x, y, 2e-6 if y.dtype == np.float32 else tolerance), (x, y)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=8, deadline=None, derandomize=True, database=None)
@given(RANDOM)
def test_modes_agree(random):
    writer = Writer(random)
    text = writer.program(4)
    total = " + ".join(f"np.sum({v} * 1.0)" for v in writer.own)
    f = define(text[:text.rindex("    return")] + f"    return {total}\n")
    args = arguments(random)
    wrt = tuple(v for v, a in zip(SHAPES, args) if isinstance(np.asarray(a).flat[0], float))
    reverse, forward = (generate(f, args, kind, wrt) for kind in ("value_and_grad", "tangent"))
    rng = np.random.default_rng(random.randrange(2 ** 32))
    moves = {v: rng.normal(size=SHAPES[v])[()] for v in wrt}
    with np.errstate(all="ignore"):
        value, gradient = execute(reverse)[reverse.name](*copied(args))
        found, slope = execute(forward)[forward.name](*tangent_arguments(forward, args, moves))
        sizes = [np.sum(np.abs(moves[v] * g)) for v, g in zip(wrt, gradient)]
        along = sum(np.sum(moves[v] * g) for v, g in zip(wrt, gradient))
    if not np.isfinite(value) or not np.isfinite(along):
        return
    assert abs(value - found) <= 1e-12 * (1.0 + abs(value))
    assert abs(slope - along) <= 1e-11 * (1.0 + sum(sizes))
