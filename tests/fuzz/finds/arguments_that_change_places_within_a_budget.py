"""Within a budget of memory, arrays of the caller that change places in a loop kept what was written back to them."""
# n = 3, m = 0, seed = 34808
import math
import numpy as np

def f(x, y, W, a, b, n, m):
    a = (np.tanh(W[-1, 3 - n]) * (W[2 - m, 3 - n])) + (math.sin(x[3 - m]) ** 3)
    k1 = 0
    while k1 < 2:
        v2 = np.ones(3)
        if y[m] - (v2[n % 3]) - x[k1] < -0.27:
            b = np.sin((0.7 if math.hypot(W[m, m], b) < -0.27 else y[3 - n])) * ((W[k1, n]) / (1.2 + (x[3 - m]) * (x[3 - m])))
            break
        x, y = y, x
        if a - b < -0.27:
            return math.atan((0.1 if W[2 - m, k1] < 0.13 else b))
        k1 = k1 + 1
    else:
        t3 = (b if n % 2 == 0 else math.exp(-abs(b)))
    a = math.cos(abs(x[k1]))
    return a + b + np.sum(x) + W[1, 2] * W[0, 0]
