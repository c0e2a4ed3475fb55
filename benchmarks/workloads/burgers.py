"""Burgers' equation in one array, the old value of the left neighbour carried along; misfit to a target."""
import numpy as np

from workloads.case import Workload


def burgers(u0, nu, target, steps, c, r):
    u = u0.copy()
    n = u.shape[0]
    a = nu * r
    for _ in range(steps):
        left = u[0]
        for i in range(1, n - 1):
            here = u[i]
            u[i] = here - c * here * (u[i + 1] - left) + a * (u[i + 1] - 2.0 * here + left)
            left = here
    s = 0.0
    for i in range(n):
        e = u[i] - target[i]
        s += e * e
    return s


def by_hand(u0, nu, target, steps, c, r):
    """All states are kept; shifted slices take the place of neighbours, so that both loops vectorise."""
    n = u0.shape[0]
    a = nu * r
    states = np.empty((steps + 1, n))
    states[0] = u0
    for t in range(steps):
        u, new = states[t], states[t + 1]
        new[0] = u[0]
        new[n - 1] = u[n - 1]
        left, here, right, inner = u[:n - 2], u[1:n - 1], u[2:], new[1:n - 1]
        for i in range(n - 2):
            inner[i] = here[i] - c * here[i] * (right[i] - left[i]) + a * (right[i] - 2.0 * here[i] + left[i])
    b = 2.0 * (states[steps] - target)
    before = np.empty(n)
    slope = np.zeros(n)
    for t in range(steps - 1, -1, -1):
        u = states[t]
        before[0] = b[0] + b[1] * (a + c * u[1])
        before[1] = b[1] * (1.0 - c * (u[2] - u[0]) - 2.0 * a) + b[2] * (a + c * u[2])
        before[n - 2] = b[n - 2] * (1.0 - c * (u[n - 1] - u[n - 3]) - 2.0 * a) + b[n - 3] * (a - c * u[n - 3])
        before[n - 1] = b[n - 1] + b[n - 2] * (a - c * u[n - 2])
        slope[1] += b[1] * (u[2] - 2.0 * u[1] + u[0])
        slope[n - 2] += b[n - 2] * (u[n - 1] - 2.0 * u[n - 2] + u[n - 3])
        left, here, right = u[1:n - 3], u[2:n - 2], u[3:n - 1]
        b_left, b_here, b_right = b[1:n - 3], b[2:n - 2], b[3:n - 1]
        out, sums = before[2:n - 2], slope[2:n - 2]
        for i in range(n - 4):
            sums[i] += b_here[i] * (right[i] - 2.0 * here[i] + left[i])
            out[i] = (b_here[i] * (1.0 - c * (right[i] - left[i]) - 2.0 * a) + b_right[i] * (a + c * right[i])
                      + b_left[i] * (a - c * left[i]))
        b, before = before, b
    return b, np.sum(slope) * r


def arguments(small):
    n, steps = (12, 5) if small else (1000, 1000)
    x = np.linspace(0.0, 1.0, n)
    dx, dt = 1e-3, 2e-5
    u0 = np.sin(2.0 * np.pi * x) + 0.5 * np.sin(6.0 * np.pi * x)
    u0[0] = u0[-1] = 0.0
    return u0, 0.01, 0.1 * np.cos(3.0 * x), steps, dt / (2.0 * dx), dt / dx**2


WORKLOADS = [Workload("Burgers in place, 1000 x 1000", burgers, arguments, ("u0", "nu"), by_hand, reach=4.5)]
