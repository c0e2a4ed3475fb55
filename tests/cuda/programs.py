"""Kernels to differentiate, with arguments and a launch for each."""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numba import cuda


@dataclass(frozen=True)
class Program:
    """``wrt`` names the independent parameters, ``out`` the arrays whose content counts."""

    kernel: Callable[..., None]
    wrt: tuple[str, ...]
    out: tuple[str, ...]
    args: Callable[[np.random.Generator], tuple[object, ...]]
    launch: tuple[object, object] = (2, 4)

    @property
    def name(self) -> str:
        return self.kernel.__name__


N = 7


def inverse_root(d):
    return 1.0 / math.sqrt(d)


def n_body(force, position, mass, soft):
    i = cuda.grid(1)
    if i >= position.shape[0]:
        return
    here = position[i]
    total = 0.0
    for j in range(position.shape[0]):
        d = position[j] - here
        r = inverse_root(d * d + soft)
        total += mass[j] * d * r * r * r
    force[i] = total


def heat(y, x, weight):
    i = cuda.grid(1)
    if 0 < i < x.shape[0] - 1:
        y[i] = weight[0] * x[i - 1] * x[i + 1] + weight[1] * math.sin(x[i])


def squared_in_place(x, n):
    start = cuda.grid(1)
    stride = cuda.gridsize(1)
    for i in range(start, x.shape[0], stride):
        for _ in range(n):
            x[i] = x[i] * x[i] - 0.5 * x[i]


def while_strided(y, x):
    i = cuda.grid(1)
    while i < x.shape[0]:
        y[i] = math.exp(x[i]) * x[i]
        i += cuda.gridsize(1)


def newton(y, x):
    i = cuda.grid(1)
    if i < x.shape[0]:
        root = x[i]
        while abs(root * root - x[i]) > 1e-9:
            root = 0.5 * (root + x[i] / root)
        y[i] = root * x[i]


def until(y, x, limit):
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i < x.shape[0]:
        s = 1.0
        for k in range(9):
            s = s * x[i] + math.sin(s)
            if s > limit:
                break
        y[i] = s


def histogram(bins, x, which):
    i = cuda.grid(1)
    if i < x.shape[0]:
        cuda.atomic.add(bins, which[i], x[i] * x[i])
        cuda.atomic.sub(bins, 0, 0.25 * x[i])


def polynomial(y, x, c):
    i = cuda.grid(1)
    if i < x.shape[0]:
        powers = cuda.local.array(4, numba.float64)
        powers[0] = 1.0
        for k in range(1, 4):
            powers[k] = powers[k - 1] * x[i]
        s = 0.0
        for k in range(4):
            s += c[k] * powers[k] * powers[k]
        y[i] = s


def rotated(q, p, angle):
    i = cuda.grid(1)
    if 3 * i + 2 < p.shape[0]:
        c = math.cos(angle)
        s = math.sin(angle)
        q[3 * i] = c * p[3 * i] - s * p[3 * i + 1]
        q[3 * i + 1] = s * p[3 * i] + c * p[3 * i + 1]
        q[3 * i + 2] = p[3 * i + 2] * q[3 * i]


def plane(y, x, n):
    i, j = cuda.grid(2)
    if 0 < i < x.shape[0] - 1 and 0 < j < x.shape[1] - 1:
        y[i, j] = x[i, j] * (x[i - 1, j] + x[i + 1, j]) + x[i, j - 1] * x[i, j + 1]


def flat(y, x, rows, columns):
    j, i = cuda.grid(2)
    if i < rows and j < columns:
        y[i * columns + j] = x[i * columns + j] * x[j]


def one_thread(y, x):
    i = cuda.grid(1)
    if i == 0:
        s = 0.0
        for k in range(x.shape[0]):
            s += x[k] * x[k]
        y[0] = math.sqrt(s)


def single(y, x, a):
    i = cuda.grid(1)
    if i < x.shape[0]:
        y[i] = math.exp(a * x[i]) if x[i] > a else x[i] * x[i]


