"""adjoint against tangent: a result was read back from its array before its index was there"""
# n = 3, m = 0, seed = 30990
import math
import numpy as np

def f(x, y, W, a, b, n, m):
    t1 = x[n]
    u2 = np.zeros(8)
    for i3 in range(4):
        t1 = 0.5 * t1 + np.tanh(y[n]) * y[i3]
        u2[i3 + 1] = math.sqrt(1.0 + t1 * t1)
    t4 = u2[7] * t1 + u2[4] * u2[1] + np.sum(u2)
    t4 = np.sqrt(1.0 + (-1.2) ** 2)
    return a + b + t1 + t4 + np.sum(x) + np.sum(y) + np.sum(u2)
