"""dual numbers and complex step: the copy's draws were real"""
# n = 3, m = 2, seed = 52889
import math
import numpy as np

def f(x, y, W, a, b, n, m):
    np.random.seed(52889)
    u1 = np.random.normal(0.7, 0.3 + 0.2 * math.sin(-0.3), 4)
    u1[m] -= y[m]
    u2 = np.random.uniform(0.1, 0.4, 3)
    u2[m] = a
    u3 = np.random.exponential(0.5, 3)
    u3[n - 1] *= b
    return np.sum(u1) + np.sum(u2) * np.sum(u3)
