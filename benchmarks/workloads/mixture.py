"""The Gaussian mixture of the ADBench suite, up to a constant, in sizes of the suite and larger."""
import math

import numpy as np
from numba import njit

from workloads.case import Workload


@njit
def log_sum_exp(v):
    largest = v[0]
    for k in range(1, v.shape[0]):
        largest = max(largest, v[k])
    total = 0.0
    for k in range(v.shape[0]):
        total += math.exp(v[k] - largest)
    return math.log(total) + largest


def log_posterior(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    components = alphas.shape[0]
    diagonal = np.exp(icf[:, :d])
    log_det = np.zeros(components)
    for k in range(components):
        for i in range(d):
            log_det[k] += icf[k, i]
    centred = np.empty(d)
    whitened = np.empty(d)
    terms = np.empty(components)
    total = 0.0
    for p in range(n):
        for k in range(components):
            for i in range(d):
                centred[i] = x[p, i] - means[k, i]
                whitened[i] = diagonal[k, i] * centred[i]
            packed = d
            for i in range(d):
                for j in range(i + 1, d):
                    whitened[j] += icf[k, packed] * centred[i]
                    packed += 1
            squared = 0.0
            for i in range(d):
                squared += whitened[i] * whitened[i]
            terms[k] = alphas[k] + log_det[k] - 0.5 * squared
        total += log_sum_exp(terms)
    total -= n * log_sum_exp(alphas)
    for k in range(components):
        frobenius = 0.0
        for i in range(d):
            frobenius += diagonal[k, i] * diagonal[k, i]
        for i in range(d, icf.shape[1]):
            frobenius += icf[k, i] * icf[k, i]
        total += 0.5 * gamma * gamma * frobenius - m * log_det[k]
    return total


def by_hand(alphas, means, icf, x, gamma, m):
    """Points are independent but for sums, so each is reversed at once: only one point's values are kept."""
    n, d = x.shape
    components = alphas.shape[0]
    packed_size = icf.shape[1]
    diagonal = np.exp(icf[:, :d])
    log_det = np.zeros(components)
    for k in range(components):
        for i in range(d):
            log_det[k] += icf[k, i]
    b_alphas = np.zeros(components)
    b_means = np.zeros((components, d))
    b_icf = np.zeros((components, packed_size))
    b_diagonal = np.zeros((components, d))
    share = np.empty(components)
    centred = np.empty((components, d))
    whitened = np.empty((components, d))
    for p in range(n):
        largest = -np.inf
        for k in range(components):
            c, w, factor = centred[k], whitened[k], icf[k]
            for i in range(d):
                c[i] = x[p, i] - means[k, i]
                w[i] = diagonal[k, i] * c[i]
            packed = d
            for i in range(d):
                for j in range(i + 1, d):
                    w[j] += factor[packed] * c[i]
                    packed += 1
            squared = 0.0
            for i in range(d):
                squared += w[i] * w[i]
            share[k] = alphas[k] + log_det[k] - 0.5 * squared
            largest = max(largest, share[k])
        total = 0.0
        for k in range(components):
            share[k] = math.exp(share[k] - largest)
            total += share[k]
        for k in range(components):
            weight = share[k] / total
            b_alphas[k] += weight
            c, w, factor, b_factor = centred[k], whitened[k], icf[k], b_icf[k]
            packed = d
            for i in range(d):
                w[i] *= -weight
            for i in range(d):
                b_c = w[i] * diagonal[k, i]
                b_diagonal[k, i] += w[i] * c[i]
                for j in range(i + 1, d):
                    b_factor[packed] += w[j] * c[i]
                    b_c += factor[packed] * w[j]
                    packed += 1
                b_means[k, i] -= b_c
    normal = log_sum_exp(alphas)
    for k in range(components):
        b_log_det = b_alphas[k] - m
        b_alphas[k] -= n * math.exp(alphas[k] - normal)
        for i in range(d):
            b_diagonal[k, i] += gamma * gamma * diagonal[k, i]
            b_icf[k, i] += b_log_det + b_diagonal[k, i] * diagonal[k, i]
        for i in range(d, packed_size):
            b_icf[k, i] += gamma * gamma * icf[k, i]
    return b_alphas, b_means, b_icf


def of_size(n, d, components):
    def arguments(small):
        rng = np.random.default_rng(0)
        n_used, d_used, k = (6, 3, 2) if small else (n, d, components)
        icf = 0.3 * rng.normal(size=(k, d_used * (d_used + 1) // 2))
        return (rng.normal(size=k), rng.uniform(size=(k, d_used)), icf, rng.normal(size=(n_used, d_used)), 1.0, 0)
    return arguments


WRT = ("alphas", "means", "icf")
WORKLOADS = [
    Workload("mixture, n = 1000, d = 10", log_posterior, of_size(1000, 10, 25), WRT, by_hand, reach=1.05),
    Workload("mixture, n = 1000, d = 32", log_posterior, of_size(1000, 32, 25), WRT, by_hand, reach=1.25),
]
