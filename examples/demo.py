"""Differentiate a real function, read its derivative, check it, time it. This is what `make demo` runs."""
from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

import s2sad
from heat import misfit
from timing import report


def problem(nx: int, nt: int) -> tuple:
    x = np.linspace(0.0, 1.0, nx)
    dx = 1.0 / (nx - 1)
    dt = 0.2 * dx
    nu = 0.5 * dx
    u0 = 0.2 + np.exp(-((x - 0.3) / 0.1) ** 2)
    data = 0.2 + 0.5 * np.exp(-((x - 0.5) / 0.15) ** 2)
    return u0, nu, data, dt, dx, nt


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a few grid points and steps, for tests")
    small = parser.parse_args(argv).small
    args = problem(nx=20, nt=10) if small else problem(nx=500, nt=500)

    value, (g_u0, g_nu) = misfit.value_and_grad(*args)
    print("The derivative source that runs:\n")
    print(misfit.source("adjoint"))
    print(f"misfit = {value:.12g}, d misfit / d nu = {g_nu:.12g}, |d misfit / d u0| = {np.linalg.norm(g_u0):.12g}")

    s2sad.check_grads(misfit, problem(nx=20, nt=10), wrt=("u0", "nu"))
    print("check: agrees with independent numerical derivatives, and forward with reverse mode")
    report(lambda: misfit(*args), lambda: misfit.value_and_grad(*args), samples=3 if small else 15)


if __name__ == "__main__":
    main()
