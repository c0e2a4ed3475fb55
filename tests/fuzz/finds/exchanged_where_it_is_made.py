"""An array made in a loop and exchanged there with one from outside was read above its definition."""
# n = 2, m = 1, seed = 213
import math
import numpy as np

def f(x, y, W, a, b, n, m):
    k10 = 0
    while k10 < 1 and m != 2:
        u12 = np.where(x > -0.27, W[m] / (1.3 + y[:] ** 2), y[:])
        y, u12 = u12, y
        k10 = k10 + 1
    a = y[(k10 + 3) % 4]
    for i15 in range(n):
        y[i15] = y[(n + 1) % 2] * a
    return a + b + y[0] * y[1]
