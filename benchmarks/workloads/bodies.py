"""Gravitating bodies by the leapfrog method: a number made of their places and velocities at the end."""
import math

import numpy as np
from numba import njit

from workloads.case import Workload


@njit
def accelerations(q, m, softening, a):
    n = q.shape[0]
    for i in range(n):
        ax = 0.0
        ay = 0.0
        az = 0.0
        for j in range(n):
            dx = q[j, 0] - q[i, 0]
            dy = q[j, 1] - q[i, 1]
            dz = q[j, 2] - q[i, 2]
            r2 = dx * dx + dy * dy + dz * dz + softening
            w = m[j] / (r2 * math.sqrt(r2))
            ax += w * dx
            ay += w * dy
            az += w * dz
        a[i, 0] = ax
        a[i, 1] = ay
        a[i, 2] = az


def bodies(q0, v0, m, steps, dt, softening):
    q = q0.copy()
    v = v0.copy()
    n = q.shape[0]
    a = np.empty((n, 3))
    half = 0.5 * dt
    accelerations(q, m, softening, a)
    for _ in range(steps):
        for i in range(n):
            for k in range(3):
                v[i, k] += half * a[i, k]
                q[i, k] += dt * v[i, k]
        accelerations(q, m, softening, a)
        for i in range(n):
            for k in range(3):
                v[i, k] += half * a[i, k]
    s = 0.0
    for i in range(n):
        for k in range(3):
            s += q[i, k] * q[i, k] + 0.5 * v[i, k] * v[i, k]
    return s


@njit(error_model="numpy")
def pull_back(q, m, softening, b_a, b_q):
    """The adjoint of :func:`accelerations` by the places: each pair once, both ends at a time."""
    n = q.shape[0]
    for i in range(n):
        for j in range(i + 1, n):
            dx = q[j, 0] - q[i, 0]
            dy = q[j, 1] - q[i, 1]
            dz = q[j, 2] - q[i, 2]
            r2 = dx * dx + dy * dy + dz * dz + softening
            inverse = 1.0 / (r2 * math.sqrt(r2))
            bx = m[j] * b_a[i, 0] - m[i] * b_a[j, 0]
            by = m[j] * b_a[i, 1] - m[i] * b_a[j, 1]
            bz = m[j] * b_a[i, 2] - m[i] * b_a[j, 2]
            along = 3.0 * (bx * dx + by * dy + bz * dz) / r2
            gx = inverse * (bx - along * dx)
            gy = inverse * (by - along * dy)
            gz = inverse * (bz - along * dz)
            b_q[j, 0] += gx
            b_q[j, 1] += gy
            b_q[j, 2] += gz
            b_q[i, 0] -= gx
            b_q[i, 1] -= gy
            b_q[i, 2] -= gz


def by_hand(q0, v0, m, steps, dt, softening):
    """Only the places of each step are kept."""
    q = q0.copy()
    v = v0.copy()
    n = q.shape[0]
    a = np.empty((n, 3))
    half = 0.5 * dt
    kept = np.empty((steps + 1, n, 3))
    accelerations(q, m, softening, a)
    kept[0] = q
    for t in range(steps):
        for i in range(n):
            for k in range(3):
                v[i, k] += half * a[i, k]
                q[i, k] += dt * v[i, k]
        accelerations(q, m, softening, a)
        kept[t + 1] = q
        for i in range(n):
            for k in range(3):
                v[i, k] += half * a[i, k]
    b_q = 2.0 * q
    b_v = v.copy()
    b_a = np.zeros((n, 3))
    for t in range(steps - 1, -1, -1):
        for i in range(n):
            for k in range(3):
                b_a[i, k] += half * b_v[i, k]
        pull_back(kept[t + 1], m, softening, b_a, b_q)
        for i in range(n):
            for k in range(3):
                b_v[i, k] += dt * b_q[i, k]
                b_a[i, k] = half * b_v[i, k]
    pull_back(kept[0], m, softening, b_a, b_q)
    return b_q, b_v


def arguments(small):
    n, steps = (5, 4) if small else (64, 200)
    rng = np.random.default_rng(0)
    return (rng.normal(size=(n, 3)), 0.3 * rng.normal(size=(n, 3)), rng.uniform(0.5, 1.5, n) / n, steps, 0.005, 0.01)


WORKLOADS = [Workload("N-body, 64 bodies, 200 steps", bodies, arguments, ("q0", "v0"), by_hand, reach=1.25)]
