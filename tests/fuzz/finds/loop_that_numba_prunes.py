"""AssertionError: what follows a loop that numba prunes, because its exit has no type, is reached"""
# n = 0, m = 1, seed = 36951
import math
import numpy as np

def scalar_1(p, q):
    k2 = 0
    while q < 0.13 and k2 < 3:
        k2 += 1
        if k2 > 1:
            break
    return math.cos(p)

def rec_10(p, q, k):
    if k <= 0:
        return p
    return rec_10(q, p, k - 1) + p

def f(x, y, W, a, b, n, m):
    t = 0.0
    for i in range(1, 4):
        t += rec_10(y[0], x[i], 0) * scalar_1(x[1], 0.5)
    return t
