"""adjoint against tangent: what a fused loop gives was read on, by a store, and left out of the forward sweep"""
# n = 1, m = 2, seed = 25759
import math
import numpy as np

def scalar_1(p, q):
    q = 0.5 * q
    return (q / (1.2 + q * q)) - math.atan(q)

def scalar_2(p, q):
    if q + p > 0.13:
        return q * p
    return (math.tanh(p) * q) - (p / (1.2 + p * p)) + p

def reduce_3(v, c):
    s = c
    for i in range(v.shape[0]):
        e = v[i]
        s = 0.8 * s + np.tanh(c) + (math.atan(c) * c)
    return s

def pair_4(u, v, c):
    for i in range(len(u)):
        e = v[len(v) - 1 - i] * u[0]
        u[i] = e

def f(x, y, W, a, b, n, m):
    idx5 = np.array([1, m])
    idx5[1 - n] = 3 - m
    x[idx5] += np.exp(-y[0:2] * y[0:2]) * 1.0
    b = math.sin(math.sin(a) * x[n])
    return a + b + np.sum(y) + W[1, 2] * W[0, 0]
