"""value with snapshots:"""
# n = 3, m = 0, seed = 61247
import math
import numpy as np

def f(x, y, W, a, b, n, m):
    b = math.hypot(b, b)
    t1 = x[(m + 2) % 4]
    for i3 in range(4):
        k2 = i3 - 1
        if 0 <= k2 < 4 and x[n] + x[m] > 0.13:
            t1 += x[k2] * math.sin(b)
    t4 = b
    t5 = b
    t6 = x[2]
    for i7 in range(n):
        t4, t5, t6 = t5, t6, math.atan(0.7) * t5
    v8 = W[:, (m + 1) % 4]
    return a + b + t1 + t4 + np.sum(y) + v8[2] * v8[-1]
