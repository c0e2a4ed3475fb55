"""Kepler's equation by Newton's method, each orbit until it has converged."""
import math

import numpy as np
from numba import prange

from workloads.case import Workload

TOLERANCE = 1e-10


def anomalies(e, mean, out):
    for i in prange(e.shape[0]):
        ei = e[i]
        m = mean[i]
        if ei < 0.8:
            x = m
        else:
            x = math.pi
        while True:
            d = (x - ei * math.sin(x) - m) / (1.0 - ei * math.cos(x))
            x -= d
            if abs(d) < TOLERANCE:
                break
        out[i] = x


def by_hand(e, mean, out):
    """The derivative of the solution, by the equation it solves: no iteration is reversed."""
    n = e.shape[0]
    by_e = np.empty(n)
    by_mean = np.empty(n)
    for i in range(n):
        ei = e[i]
        m = mean[i]
        if ei < 0.8:
            x = m
        else:
            x = math.pi
        while True:
            sine = math.sin(x)
            slope = 1.0 - ei * math.cos(x)
            d = (x - ei * sine - m) / slope
            x -= d
            if abs(d) < TOLERANCE:
                break
        out[i] = x
        by_mean[i] = 1.0 / slope
        by_e[i] = sine / slope
    return by_e, by_mean


def arguments(small):
    n = 20 if small else 100_000
    rng = np.random.default_rng(0)
    return rng.uniform(0.0, 0.95, n), rng.uniform(0.1, 2.0 * np.pi - 0.1, n), np.empty(n)


WORKLOADS = [Workload("Kepler, 1e5 orbits", anomalies, arguments, ("e", "mean"), by_hand, "out", 1.15)]
