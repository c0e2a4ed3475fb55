"""A broadcast against a size that is known two loops further out was not recognised as of that size."""
# n = 2, m = 1, seed = 4
import numpy as np

def f(x, y, W, a, b, n, m):
    total = 0.0
    for _ in range(n):
        origin = np.array([0.1, 0.2, -0.3, 0.4])
        for bounce in range(3):
            normal = (origin - W[bounce % 2]) * 0.5
            if normal[0] > 100.0:
                break
            total += np.sum(normal * normal)
            origin = origin + normal
    return total
