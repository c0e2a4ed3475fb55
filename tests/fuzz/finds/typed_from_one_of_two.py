"""refused: numba finds the types of functions that call each other from one of them only, and was asked from the other"""
# n = 3, m = 2, seed = 6
import math
import numpy as np

def even_1(p, q, k):
    if k <= 0:
        return q + q
    return odd_2(np.tanh(q) * q, q, k - 1) * math.tanh(q) + q

def odd_2(p, q, k):
    if k <= 0:
        return p * q
    t = p - p
    return math.sin(even_1((p if np.sin(q) ** 2 < q else q), p, k - 1)) + t * q

def f(x, y, W, a, b, n, m):
    return a + even_1(x[1], y[m], 2)
