"""Rosenbrock's function of many variables, as a loop and as an array expression."""
import numpy as np

from workloads.case import Workload


def rosenbrock(x):
    s = 0.0
    for i in range(x.shape[0] - 1):
        a = x[i + 1] - x[i] * x[i]
        b = 1.0 - x[i]
        s += 100.0 * a * a + b * b
    return s


def rosenbrock_array(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def by_hand(x):
    """Each element gathers what it is due from both of its neighbours: nothing is carried from one to the next."""
    n = x.shape[0]
    g = np.empty(n)
    g[0] = -400.0 * x[0] * (x[1] - x[0] * x[0]) - 2.0 * (1.0 - x[0])
    for i in range(1, n - 1):
        above = x[i + 1] - x[i] * x[i]
        below = x[i] - x[i - 1] * x[i - 1]
        g[i] = 200.0 * below - 400.0 * x[i] * above - 2.0 * (1.0 - x[i])
    g[n - 1] = 200.0 * (x[n - 1] - x[n - 2] * x[n - 2])
    return (g,)


def variables(n):
    return lambda small: (np.random.default_rng(0).normal(0.0, 0.5, 50 if small else n),)


WORKLOADS = [
    Workload("Rosenbrock 1e5, loop", rosenbrock, variables(100_000), ("x",), by_hand, reach=1.15),
    Workload("Rosenbrock 1e6, loop", rosenbrock, variables(1_000_000), ("x",), by_hand, reach=1.15),
    Workload("Rosenbrock 1e6, array", rosenbrock_array, variables(1_000_000), ("x",), by_hand, reach=1.15),
]
