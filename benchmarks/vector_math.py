"""Vector math against the C library: nanoseconds for each function in a loop, and the gradient of option prices.

    python benchmarks/vector_math.py

Processor times, medians of alternating samples in one run, warm, one thread; results are compared before anything is
timed. The gradients are of a procedure that fills an array with prices by the formula of Black and Scholes, seeded with
ones; the adjoints by hand are the textbook's Greeks and the reverse of the formula, operation by operation.
"""
from __future__ import annotations

import argparse
import inspect
import json
import math
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numba
import numpy as np

import s2sad
from s2sad import vmath

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

from workloads import options  # noqa: E402

from timing import medians  # noqa: E402

LIBRARY = {"exp": "math.exp(x[i])", "expm1": "math.expm1(x[i])", "log": "math.log(x[i])", "log1p": "math.log1p(x[i])",
           "sin": "math.sin(x[i])", "cos": "math.cos(x[i])", "sincos": "math.sin(x[i]) * math.cos(x[i])",
           "tanh": "math.tanh(x[i])", "erf": "math.erf(x[i])", "erfc": "math.erfc(x[i])",
           "ndtr": "0.5 * math.erfc(-0.7071067811865476 * x[i])", "sigmoid": "1.0 / (1.0 + math.exp(-x[i]))",
           "pow": "math.pow(x[i], 1.7)"}
VECTOR = {name: f"vmath.{name}(x[i])" for name in LIBRARY} | {
    "sincos": "vmath.sin(x[i]) * vmath.cos(x[i])", "pow": "vmath.pow(x[i], 1.7)"}


def loop(expression: str) -> Callable:
    space = {"math": math, "vmath": vmath}
    exec(f"def run(x, y):\n    for i in range(x.size):\n        y[i] = {expression}\n", space)
    return numba.njit(error_model="numpy")(space["run"])  # type: ignore[arg-type]


def functions(count: int, rounds: int) -> list[dict[str, object]]:
    x = np.random.default_rng(0).uniform(0.01, 3.0, count)
    rows = []
    for name in LIBRARY:
        if not hasattr(vmath, name):
            continue
        runs, results = {}, []
        for kind, text in (("libm", LIBRARY[name]), ("vector", VECTOR[name])):
            f, y = loop(text), np.empty(count)
            f(x, y)
            results.append(y)
            runs[kind] = lambda f=f, y=y: f(x, y)
        np.testing.assert_allclose(*results, rtol=2e-15)
        found = medians(runs, rounds, clock=time.process_time)
        ns = {kind: 1e9 * found[kind] / count for kind in runs}
        rows.append({"function": name, **ns, "ratio": ns["libm"] / ns["vector"]})
        print(f"{name:<10}{ns['libm']:10.2f}{ns['vector']:10.2f}{ns['libm'] / ns['vector']:10.1f}", flush=True)
    return rows


ROOT2, DENSITY = options.ROOT2, options.DENSITY


def reverse(spot, strike, maturity, rate, volatility, out):
    """The formula and its reverse, operation by operation."""
    n = spot.shape[0]
    by_spot, by_strike, by_maturity = np.empty(n), np.empty(n), np.empty(n)
    by_rate, by_volatility = np.empty(n), np.empty(n)
    for i in range(n):
        s, k, t, r, v = spot[i], strike[i], maturity[i], rate[i], volatility[i]
        root = math.sqrt(t)
        spread = v * root
        d1 = (math.log(s / k) + (r + 0.5 * v * v) * t) / spread
        d2 = d1 - spread
        n1 = 0.5 * (1.0 + math.erf(d1 / ROOT2))
        n2 = 0.5 * (1.0 + math.erf(d2 / ROOT2))
        discount = math.exp(-r * t)
        out[i] = s * n1 - k * discount * n2
        b_discount = -k * n2
        b_d2 = -k * discount * DENSITY * math.exp(-0.5 * d2 * d2)
        b_d1 = s * DENSITY * math.exp(-0.5 * d1 * d1) + b_d2
        b_spread = -b_d2 - b_d1 * d1 / spread
        b_sum = b_d1 / spread
        by_spot[i] = n1 + b_sum / s
        by_strike[i] = -discount * n2 - b_sum / k
        by_rate[i] = -t * discount * b_discount + b_sum * t
        by_volatility[i] = b_sum * v * t + b_spread * root
        by_maturity[i] = -r * discount * b_discount + b_sum * (r + 0.5 * v * v) + b_spread * v * 0.5 / root
    return by_spot, by_strike, by_maturity, by_rate, by_volatility


def with_vmath(f: Callable) -> Callable:
    """The same source with vector math."""
    text = inspect.getsource(f)
    for name in ("exp", "log", "erf"):
        text = text.replace(f"math.{name}(", f"vmath.{name}(")
    space = {"np": np, "math": math, "vmath": vmath, "ROOT2": ROOT2, "DENSITY": DENSITY}
    exec(text, space)
    return space[f.__name__]  # type: ignore[return-value]


def prices(small: bool, rounds: int) -> dict[str, float]:
    """Seconds of the primal, of adjoints by hand and of those made here."""
    args = options.arguments(small)
    wrt = ("spot", "strike", "maturity", "rate", "volatility")
    seed = np.ones(args[0].size)
    compiled = numba.njit(error_model="numpy")
    runs: dict[str, Callable] = {"primal": partial(compiled(options.prices), *args)}
    for name, f in (("textbook", options.by_hand), ("reverse", reverse)):
        for kind, g in (("libm", f), ("vector", with_vmath(f))):
            runs[f"{name}, {kind}"] = partial(compiled(g), *args)
    for kind, model in (("libm", "numpy"), ("vector", "numpy"), ("vector", "python")):
        adjoint = s2sad.adjoint(s2sad.differentiate(options.prices, math=kind, error_model=model), wrt=wrt)

        def run(adjoint: Callable = adjoint) -> tuple:
            shadows = [np.zeros_like(a) for a in args[:-1]]
            adjoint(*(a for pair in zip(args, [*shadows, seed.copy()], strict=True) for a in pair))
            return tuple(shadows)

        runs[f"s2sad, {kind}" + ", zero divisors raise" * (model == "python")] = run
    want = runs["textbook, libm"]()
    for name, run in runs.items():
        if name != "primal":
            for found, right in zip(run(), want, strict=True):
                np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-9 * np.max(np.abs(right)))
    return medians(runs, rounds, clock=time.process_time)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="few elements and rounds: a test of the benchmark")
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    given = parser.parse_args()
    print(f"{'function':<10}{'libm':>10}{'vector':>10}{'ratio':>10}     (nanoseconds an element)")
    rows = functions(100 if given.small else 4000, 3 if given.small else 101)
    found = prices(given.small, 3 if given.small else 15)
    print("\nBlack-Scholes, all partial derivatives of every price")
    for name, seconds in found.items():
        print(f"{name:<36}{1e3 * seconds:10.2f} ms{seconds / found['reverse, vector']:8.2f}")
    if given.json:
        given.json.write_text(json.dumps({"functions": rows, "options": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
