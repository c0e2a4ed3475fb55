"""KeyError: a call in a branch that numba prunes, of the gradient differentiated again"""
# n = 0, m = 1, seed = 36950
import math
import numpy as np

def even_3(p, q, k):
    return odd_4(np.sin(p) * q, q, k - 1) * math.sin(p)

def odd_4(p, q, k):
    if k:
        return p
    return even_3(0.7 + q, 1.0, k - 1)

def f(x, y, W, a, b, n, m):
    t8 = even_3(0.1, x[m], 2)
    return t8
