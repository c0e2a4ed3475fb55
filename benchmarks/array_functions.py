"""Array-style kernels: compile and run time of numba's own array form, of the lowered primal, and of the gradient.

    python benchmarks/array_functions.py
"""
from __future__ import annotations

import time

import numba
import numpy as np

import s2sad
from s2sad import driver
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


def convolution(image, kernel):
    m, n = kernel.shape
    h, w = image.shape[0] - m + 1, image.shape[1] - n + 1
    out = np.zeros((h, w))
    for i in range(m):
        for j in range(n):
            out += kernel[i, j] * image[i:i + h, j:j + w]
    return np.sum(np.tanh(out))


def normalised_rows(x, scale):
    n = x.shape[1]
    d = x - (np.sum(x, axis=1) / n).reshape(-1, 1)
    y = d / np.sqrt(np.sum(d * d, axis=1) / n + 1e-6).reshape(-1, 1)
    return np.sum(y * y * y * scale)


def attention(q, k, v):
    e = np.exp(np.dot(q, k.T) / 8.0)
    p = e / np.sum(e, axis=1).reshape(-1, 1)
    return np.sum(np.dot(p, v) ** 2)


def distances(x):
    n = x.shape[0]
    d = x.reshape(n, 1, 3) - x.reshape(1, n, 3)
    return np.sum(np.sqrt(np.sum(d * d, axis=2) + 1e-9))


def total_variation(a):
    d = np.diff(a)
    return np.sum(np.sqrt(d * d + 1e-6)) + np.sum(np.abs(np.diff(a.T.copy())))


def integral(t, rate):
    return np.trapezoid(np.exp(-rate * t * t) * np.cos(t), t)


def advection(u, c, steps):
    for _ in range(steps):
        u = u - c * (u - np.roll(u, 1)) * (1.0 + 0.1 * np.roll(u, -1))
    return np.sum(u * u)


def table_lookup(x, xp, fp):
    return np.sum(np.interp(x, xp, fp) ** 2)


def cases():
    rng = np.random.default_rng(0)
    yield convolution, (rng.normal(size=(256, 256)), rng.normal(size=(5, 5)))
    yield normalised_rows, (rng.normal(size=(2000, 64)), rng.random(64))
    yield attention, tuple(rng.normal(size=(256, 64)) for _ in range(3))
    yield distances, (rng.normal(size=(400, 3)),)
    yield total_variation, (rng.normal(size=(300, 300)),)
    yield integral, (np.linspace(0.0, 3.0, 20_000), 0.7)
    yield advection, (rng.random(20_000), 0.3, 20)
    yield table_lookup, (rng.random(20_000) * 9.0, np.arange(10.0) ** 1.1, rng.random(10))
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
    types = tuple(map(numba.typeof, args))
    made = driver.analyse(UserFunction.from_callable(f), types, (f.__code__.co_varnames[0],))
    space = {}
    exec(assemble([driver.finish(made.fn, made, frozenset())], jit=True, options={}), space)
    return space[made.fn.name]


if __name__ == "__main__":
    print(f"{'':18}{'array form':>20}{'as loops':>20}{'gradient':>20}")
    for f, args in cases():
        row = (timed(numba.njit(f), args), timed(lowered(f, args), args), timed(s2sad.grad(f), args))
        print(f"{f.__name__:18}" + "".join(f"{first:8.2f} s {best:6.2f} ms" for first, best in row), flush=True)
