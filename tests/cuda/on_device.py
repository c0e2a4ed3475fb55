"""Derivative kernels run: on the simulator with ``NUMBA_ENABLE_CUDASIM=1``, else on a GPU.

Tangents are compared with differences of the primal kernel, adjoints with tangents by dot products.
"""
from __future__ import annotations

import inspect
import os
import re
from textwrap import indent

import numpy as np
import pytest
from numba import cuda

import s2sad
from s2sad import driver
from s2sad.api import modules
from tests.cuda import programs_batched, programs_shared
from tests.cuda.programs import PROGRAMS as SEPARATE
from tests.cuda.programs import Program

driver.check_ir = True
REPEATS = int(os.environ.get("S2SAD_REPEATS", "2"))
"""How often an adjoint is launched: more often where threads may race."""
SEPARATE = (*SEPARATE, *programs_batched.PROGRAMS)
PROGRAMS = (*SEPARATE, *programs_shared.PROGRAMS)
EACH = pytest.mark.parametrize("p", PROGRAMS, ids=lambda p: p.name)


def kernel_of(p: Program) -> s2sad.cuda.CudaKernel:
    return s2sad.differentiate(p.kernel, target="cuda", wrt=p.wrt)


def content(kernel, p: Program, args: tuple) -> dict[str, np.ndarray]:
    """The arrays after a launch of the primal, by the names of parameters."""
    given = [np.copy(a) if isinstance(a, np.ndarray) else a for a in args]
    kernel[p.launch](*given)
    return {n: a for n, a in zip(names(p), given) if n in p.out}


def names(p: Program) -> list[str]:
    return list(p.kernel.__code__.co_varnames[:p.kernel.__code__.co_argcount])


def directions(p: Program, args: tuple, rng: np.random.Generator) -> dict[str, object]:
    return {n: rng.standard_normal(a.shape).astype(a.dtype) if isinstance(a, np.ndarray) else type(a)(rng.normal())
            for n, a in zip(names(p), args) if n in p.wrt}


def tangents(kernel, p: Program, args: tuple, d: dict) -> dict[str, np.ndarray]:
    given: list = []
    beside = {n: d[n] if n in d else np.zeros_like(a) for n, a in zip(names(p), args) if n in p.wrt or n in p.out}
    beside = {n: np.copy(b) if isinstance(b, np.ndarray) else b for n, b in beside.items()}
    for n, a in zip(names(p), args):
        given += [np.copy(a) if isinstance(a, np.ndarray) else a] + ([beside[n]] if n in beside else [])
    kernel.tangent[p.launch](*given)
    return {n: beside[n] for n in p.out}


def adjoints(kernel, p: Program, args: tuple, seeds: dict) -> dict[str, np.ndarray]:
    shadows: dict = {}
    given: list = []
    for n, a in zip(names(p), args):
        given.append(np.copy(a) if isinstance(a, np.ndarray) else a)
        if n in p.wrt or n in p.out:
            zero = np.zeros_like(a) if isinstance(a, np.ndarray) else np.zeros(1, np.asarray(a).dtype)
            shadows[n] = np.copy(seeds[n]) if n in seeds else zero
            given.append(shadows[n])
    kernel.adjoint[p.launch](*given)
    return {n: shadows[n] for n in p.wrt}


@EACH
def test_tangent_is_the_derivative_of_the_primal(p):
    rng = np.random.default_rng(3)
    args = p.args(rng)
    kernel, d = kernel_of(p), directions(p, args, rng)
    small = any(getattr(a, "dtype", None) == np.float32 for a in args)
    h = 1e-2 if small else 1e-6
    moved = [tuple(a + type(a)(s * h) * d[n] if n in d and not isinstance(a, np.ndarray)
                   else a + np.asarray(s * h * d[n], a.dtype) if n in d else a for n, a in zip(names(p), args))
             for s in (1, -1)]
    after = [content(kernel, p, m) for m in moved]
    for n, found in tangents(kernel, p, args, d).items():
        expected = (after[0][n].astype(np.float64) - after[1][n]) / (2 * h)
        assert np.max(np.abs(found - expected)) <= (5e-3 if small else 2e-7) * (1 + np.max(np.abs(expected)))


@EACH
def test_adjoint_is_the_transpose_of_the_tangent(p):
    rng = np.random.default_rng(5)
    args = p.args(rng)
    kernel, d = kernel_of(p), directions(p, args, rng)
    seeds = {n: rng.standard_normal(a.shape).astype(a.dtype) for n, a in zip(names(p), args) if n in p.out}
    forward = tangents(kernel, p, args, d)
    left = sum(float(np.sum(seeds[n] * forward[n])) for n in p.out)
    for _ in range(REPEATS):                                     # a second call finds nothing of the first
        found = adjoints(kernel, p, args, seeds)
        right = sum(float(np.sum(found[n] * d[n])) for n in p.wrt)
        single = any(getattr(a, "dtype", None) == np.float32 for a in args)
        assert abs(left - right) <= (1e-4 if single else 1e-11) * (1 + abs(left))
        assert abs(left) > 1e-6


def on_cpu(p: Program):
    """The kernel as a function of the CPU: a loop over the threads."""
    blocks, threads = p.launch
    text = inspect.getsource(p.kernel)
    head, body = text.split(":\n", 1)
    body = re.sub(r"cuda\.blockIdx\.x \* cuda\.blockDim\.x \+ cuda\.threadIdx\.x|cuda\.grid\(1\)", "thread", body)
    body = body.replace("cuda.gridsize(1)", str(blocks * threads)).replace("return", "continue")
    body = re.sub(r"cuda\.atomic\.(add|sub)\((\w+), (.*), (.*?)\)\n",
                  lambda m: f"{m[2]}[{m[3]}] {'+' if m[1] == 'add' else '-'}= {m[4]}\n", body)
    text = f"{head}:\n    for thread in range({blocks * threads}):\n{indent(body, '    ')}"
    f = modules.load(text, p.name)[p.name]
    f.__globals__.update(p.kernel.__globals__)
    return f


