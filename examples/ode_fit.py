"""Fit an orbit: from radial velocities of a star find the elements of its unseen companion's Kepler orbit.

The two-body problem is solved in time by Kepler's equation E - e sin E = M, which Newton's iteration solves in a
`while` loop whose length depends on the data. The derivative follows the iteration as it ran.
"""
from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import s2sad
from timing import report

TOLERANCE = 1e-12
NAMES = ("period", "amplitude", "eccentricity", "periastron", "phase", "offset")
TRUTH = np.array([3.2, 1.4, 0.45, 1.1, 0.7, -0.3])
START = np.array([3.17, 1.0, 0.2, 0.6, 0.3, 0.0])
BOUNDS = [(3.0, 3.4), (0.01, 10.0), (0.0, 0.9), (-math.pi, math.pi), (-math.pi, math.pi), (-10.0, 10.0)]
NOISE = 0.03


def eccentric_anomaly(mean, e):
    anomaly = mean + e * math.sin(mean)
    while True:
        step = (anomaly - e * math.sin(anomaly) - mean) / (1.0 - e * math.cos(anomaly))
        anomaly -= step
        if abs(step) < TOLERANCE:
            break
    return anomaly


@s2sad.differentiate(wrt="orbit")
def misfit(orbit, times, velocities, sigma):
    period, amplitude, e, periastron = orbit[0], orbit[1], orbit[2], orbit[3]
    phase, offset = orbit[4], orbit[5]
    total = 0.0
    for i in range(times.shape[0]):
        anomaly = eccentric_anomaly(2.0 * math.pi * times[i] / period + phase, e)
        distance = 1.0 - e * math.cos(anomaly)
        cos_true = (math.cos(anomaly) - e) / distance
        sin_true = math.sqrt(1.0 - e * e) * math.sin(anomaly) / distance
        cos_w = math.cos(periastron)
        model = offset + amplitude * (cos_true * cos_w - sin_true * math.sin(periastron) + e * cos_w)
        residual = (model - velocities[i]) / sigma
        total += residual * residual
    return total / times.shape[0]


def velocity(orbit: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The model in NumPy, Kepler's equation solved by bisection: data should not come from the code to be fitted."""
    period, amplitude, e, periastron, phase, offset = orbit
    mean = 2.0 * np.pi * times / period + phase
    low, high = mean - 1.0, mean + 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = middle - e * np.sin(middle) > mean
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    true = 2.0 * np.arctan(np.sqrt((1.0 + e) / (1.0 - e)) * np.tan(0.5 * low))
    return offset + amplitude * (np.cos(true + periastron) + e * np.cos(periastron))


def observe(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0.0, 20.0, n))
    return times, velocity(TRUTH, times) + NOISE * rng.normal(size=n)


def draw(times: np.ndarray, velocities: np.ndarray, orbit: np.ndarray, path: Path) -> None:
    try:
        import matplotlib
    except ImportError:
        print("matplotlib is not installed: no picture")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    curve = np.linspace(0.0, orbit[0], 400)
    fig, axes = plt.subplots(figsize=(7, 4))
    axes.plot(times % orbit[0], velocities, ".", color="0.5", ms=4, label="observed")
    axes.plot(curve, velocity(START, curve), "C0--", lw=1, label="start")
    axes.plot(curve, velocity(orbit, curve), "C3", lw=1.5, label="fitted")
    axes.set(xlabel="time, folded by the fitted period", ylabel="radial velocity")
    axes.legend(frameon=False)
    fig.tight_layout()
    fig.savefig(path, dpi=150)
    print(f"picture: {path}")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="few observations, for tests")
    parser.add_argument("--plot", type=Path, default=Path("ode_fit.png"), help="where to save the picture")
    options = parser.parse_args(argv)

    times, velocities = observe(60 if options.small else 2000)
    print(f"{times.size} radial velocities with noise {NOISE}, {len(NAMES)} unknown elements")
    fit = minimize(lambda orbit: misfit.value_and_grad(orbit, times, velocities, NOISE), START, jac=True,
                   method="L-BFGS-B", bounds=BOUNDS, options={"maxiter": 500})
    print(f"mean squared residual {misfit(START, times, velocities, NOISE):.4g} -> {fit.fun:.4g} "
          f"in {fit.nit} iterations, {fit.nfev} gradients")
    for name, start, found, true in zip(NAMES, START, fit.x, TRUTH, strict=True):
        print(f"  {name:<13}start {start:8.4f}   found {found:8.4f}   true {true:8.4f}")

    args = (fit.x, times, velocities, NOISE)
    report(lambda: misfit(*args), lambda: misfit.value_and_grad(*args), samples=3 if options.small else 15)
    draw(times, velocities, fit.x, options.plot)


if __name__ == "__main__":
    main()
