"""value of the tangent: the right side was read while it was written to"""
# n = 1, m = 0, seed = 63892
import math
import numpy as np

def f(x, y, W, a, b, n, m):
    u1 = x if b * b < 0.13 else y
    idx12 = np.zeros(3, np.int64)
    for i13 in range(3):
        idx12[i13] = 3 - i13
    u1[idx12] = y[:-1]
    return y[1] * a
