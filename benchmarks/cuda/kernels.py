"""Kernel times on a GPU: the adjoint's over the primal's, by CUDA events. Skips, and says so, where there is none.

    python benchmarks/cuda/kernels.py --json cuda.json
"""
from __future__ import annotations

import argparse
import json
import math
import statistics

import numpy as np
from numba import cuda

import s2sad


def heat(y, x, c):
    i = cuda.grid(1)
    if 0 < i < x.shape[0] - 1:
        y[i] = x[i] + c * (x[i - 1] - 2.0 * x[i] + x[i + 1]) + x[i] * x[i] * c


def normal(z):
    return 0.5 * math.erfc(-z * 0.7071067811865476)


def black_scholes(price, spot, strike, rate, volatility, time):
    i = cuda.grid(1)
    if i < spot.shape[0]:
        v = volatility[i] * math.sqrt(time[i])
        d = (math.log(spot[i] / strike[i]) + rate * time[i]) / v + 0.5 * v
        price[i] = spot[i] * normal(d) - strike[i] * math.exp(-rate * time[i]) * normal(d - v)


def n_body(force, x, y, z, mass):
    i = cuda.grid(1)
    if i < x.shape[0]:
        xi = x[i]
        yi = y[i]
        zi = z[i]
        total = 0.0
        for j in range(x.shape[0]):
            dx = x[j] - xi
            dy = y[j] - yi
            dz = z[j] - zi
            d = dx * dx + dy * dy + dz * dz + 0.01
            total += mass[j] / math.sqrt(d)
        force[i] = total


def lorenz(out, x, steps, h, rho):
    i = cuda.grid(1)
    if i < x.shape[0]:
        a = x[i]
        b = 1.0
        c = 1.0
        for _ in range(steps):
            da = 10.0 * (b - a)
            db = a * (rho - c) - b
            dc = a * b - 8.0 / 3.0 * c
            a += h * da
            b += h * db
            c += h * dc
        out[i] = a + b + c


def summed(total, x):
    i = cuda.grid(1)
    if i < x.shape[0]:
        cuda.atomic.add(total, 0, x[i] * x[i])


def cases():
    r = np.random.default_rng(0)
    n = 1 << 24
    yield "stencil, 2**24", heat, ("x",), ("y",), (np.zeros(n), r.random(n), 0.1), n
    n = 10_000_000
    yield ("Black-Scholes, 1e7", black_scholes, ("spot", "strike", "volatility", "time"), ("price",),
           (np.zeros(n), 50 + 100 * r.random(n), 50 + 100 * r.random(n), 0.03, 0.1 + r.random(n), 0.1 + r.random(n)), n)
    n = 1 << 13
    yield "N-body, 8192", n_body, ("x", "y", "z", "mass"), ("force",), (np.zeros(n), *(r.random(n) for _ in "xyzm")), n
    n = 1_000_000
    yield "Lorenz, 1e6 x 100 steps", lorenz, ("x",), ("out",), (np.zeros(n), r.random(n), 100, 0.01, 28.0), n
    n = 1 << 20
    yield "atomic sum, 2**20", summed, ("x",), ("total",), (np.zeros(1), r.random(n)), n


def milliseconds(launch, args, repeats=7):
    launch(*args)
    times = []
    for _ in range(repeats):
        start, stop = cuda.event(), cuda.event()
        start.record()
        launch(*args)
        stop.record()
        stop.synchronize()
        times.append(cuda.event_elapsed_time(start, stop))
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    options = parser.parse_args()
    if not cuda.is_available():
        print("no GPU here: nothing is measured")
        return
    name = cuda.get_current_device().name
    rows = []
    for title, f, wrt, out, host, n in cases():
        kernel = s2sad.differentiate(f, target="cuda", wrt=wrt)
        names = f.__code__.co_varnames[:f.__code__.co_argcount]
        args = [cuda.to_device(a) if isinstance(a, np.ndarray) else a for a in host]
        both: list = []
        for p, a in zip(names, args):
            both.append(a)
            if p in wrt or p in out:
                both.append(cuda.to_device(np.ones(a.shape) if p in out else np.zeros(a.shape)))
        threads = 128
        config = ((n + threads - 1) // threads, threads)
        primal = milliseconds(kernel[config], args)
        adjoint = milliseconds(kernel.adjoint[config], both)
        rows.append({"case": title, "primal_ms": primal, "adjoint_ms": adjoint, "ratio": adjoint / primal})
        print(f"{title:26s} primal {primal:9.3f} ms, adjoint {adjoint:9.3f} ms, ratio {adjoint / primal:6.2f}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"gpu": name if isinstance(name, str) else name.decode(), "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