@pytest.mark.parametrize("p", [p for p in SEPARATE if "cuda.grid(2)" not in inspect.getsource(p.kernel)
                               and "cuda.local" not in inspect.getsource(p.kernel)], ids=lambda p: p.name)
def test_adjoint_is_that_of_a_loop_over_the_threads(p):
    rng = np.random.default_rng(11)
    args = p.args(rng)
    seeds = {n: rng.standard_normal(a.shape).astype(a.dtype) for n, a in zip(names(p), args) if n in p.out}
    shadows = {n: np.copy(seeds[n]) if n in seeds else np.zeros_like(a) for n, a in zip(names(p), args)
               if n in (*p.wrt, *p.out) and isinstance(a, np.ndarray)}
    f = on_cpu(p)
    space: dict = {}
    exec(s2sad.source(f, "adjoint", *args, wrt=p.wrt).replace("@njit", "# njit"), space)
    given = []
    for n, a in zip(names(p), args):
        given += [np.copy(a) if isinstance(a, np.ndarray) else a] + ([shadows[n]] if n in shadows else [])
    numbers = space[f"{p.name}_adjoint"](*given)
    numbers = iter(numbers if isinstance(numbers, tuple) else (numbers,))
    found = adjoints(kernel_of(p), p, args, seeds)
    tight = 1e-12 if all(getattr(a, "dtype", None) != np.float32 for a in args) else 1e-5
    for n in p.wrt:
        expected = shadows[n] if n in shadows else np.array([next(numbers)])
        assert np.max(np.abs(found[n] - expected)) <= tight * (1 + np.max(np.abs(expected)))


def test_adjoint_of_a_product_of_matrices_is_two_products():
    p = next(p for p in PROGRAMS if p.name == "tiled_product")
    rng = np.random.default_rng(13)
    c, a, b = p.args(rng)
    seed = rng.standard_normal(c.shape)
    found = adjoints(kernel_of(p), p, (c, a, b), {"C": seed})
    inner = seed * np.cos(a @ b)
    assert np.allclose(found["A"], inner @ b.T, rtol=1e-13) and np.allclose(found["B"], a.T @ inner, rtol=1e-13)


def test_shadows_that_are_not_overwritten_accumulate():
    p = next(p for p in PROGRAMS if p.name == "heat")
    rng = np.random.default_rng(7)
    y, x, weight = p.args(rng)
    kernel = kernel_of(p)
    b_x, b_weight = np.ones_like(x), np.ones_like(weight)
    kernel.adjoint[p.launch](y, np.ones_like(y), x, b_x, weight, b_weight)
    other_x, other_weight = np.zeros_like(x), np.zeros_like(weight)
    kernel.adjoint[p.launch](y, np.ones_like(y), x, other_x, weight, other_weight)
    assert np.allclose(b_x, 1 + other_x) and np.allclose(b_weight, 1 + other_weight)


def test_arrays_on_the_device():
    p = next(p for p in PROGRAMS if p.name == "newton")
    y, x = p.args(np.random.default_rng(9))
    kernel = kernel_of(p)
    b_x = cuda.to_device(np.zeros_like(x))
    kernel.adjoint[p.launch](cuda.to_device(y), cuda.to_device(np.ones_like(y)), cuda.to_device(x), b_x)
    assert np.allclose(b_x.copy_to_host(), 1.5 * np.sqrt(x), rtol=1e-8)


def test_no_threads_beyond_the_arrays_and_empty_arrays():
    kernel = kernel_of(next(p for p in PROGRAMS if p.name == "newton"))
    empty = [np.zeros(0) for _ in range(4)]
    kernel.adjoint[2, 4](*empty)


def test_launches_that_would_race_are_refused():
    p = next(p for p in PROGRAMS if p.name == "heat")
    y, x, weight = p.args(np.random.default_rng(1))
    kernel = kernel_of(p)
    shadows = [np.zeros_like(a) for a in (y, x, weight)]
    with pytest.raises(s2sad.BadCall, match="blockDim.y") as e:
        kernel.adjoint[1, (4, 2)](y, shadows[0], x, shadows[1], weight, shadows[2])
    assert e.value.code == "S2S082"
    with pytest.raises(s2sad.BadCall, match="overlap") as e:
        kernel.adjoint[2, 4](y, shadows[0], x, shadows[0], weight, shadows[2])
    assert e.value.code == "S2S051"
    with pytest.raises(s2sad.BadCall, match="do not fit"):
        kernel.adjoint[2, 4](y, x, weight)


def test_blocks_in_which_threads_would_meet_are_refused():
    kernel = s2sad.differentiate(programs_shared.right_in_pairs, target="cuda", wrt="x")
    y, x = np.zeros(4), np.arange(4.0)
    with pytest.raises(s2sad.BadCall, match="at most 2") as e:
        kernel.adjoint[1, 4](y, np.ones(4), x, np.zeros(4))
    assert e.value.code == "S2S082" and "tile[t] += tile[t + s]" in str(e.value)
    b_x = np.zeros(2)
    kernel.adjoint[1, 2](y[:2], np.array([3.0, 5.0]), x[:2], b_x)
    assert b_x.tolist() == [3.0, 5.0]
