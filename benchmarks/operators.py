"""What operators cost, in one run: Hessian-vector products over gradients, Jacobians per direction over the primal.

Times are medians of alternating samples, all warm, one thread; what is timed is checked first.
"""
from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

import s2sad

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
sys.path.insert(0, str(EXAMPLES))

import gmm  # noqa: E402
import heat  # noqa: E402
from timing import medians  # noqa: E402


@s2sad.differentiate
def rosenbrock(x):
    s = 0.0
    for i in range(x.shape[0] - 1):
        s += 100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2
    return s


@s2sad.differentiate
def lennard_jones(x):
    s = 0.0
    for i in range(x.shape[0]):
        for j in range(i):
            r = 0.0
            for k in range(3):
                r += (x[i, k] - x[j, k]) ** 2
            p = 1.0 / (r * r * r)
            s += 4.0 * (p * p - p)
    return s


@s2sad.differentiate
def burgers(u, nu, dt, dx, nt):
    u = u.copy()
    v = np.empty_like(u)
    for _ in range(nt):
        v[0] = u[0]
        v[-1] = u[-1]
        for i in range(1, u.shape[0] - 1):
            v[i] = u[i] + dt * (nu * (u[i+1] - 2*u[i] + u[i-1]) / dx**2 - u[i] * (u[i] - u[i-1]) / dx)
        u, v = v, u
    return u


@s2sad.differentiate
def rates(c, k):
    out = np.empty(c.shape[0])
    for t in range(c.shape[0]):
        s = 0.0
        for i in range(k.shape[0]):
            s += k[i] * math.exp(-c[t] * k[i]) + math.sin(k[i] * c[t])
        out[t] = s
    return out


def grid(n: int) -> np.ndarray:
    side = math.ceil(n ** (1 / 3))
    points = np.array([(i, j, k) for i in range(side) for j in range(side) for k in range(side)], float)[:n]
    return 1.1 * points + 0.05 * np.sin(np.arange(3.0 * n)).reshape(n, 3)


def hessian_cases(small: bool) -> list[tuple[str, Callable, tuple, object, object]]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000 if small else 100_000)
    atoms = grid(8 if small else 64)
    alphas, means, icf, points, gamma, m = gmm.generate(50 if small else 500, 10, 5)
    n = 100 if small else 1000
    u0 = 1.2 + np.sin(np.linspace(0.0, 2.0 * np.pi, n))
    given = u0, 0.01, 1.0 + 0.1 * np.cos(u0), 2e-5, 1.0 / (n - 1), 20 if small else 200
    return [
        ("rosenbrock", rosenbrock, (x,), "x", rng.normal(size=x.size)),
        ("lennard_jones", lennard_jones, (atoms,), "x", rng.normal(size=atoms.shape)),
        ("gmm", gmm.log_posterior, (alphas, means, icf, points, gamma, m), ("alphas", "means", "icf"),
         tuple(rng.normal(size=a.shape) for a in (alphas, means, icf))),
        ("heat", heat.misfit, given, "u0", rng.normal(size=n)),
    ]


def products(small: bool) -> list[dict[str, object]]:
    rows = []
    for name, f, args, wrt, v in hessian_cases(small):
        gradient, hvp = s2sad.grad(f, wrt), s2sad.hvp(f, wrt)
        check(name, hvp(*args, v), s2sad.jvp(gradient, args, tangents(f, args, wrt, v))[1])
        times = medians({"primal": lambda f=f, a=args: f(*a), "gradient": lambda g=gradient, a=args: g(*a),
                         "hvp": lambda h=hvp, a=args, v=v: h(*a, v)})
        rows.append({"case": name, **times, "hvp/gradient": times["hvp"] / times["gradient"]})
    return rows


def tangents(f: Callable, args: tuple, wrt: object, v: object) -> tuple:
    names = f._program.parameters.names  # type: ignore[attr-defined]
    given = dict(zip(wrt, v)) if isinstance(wrt, tuple) else {wrt: v}  # type: ignore[call-overload]
    return tuple(given.get(n) for n in names[:len(args)])


def check(name: str, found: object, wanted: object) -> None:
    for a, b in zip(*(v if isinstance(v, tuple) else (v,) for v in (found, wanted))):
        if not np.allclose(a, b, rtol=1e-10, atol=1e-12):
            sys.exit(f"{name}: results do not agree")


def jacobians(small: bool) -> list[dict[str, object]]:
    n = 32 if small else 128
    u = 1.2 + np.sin(np.linspace(0.0, 2.0 * np.pi, n))
    cases = [("burgers", burgers, (u, 0.01, 2e-5, 1.0 / (n - 1), 10 if small else 50), "u", n),
             ("rates", rates, (np.linspace(0.1, 1.0, 20 if small else 200), np.linspace(0.5, 2.0, 26)), "k", 26)]
    rows = []
    for name, f, args, wrt, directions in cases:
        calls: dict[str, Callable[[], object]] = {"primal": lambda f=f, a=args: f(*a)}
        wanted = s2sad.jacrev(f, wrt)(*args)
        for width in (1, 4, 8, 16):
            jac = s2sad.jacobian(f, wrt, "forward", width=width)
            check(name, jac(*args), wanted)
            calls[f"width {width}"] = lambda j=jac, a=args: j(*a)
        times = medians(calls)
        rows.append({"case": name, "directions": directions, "primal": times["primal"],
                     **{k: t / times["primal"] / directions for k, t in times.items() if k != "primal"}})
    return rows


def table(rows: list[dict[str, object]]) -> None:
    print("  ".join(f"{k:>14}" for k in rows[0]))
    for row in rows:
        print("  ".join(f"{v:>14.4g}" if isinstance(v, float) else f"{v!s:>14}" for v in row.values()))
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="small sizes, for a test that it runs")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    given = parser.parse_args()
    found = {"hvp": products(given.small), "jacobian": jacobians(given.small)}
    print("Hessian-vector products (seconds, and over the gradient)")
    table(found["hvp"])
    print("Forward Jacobians: time per direction over the primal's, by directions at once")
    table(found["jacobian"])
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
