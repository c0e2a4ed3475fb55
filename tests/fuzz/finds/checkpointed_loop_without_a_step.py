"""gradient with snapshots: what a loop of no step has not changed was not put back after it"""
# n = 0, m = 1, seed = 2734
import math
import numpy as np

def f(x, y, W, a, b, n, m):
    u1 = y
    for i2 in range(n):
        u1[i2] = (y[3 - i2]) - 0.7
        u1 = y
    t3 = u1[0] * y[1]
    t4 = y[3 - n]
    k6 = 0
    while (t5 := np.dot(y, x) - 0.5 * t4) > -20.0 and k6 < 2:
        k6 += 1
        t4 = t4 * math.sin(y[3 - n]) + t5 * t5
    u7 = x
    u8 = x
    for i10 in range(n):
        u8[n] = float(m) * t5
        u8 = u8[::-1]
        u8[m] += np.tanh(math.tanh(0.7) * (y[3 - m])) ** 2
    u7[n] = (math.hypot(-1.2, u7[n])) - ((W[0, m] if -0.43 < (W[2 - m, m]) - float(m) < 0.91 else t5))
    return b + t3 + t4 + t5 + x[0] * x[-1] + u7[2] * u7[-1] + u8[3] * u8[-1] + np.sum(W * W)
