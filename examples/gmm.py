"""The Gaussian mixture of the ADBench suite: the log posterior of K Gaussians with a Wishart prior on their shapes.

Row k of `icf` packs the inverse Cholesky factor Q_k of a covariance: the logarithms of its diagonal, then the
entries below the diagonal column after column. With `--data DIR` the suite's own files are read from DIR/gmm, and
the gradient is compared with the suite's hand-written one where DIR/reference.npz holds it; without it data of the
same kind are generated.
"""
from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import s2sad
from timing import report

PI = 3.14159265359  # the suite's own value, needed to agree with its results to the last digits
CASES = ("gmm_1k_d2_K5", "gmm_1k_d10_K25")


def log_sum_exp(v):
    largest = v[0]
    for k in range(1, v.shape[0]):
        largest = max(largest, v[k])
    total = 0.0
    for k in range(v.shape[0]):
        total += math.exp(v[k] - largest)
    return math.log(total) + largest


def log_wishart_constant(d, gamma, m):
    """The part of the prior that depends on no parameter of the mixture."""
    n = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(PI)
    for j in range(1, d + 1):
        log_gamma += math.lgamma(0.5 * n + 0.5 * (1 - j))
    return n * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma


@s2sad.differentiate(wrt=("alphas", "means", "icf"))
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
    total = -0.5 * n * d * math.log(2.0 * PI)
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
    return total - components * log_wishart_constant(d, gamma, m)


def generate(n: int, d: int, components: int, seed: int = 0) -> tuple:
    """Arguments of `log_posterior` of the same kind as the suite's."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=components), rng.uniform(size=(components, d)),
            rng.normal(size=(components, d * (d + 1) // 2)), rng.normal(size=(n, d)), 1.0, 0)


def read(path: Path) -> tuple:
    """Arguments of `log_posterior` from one of the suite's files."""
    numbers = path.read_text().split()
    d, components, n = map(int, numbers[:3])
    shapes = [(components,), (components, d), (components, d * (d + 1) // 2), (n, d)]
    sizes = [math.prod(shape) for shape in shapes]
    values = np.array(numbers[3:3 + sum(sizes)], dtype=float)
    parts = np.split(values, np.cumsum(sizes)[:-1])
    gamma, m = numbers[3 + sum(sizes):]
    return (*(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)), float(gamma), int(m))


def compare(reference: Path, case: str, value: float, gradients: tuple) -> float:
    """Largest difference from the suite's results, relative to the largest entry of each."""
    with np.load(reference) as stored:
        expected = [stored[f"{case}.{name}"] for name in ("objective", "d_alphas", "d_means", "d_icf")]
    return max(float(np.max(np.abs(got - want)) / np.max(np.abs(want)))
               for got, want in zip((value, *gradients), expected, strict=True))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="few points and components, for tests")
    parser.add_argument("--data", type=Path, help="folder with the suite's gmm/ and reference.npz")
    options = parser.parse_args(argv)
    if options.small:
        cases = {"generated, n=30 d=3 K=4": generate(30, 3, 4)}
    elif options.data is None:
        cases = {"generated, n=1000 d=10 K=25": generate(1000, 10, 25)}
    else:
        cases = {case: read(options.data / "gmm" / f"{case}.txt") for case in CASES}

    for case, args in cases.items():
        value, gradients = log_posterior.value_and_grad(*args)
        size = sum(g.size for g in gradients)
        print(f"{case}: log posterior {value:.15g}, gradient of {size} entries, "
              f"largest {max(np.max(np.abs(g)) for g in gradients):.6g}")
        if options.data is not None and (options.data / "reference.npz").exists():
            error = compare(options.data / "reference.npz", case, value, gradients)
            print(f"largest relative difference from the suite's hand-written gradient: {error:.1e}")
            if not error <= 1e-10:
                sys.exit("the gradient disagrees with the reference")
        report(lambda args=args: log_posterior(*args), lambda args=args: log_posterior.value_and_grad(*args),
               samples=3 if options.small else 15)


if __name__ == "__main__":
    main()
