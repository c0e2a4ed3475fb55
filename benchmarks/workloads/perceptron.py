"""A network with one hidden layer, its cross entropy on a batch of 128 images of 784 pixels and 10 classes."""
import math

import numpy as np

from workloads.case import Workload


def cross_entropy(x, y, w1, b1, w2, b2):
    h = np.dot(x, w1)
    n, hidden = h.shape
    for i in range(n):
        for j in range(hidden):
            h[i, j] = max(h[i, j] + b1[j], 0.0)
    z = np.dot(h, w2)
    classes = z.shape[1]
    s = 0.0
    for i in range(n):
        largest = -1e300
        for j in range(classes):
            z[i, j] += b2[j]
            largest = max(largest, z[i, j])
        total = 0.0
        for j in range(classes):
            total += math.exp(z[i, j] - largest)
        s += math.log(total) + largest - z[i, y[i]]
    return s / n


def by_hand(x, y, w1, b1, w2, b2):
    h = np.dot(x, w1)
    n, hidden = h.shape
    for i in range(n):
        for j in range(hidden):
            h[i, j] = max(h[i, j] + b1[j], 0.0)
    z = np.dot(h, w2)
    classes = z.shape[1]
    b_b1 = np.zeros(hidden)
    b_b2 = np.zeros(classes)
    for i in range(n):
        largest = -1e300
        for j in range(classes):
            z[i, j] += b2[j]
            largest = max(largest, z[i, j])
        total = 0.0
        for j in range(classes):
            z[i, j] = math.exp(z[i, j] - largest)
            total += z[i, j]
        for j in range(classes):
            z[i, j] /= total * n
        z[i, y[i]] -= 1.0 / n
        for j in range(classes):
            b_b2[j] += z[i, j]
    b_h = np.dot(z, w2.T)
    b_w2 = np.dot(h.T, z)
    for i in range(n):
        for j in range(hidden):
            if h[i, j] == 0.0:
                b_h[i, j] = 0.0
            b_b1[j] += b_h[i, j]
    return np.dot(x.T, b_h), b_b1, b_w2, b_b2


def arguments(small):
    n, pixels, hidden = (6, 9, 5) if small else (128, 784, 128)
    rng = np.random.default_rng(0)
    return (rng.uniform(0, 1, (n, pixels)), rng.integers(0, 10, n), rng.normal(0, 0.05, (pixels, hidden)),
            rng.normal(0, 0.1, hidden), rng.normal(0, 0.1, (hidden, 10)), rng.normal(0, 0.1, 10))


WORKLOADS = [Workload("perceptron, batch of 128", cross_entropy, arguments, ("w1", "b1", "w2", "b2"), by_hand,
                      reach=1.15)]
