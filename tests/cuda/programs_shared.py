"""Kernels whose threads hand values to one another in shared memory."""
from __future__ import annotations

import math

import numba
import numpy as np
from numba import cuda

from tests.cuda.programs import Program

TILE = 2
BLOCK = 4
ROW = 6
"""A block, and an element on either side."""
PLANE = 5


def tiled_product(C, A, B):
    left = cuda.shared.array((TILE, TILE), numba.float64)
    right = cuda.shared.array((TILE, TILE), numba.float64)
    x, y = cuda.grid(2)
    tx = cuda.threadIdx.x
    ty = cuda.threadIdx.y
    total = 0.0
    for k in range((A.shape[1] + TILE - 1) // TILE):
        left[tx, ty] = 0.0
        right[tx, ty] = 0.0
        if x < A.shape[0] and ty + k * TILE < A.shape[1]:
            left[tx, ty] = A[x, ty + k * TILE]
        if y < B.shape[1] and tx + k * TILE < B.shape[0]:
            right[tx, ty] = B[tx + k * TILE, y]
        cuda.syncthreads()
        for j in range(TILE):
            total += left[tx, j] * right[j, ty]
        cuda.syncthreads()
    if x < C.shape[0] and y < C.shape[1]:
        C[x, y] = math.sin(total)


def tree(out, x):
    part = cuda.shared.array(BLOCK, numba.float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    part[t] = x[i] * x[i] if i < x.shape[0] else 1.0
    cuda.syncthreads()
    s = cuda.blockDim.x // 2
    while s > 0:
        if t < s:
            part[t] *= part[t + s]
        cuda.syncthreads()
        s //= 2
    if t == 0:
        out[cuda.blockIdx.x] = part[0]


def tree_from_neighbours(out, x):
    part = cuda.shared.array(BLOCK, numba.float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    part[t] = x[i]
    s = 1
    while s < cuda.blockDim.x:
        cuda.syncthreads()
        if t % (2 * s) == 0:
            part[t] = math.sin(part[t]) + part[t] * part[t + s]
        s *= 2
    if t == 0:
        cuda.atomic.add(out, 0, part[t])


def row_with_margin(y, x):
    row = cuda.shared.array(ROW, numba.float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    last = x.shape[0] - 1
    row[t + 1] = x[min(i, last)]
    if t < 1:
        row[t] = x[max(i - 1, 0)]
        row[t + BLOCK + 1] = x[min(i + BLOCK, last)]
    cuda.syncthreads()
    if i <= last:
        y[i] = row[t] * row[t + 2] + math.sin(row[t + 1])


def plane_with_margin(y, x, steps):
    plane = cuda.shared.array((PLANE, PLANE), numba.float64)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    i, j = cuda.grid(2)
    n, m = x.shape
    plane[tx + 1, ty + 1] = x[i, j]
    if tx == 0:
        plane[0, ty + 1] = x[i - 1, j] if i > 0 else 0.5
    if tx == cuda.blockDim.x - 1:
        plane[tx + 2, ty + 1] = x[i + 1, j] if i < n - 1 else 0.25
    if ty == 0:
        plane[tx + 1, 0] = x[i, j - 1] if j > 0 else 1.5
    if ty == cuda.blockDim.y - 1:
        plane[tx + 1, ty + 2] = x[i, j + 1] if j < m - 1 else 0.75
    cuda.syncthreads()
    for _ in range(steps):
        new = plane[tx, ty + 1] * plane[tx + 2, ty + 1] + plane[tx + 1, ty] * plane[tx + 1, ty + 2]
        cuda.syncthreads()
        plane[tx + 1, ty + 1] = 0.5 * new * plane[tx + 1, ty + 1]
        cuda.syncthreads()
    y[i, j] = plane[tx + 1, ty + 1]


def bodies_in_tiles(force, position, mass, soft):
    at = cuda.shared.array(BLOCK, numba.float64)
    weight = cuda.shared.array(BLOCK, numba.float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    n = position.shape[0]
    here = position[i] if i < n else 0.0
    total = 0.0
    for first in range(0, n, BLOCK):
        at[t] = 0.0
        weight[t] = 0.0
        if first + t < n:
            at[t] = position[first + t]
            weight[t] = mass[first + t]
        cuda.syncthreads()
        for j in range(BLOCK):
            d = at[j] - here
            r = 1.0 / math.sqrt(d * d + soft)
            total += weight[j] * d * r * r * r
        cuda.syncthreads()
    if i < n:
        force[i] = total


def scan(y, x):
    part = cuda.shared.array(BLOCK, numba.float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    part[t] = x[i]
    cuda.syncthreads()
    offset = 1
    while offset < cuda.blockDim.x:
        before = 0.0
        if t >= offset:
            before = part[t - offset]
        cuda.syncthreads()
        part[t] += before * part[t]
        cuda.syncthreads()
        offset *= 2
    y[i] = part[t]


def scan_up_and_down(y, x):
    part = cuda.shared.array(BLOCK, numba.float64)
    t = cuda.threadIdx.x
    base = 2 * cuda.blockIdx.x * cuda.blockDim.x
    part[2 * t] = x[base + 2 * t]
    part[2 * t + 1] = x[base + 2 * t + 1]
    offset = 1
    d = BLOCK // 2
    while d > 0:
        cuda.syncthreads()
        if t < d:
            part[offset * (2 * t + 2) - 1] += part[offset * (2 * t + 1) - 1]
        offset *= 2
        d //= 2
    if t == 0:
        part[BLOCK - 1] = 0.0
    d = 1
    while d < BLOCK:
        offset = max(offset // 2, 1)
        cuda.syncthreads()
        if t < d:
            low = part[offset * (2 * t + 1) - 1]
            part[offset * (2 * t + 1) - 1] = part[offset * (2 * t + 2) - 1]
            part[offset * (2 * t + 2) - 1] += low
        d *= 2
    cuda.syncthreads()
    y[base + 2 * t] = part[2 * t]
    y[base + 2 * t + 1] = part[2 * t + 1]


def block_histogram(bins, x, which):
    part = cuda.shared.array(3, numba.float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    if t < 3:
        part[t] = 0.0
    cuda.syncthreads()
    if i < x.shape[0]:
        cuda.atomic.add(part, which[i], x[i] * x[i])
    cuda.syncthreads()
    if t < 3:
        cuda.atomic.add(bins, t, part[t] * part[t])


def until_all_small(y, x):
    norm = cuda.shared.array(1, numba.float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    value = x[i]
    if t == 0:
        norm[0] = 9.0
    cuda.syncthreads()
    while norm[0] > 2.0:
        value = value * (1.0 - 0.25 * value / norm[0])
        cuda.syncthreads()
        if t == 0:
            norm[0] = 0.5 * norm[0] + value
        cuda.syncthreads()
    y[i] = value * norm[0]


def normalised(y, x, scale):
    part = cuda.shared.array(BLOCK, numba.float32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    part[t] = x[i]
    cuda.syncthreads()
    if scale > 0:                                                # the same for all threads
        if t == 0:
            for k in range(1, BLOCK):
                part[0] += part[k] * part[k]
        cuda.syncthreads()
    y[i] = x[i] / part[0]


def right_in_pairs(y, x):
    tile = cuda.shared.array(8, numba.float64)
    t = cuda.threadIdx.x
    tile[t] = x[t]
    cuda.syncthreads()
    s = 2
    if t <= s:
        tile[t] += tile[t + s]
    cuda.syncthreads()
    y[t] = tile[t]


BY_FOUR = (2, BLOCK)

PROGRAMS = (
    Program(tiled_product, ("A", "B"), ("C",), lambda r: (np.zeros((3, 4)), r.random((3, 3)), r.random((3, 4))),
            ((2, 2), (TILE, TILE))),
    Program(tree, ("x",), ("out",), lambda r: (np.zeros(2), r.random(7) + 0.5), BY_FOUR),
    Program(tree_from_neighbours, ("x",), ("out",), lambda r: (np.zeros(1), r.random(8)), BY_FOUR),
    Program(row_with_margin, ("x",), ("y",), lambda r: (np.zeros(7), r.random(7)), BY_FOUR),
    Program(plane_with_margin, ("x",), ("y",), lambda r: (np.zeros((6, 3)), r.random((6, 3)), 2), ((2, 1), (3, 3))),
    Program(bodies_in_tiles, ("position", "mass", "soft"), ("force",),
            lambda r: (np.zeros(7), r.random(7), r.random(7), 0.1), BY_FOUR),
    Program(scan, ("x",), ("y",), lambda r: (np.zeros(8), r.random(8)), BY_FOUR),
    Program(scan_up_and_down, ("x",), ("y",), lambda r: (np.zeros(8), r.random(8)), (2, BLOCK // 2)),
    Program(block_histogram, ("x",), ("bins",), lambda r: (np.zeros(3), r.random(7), r.integers(0, 3, 7)), BY_FOUR),
    Program(until_all_small, ("x",), ("y",), lambda r: (np.zeros(8), r.random(8)), BY_FOUR),
    Program(normalised, ("x",), ("y",), lambda r: (np.zeros(8, np.float32), r.random(8).astype(np.float32), 1),
            BY_FOUR),
)


# ---------------------------------------------------------------------------- refused: (kernel, wrt, signature, code)

A = "float64[::1]"


def returns_before(y, x):
    i = cuda.grid(1)
    if i >= x.shape[0]:
        return
    y[i] = x[i]
    cuda.syncthreads()


def in_a_branch(y, x):
    i = cuda.grid(1)
    y[i] = x[i]
    if x[i] > 0.0:
        cuda.syncthreads()


def in_strides(y, x):
    for i in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
        y[i] = x[i]
        cuda.syncthreads()


def leaves_a_loop(y, x):
    i = cuda.grid(1)
    s = 0.0
    for k in range(8):
        s += x[k]
        if s > x[i]:
            break
        cuda.syncthreads()
    y[i] = s


def no_barrier(y, x):
    tile = cuda.shared.array(4, numba.float64)
    t = cuda.threadIdx.x
    tile[t] = x[t]
    y[t] = tile[3 - t]


def barrier_on_one_side(y, x):
    tile = cuda.shared.array(4, numba.float64)
    t = cuda.threadIdx.x
    for k in range(3):
        y[t] = tile[3 - t] * x[t]
        cuda.syncthreads()
        tile[t] = x[t]


def all_write_the_same(y, x):
    tile = cuda.shared.array(1, numba.float64)
    t = cuda.threadIdx.x
    tile[0] = x[0]
    cuda.syncthreads()
    y[t] = tile[0] * x[t]


def atomic_and_read(y, x):
    tile = cuda.shared.array(4, numba.float64)
    t = cuda.threadIdx.x
    tile[t] = 0.0
    cuda.syncthreads()
    cuda.atomic.add(tile, 0, x[t])
    y[t] = tile[t]


def added_to_what_is_needed(y, x):
    tile = cuda.shared.array(4, numba.float64)
    t = cuda.threadIdx.x
    tile[t] = x[t]
    cuda.syncthreads()
    s = 1.0
    for _ in range(3):
        s *= tile[0]
        cuda.syncthreads()
        cuda.atomic.add(tile, 0, x[t])
        cuda.syncthreads()
    y[t] = s * tile[t]


def too_large(y, x):
    tile = cuda.shared.array(4096, numba.float64)
    t = cuda.threadIdx.x
    tile[t] = x[t]
    cuda.syncthreads()
    y[t] = tile[t + 1] * tile[0]


def of_a_size_given_at_launch(y, x):
    tile = cuda.shared.array(0, numba.float64)
    t = cuda.threadIdx.x
    tile[t] = x[t]
    y[t] = tile[t]


REFUSED = (
    (returns_before, ("x",), f"{A}, {A}", "S2S083"),
    (in_a_branch, ("x",), f"{A}, {A}", "S2S083"),
    (in_strides, ("x",), f"{A}, {A}", "S2S083"),
    (leaves_a_loop, ("x",), f"{A}, {A}", "S2S083"),
    (no_barrier, ("x",), f"{A}, {A}", "S2S081"),
    (barrier_on_one_side, ("x",), f"{A}, {A}", "S2S081"),
    (all_write_the_same, ("x",), f"{A}, {A}", "S2S081"),
    (atomic_and_read, ("x",), f"{A}, {A}", "S2S081"),
    (of_a_size_given_at_launch, ("x",), f"{A}, {A}", "S2S080"),
    (too_large, ("x",), f"{A}, {A}", "S2S080"),
)

REFUSED_IN_REVERSE = (
    (added_to_what_is_needed, ("x",), f"{A}, {A}", "S2S081"),
)
"""Their tangent kernels are fine."""
