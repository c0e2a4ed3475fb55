"""An inverse problem: from noisy snapshots of a flow, find its initial state and its viscosity.

The flow obeys Burgers' equation, solved by `heat.misfit` step by step. The unknowns are the initial value at every
grid point and the logarithm of the viscosity; `scipy.optimize.minimize` is given the exact gradient by all of them,
which costs a few solves however many they are.
"""
from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from heat import misfit
from timing import report

NU = 0.01
NU_RANGE = (0.001, 0.04)
U_RANGE = (0.0, 2.0)
TIMES = (0.05, 0.1, 0.2)
NOISE = 0.005
ROUGHNESS = 2e-5


@dataclass(frozen=True)
class Problem:
    """Snapshots of the true flow, the grid they live on, and the truth to compare with."""

    x: np.ndarray
    truth: np.ndarray
    snapshots: list[np.ndarray]
    steps: list[int]
    dt: float
    dx: float


def solve(u0: np.ndarray, nu: float, dt: float, dx: float, nt: int) -> np.ndarray:
    """The same scheme as `heat.misfit`, in NumPy: data should not come from the code that is to explain them."""
    u = u0.copy()
    for _ in range(nt):
        diffusion = nu * (u[2:] - 2.0 * u[1:-1] + u[:-2]) / dx**2
        u[1:-1] += dt * (diffusion - u[1:-1] * (u[1:-1] - u[:-2]) / dx)
    return u


def make_problem(nx: int, seed: int = 0) -> Problem:
    x = np.linspace(0.0, 1.0, nx)
    dx = 1.0 / (nx - 1)
    dt = 0.9 / (2.0 * NU_RANGE[1] / dx**2 + U_RANGE[1] / dx)  # stable for all the optimiser may try
    truth = 0.2 + np.exp(-((x - 0.25) / 0.08) ** 2) + 0.6 * (np.abs(x - 0.55) < 0.08)
    rng = np.random.default_rng(seed)
    steps = [round(time / dt) for time in TIMES]
    snapshots = [solve(truth, NU, dt, dx, nt) + NOISE * rng.normal(size=nx) for nt in steps]
    return Problem(x, truth, snapshots, steps, dt, dx)


def objective(unknowns: np.ndarray, problem: Problem) -> tuple[float, np.ndarray]:
    """Misfit to all snapshots plus a penalty on rough initial states, and its gradient."""
    u0, nu = unknowns[:-1], np.exp(unknowns[-1])
    value, gradient = 0.0, np.zeros_like(unknowns)
    for data, nt in zip(problem.snapshots, problem.steps, strict=True):
        one, (g_u0, g_nu) = misfit.value_and_grad(u0, nu, data, problem.dt, problem.dx, nt)
        value += one
        gradient[:-1] += g_u0
        gradient[-1] += g_nu * nu
    slope = np.diff(u0) / problem.dx
    value += ROUGHNESS * slope @ slope
    gradient[:-1] += 2.0 * ROUGHNESS / problem.dx * np.concatenate(([-slope[0]], -np.diff(slope), [slope[-1]]))
    return value, gradient


def draw(problem: Problem, found: np.ndarray, path: Path) -> None:
    try:
        import matplotlib
    except ImportError:
        print("matplotlib is not installed: no picture")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    fig, axes = plt.subplots(figsize=(7, 4))
    axes.plot(problem.x, problem.snapshots[0], ".", color="0.75", ms=3, label=f"data at t = {TIMES[0]}")
    axes.plot(problem.x, problem.snapshots[-1], ".", color="0.55", ms=3, label=f"data at t = {TIMES[-1]}")
    axes.plot(problem.x, problem.truth, "k", lw=1, label="true initial state")
    axes.plot(problem.x, found, "C3", lw=1.5, label="found initial state")
    axes.set(xlabel="x", ylabel="u")
    axes.legend(frameon=False)
    fig.tight_layout()
    fig.savefig(path, dpi=150)
    print(f"picture: {path}")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a coarse grid, for tests")
    parser.add_argument("--plot", type=Path, default=Path("burgers_inverse.png"), help="where to save the picture")
    options = parser.parse_args(argv)

    problem = make_problem(nx=41 if options.small else 201)
    print(f"grid of {problem.x.size} points, {problem.steps[-1]} time steps, {len(TIMES)} snapshots with noise {NOISE}")
    start = np.concatenate((np.clip(problem.snapshots[0], *U_RANGE), [np.log(3.0 * NU)]))
    fit = minimize(objective, start, args=(problem,), jac=True, method="L-BFGS-B",
                   bounds=[U_RANGE] * problem.x.size + [tuple(np.log(NU_RANGE))],
                   options={"maxiter": 100 if options.small else 1000, "maxfun": 2000})
    found, nu = fit.x[:-1], np.exp(fit.x[-1])
    before, after = (np.linalg.norm(u - problem.truth) / np.linalg.norm(problem.truth) for u in (start[:-1], found))
    print(f"objective {objective(start, problem)[0]:.4g} -> {fit.fun:.4g} "
          f"in {fit.nit} iterations, {fit.nfev} gradients")
    print(f"viscosity: start {np.exp(start[-1]):.4f}, found {nu:.5f}, true {NU}")
    print(f"initial state: relative error {before:.3f} of the first snapshot, {after:.3f} of what was found")

    args = (found, nu, problem.snapshots[-1], problem.dt, problem.dx, problem.steps[-1])
    report(lambda: misfit(*args), lambda: misfit.value_and_grad(*args), samples=3 if options.small else 15)
    draw(problem, found, options.plot)


if __name__ == "__main__":
    main()