def branches(y, x):
    i = cuda.grid(1)
    if i < x.shape[0]:
        s = x[i]
        for k in range(i):
            if k % 2 == 0:
                s = s * 1.5 + x[k]
            elif s > 2.0:
                s = math.sqrt(s)
                continue
            s = s * s * 0.25
        y[i] = s


PROGRAMS = (
    Program(n_body, ("position", "mass", "soft"), ("force",),
            lambda r: (np.zeros(N), r.random(N), r.random(N), 0.1)),
    Program(heat, ("x", "weight"), ("y",), lambda r: (r.random(N), r.random(N), r.random(2))),
    Program(squared_in_place, ("x",), ("x",), lambda r: (r.random(19), 3)),
    Program(while_strided, ("x",), ("y",), lambda r: (r.random(19), r.random(19))),
    Program(newton, ("x",), ("y",), lambda r: (np.zeros(N), 1.0 + 9.0 * r.random(N))),
    Program(until, ("x", "limit"), ("y",), lambda r: (np.zeros(N), 1.0 + r.random(N), 3.7)),
    Program(histogram, ("x",), ("bins",), lambda r: (r.random(3), r.random(N), r.integers(0, 3, N))),
    Program(polynomial, ("x", "c"), ("y",), lambda r: (np.zeros(N), r.random(N), r.random(4))),
    Program(rotated, ("p", "angle"), ("q",), lambda r: (np.zeros(12), r.random(12), 0.3)),
    Program(plane, ("x",), ("y",), lambda r: (r.random((5, 6)), r.random((5, 6)), 1), ((2, 2), (4, 4))),
    Program(flat, ("x",), ("y",), lambda r: (r.random(20), r.random(20), 4, 5), ((2, 1), (4, 4))),
    Program(one_thread, ("x",), ("y",), lambda r: (np.zeros(1), r.random(N))),
    Program(single, ("x", "a"), ("y",),
            lambda r: (np.zeros(N, np.float32), r.random(N).astype(np.float32), np.float32(0.4))),
    Program(branches, ("x",), ("y",), lambda r: (np.zeros(N), r.random(N) + 0.5)),
)


# ---------------------------------------------------------------------------- refused: (kernel, wrt, signature, code)

A, I = "float64[::1]", "int64[::1]"


def writes_anywhere(y, x, at):
    i = cuda.grid(1)
    if i < x.shape[0]:
        y[at[i]] = x[i]


def all_write_one(y, x):
    y[0] = x[0]
    y[cuda.grid(1)] = 1.0


def neighbour_written(x):
    i = cuda.grid(1)
    if i < x.shape[0] - 1:
        x[i] = x[i + 1] * 2.0


def wraps(y, x):
    i = cuda.grid(1)
    if i <= x.shape[0]:
        y[i - 1] = x[0]


def overlaps_next(y, x):
    i = cuda.grid(1)
    for k in range(4):
        y[3 * i + k] = x[i]


def total_read(y, s, x):
    i = cuda.grid(1)
    cuda.atomic.add(s, 0, x[i])
    y[i] = s[0]


def old_value(y, x):
    i = cuda.grid(1)
    y[i] = cuda.atomic.add(x, 0, 1.0)


def raises(y, x):
    i = cuda.grid(1)
    if x[i] < 0.0:
        raise ValueError("negative")
    y[i] = x[i]


REFUSED = (
    (writes_anywhere, ("x",), f"{A}, {A}, {I}", "S2S081"),
    (all_write_one, ("x",), f"{A}, {A}", "S2S081"),
    (neighbour_written, ("x",), A, "S2S081"),
    (wraps, ("x",), f"{A}, {A}", "S2S081"),
    (overlaps_next, ("x",), f"{A}, {A}", "S2S081"),
    (total_read, ("x",), f"{A}, {A}, {A}", "S2S081"),
    (old_value, ("x",), f"{A}, {A}", "S2S080"),
    (raises, ("x",), f"{A}, {A}", "S2S080"),
)
