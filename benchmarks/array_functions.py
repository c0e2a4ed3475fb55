"""Array-style kernels: compile and run time of numba's own array form, of the lowered primal, and of the gradient.

    python benchmarks/array_functions.py
"""
from __future__ import annotations

import time

import numba
import numpy as np

import s2sad
from s2sad import driver
from s2sad.emit import to_python
from s2sad.emit.module import assemble
from s2sad.frontend import UserFunction


def stencil(a, steps):
    u = a.copy()
    for _ in range(steps):
        u[1:-1, 1:-1] = 0.2 * (u[1:-1, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] + u[:-2, 1:-1] + u[2:, 1:-1])
    return np.sum(u * u)


def softmax(x, y):
    largest = np.zeros(x.shape[0])
    for i in range(x.shape[0]):
        largest[i] = np.max(x[i])
    e = np.exp(x - largest.reshape(-1, 1))
    return np.sum(np.log(np.sum(e, axis=1))) + np.sum(largest) - np.sum(x * y)


def covariance(x, w):
    return np.sum(np.cov(x) * w)


def order_statistics(x, w):
    return np.sum(np.sort(x) * w) + np.std(x)


def cases():
    rng = np.random.default_rng(0)
    yield stencil, (rng.normal(size=(300, 300)), 20)
    yield softmax, (rng.normal(size=(2000, 50)), rng.random((2000, 50)))
    yield covariance, (rng.normal(size=(20, 2000)), rng.random((20, 20)))
    yield order_statistics, (rng.normal(size=20_000), rng.random(20_000))


def timed(f, args):
    """Seconds of the first call, and milliseconds of the best of the next ones."""
    start = time.perf_counter()
    f(*args)
    first = time.perf_counter() - start
    best = float("inf")
    for _ in range(7):
        start = time.perf_counter()
        f(*args)
        best = min(best, time.perf_counter() - start)
    return first, best * 1e3


def lowered(f, args):
    """The primal as loops, which is what gets differentiated."""
    fn, _, _ = driver.prepare(UserFunction.from_callable(f), tuple(map(numba.typeof, args)))
    space = {}
    exec(assemble([to_python(fn)], jit=True, options={}), space)
    return space[fn.name]


if __name__ == "__main__":
    print(f"{'':18}{'array form':>20}{'as loops':>20}{'gradient':>20}")
    for f, args in cases():
        row = (timed(numba.njit(f), args), timed(lowered(f, args), args), timed(s2sad.grad(f), args))
        print(f"{f.__name__:18}" + "".join(f"{first:8.2f} s {best:6.2f} ms" for first, best in row), flush=True)
