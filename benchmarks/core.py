"""The figures by which the compiler is judged, in one run: one table, and the same as JSON.

Times are medians of alternating samples, all warm, one thread; what is compared is checked to be right before it is
timed. `gradient` is one call of `value_and_grad`, copies of arguments included.
"""
from __future__ import annotations

import argparse
import json
import math
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numba
import numpy as np

import s2sad

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
sys.path.insert(0, str(EXAMPLES))

import gmm  # noqa: E402
import heat  # noqa: E402
import ode_fit  # noqa: E402
from timing import medians  # noqa: E402


@dataclass(frozen=True)
class Case:
    """A function with its arguments for a given number of steps (time steps, points, observations)."""

    name: str
    function: Callable
    arguments: Callable[[int], tuple]
    steps: int
    wrt: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    name: str
    primal_s: float
    gradient_s: float
    ratio: float
    compile_primal_s: float
    compile_gradient_s: float
    tape_bytes_per_step: float


@dataclass(frozen=True)
class HeatRow:
    """One evaluation by each method, and the whole gradient at that price."""

    method: str
    evaluation_s: float
    evaluations: int
    gradient_s: float
    against_primal: float


def heat_arguments(nt: int, nx: int = 1000) -> tuple:
    x = np.linspace(0.0, 1.0, nx)
    dx = 1.0 / (nx - 1)
    u0 = 1.2 + np.sin(2.0 * np.pi * x)
    return u0, 0.01, 1.0 + 0.1 * np.cos(3.0 * x), 2e-5, dx, nt


def ode_arguments(n: int) -> tuple:
    return ode_fit.START, *ode_fit.observe(n), ode_fit.NOISE


def cases(data: Path | None, small: bool) -> list[Case]:
    if data is not None:
        alphas, means, icf, x, gamma, m = gmm.read(data / "gmm" / "gmm_1k_d10_K25.txt")
    else:
        alphas, means, icf, x, gamma, m = gmm.generate(1000, 10, 25)
    points = 50 if small else x.shape[0]
    return [
        Case("heat", heat.misfit, heat_arguments, 20 if small else 1000, ("u0", "nu")),
        Case("gmm", gmm.log_posterior, lambda n: (alphas, means, icf, x[:n].copy(), gamma, m), points,
             ("alphas", "means", "icf")),
        Case("kepler", ode_fit.misfit, ode_arguments, 50 if small else 2000, ("orbit",)),
    ]


def direction(case: Case, args: tuple, seed: int = 0) -> tuple:
    """A tangent for each argument in `wrt`, nothing for the others."""
    rng = np.random.default_rng(seed)
    names = list(case.function.__wrapped__.__code__.co_varnames)
    tangents: list[object] = [None] * len(args)
    for name in case.wrt:
        place = names.index(name)
        shape = np.shape(args[place])
        tangents[place] = rng.normal(size=shape) if shape else float(rng.normal())
    return tuple(tangents)


def moved(args: tuple, tangents: tuple, step: float) -> tuple:
    return tuple(a if d is None else a + step * d for a, d in zip(args, tangents, strict=True))


def check(case: Case, args: tuple) -> None:
    """The gradient along a direction against forward mode and against central differences."""
    tangents = direction(case, args)
    value, gradients = case.function.value_and_grad(*args)
    if len(case.wrt) == 1:
        gradients = (gradients,)
    slopes = [float(np.sum(g * d)) for g, d in zip(gradients, (d for d in tangents if d is not None), strict=True)]
    reverse = math.fsum(slopes)
    value_forward, forward = s2sad.jvp(case.function, args, tangents)
    step = 1e-6
    ahead, behind = (case.function(*moved(args, tangents, h)) for h in (step, -step))
    difference = (ahead - behind) / (2.0 * step)
    scale = math.fsum(abs(s) for s in slopes)
    ok = (abs(value - case.function(*args)) <= 1e-12 * abs(value) and abs(value_forward - value) <= 1e-12 * abs(value)
          and abs(reverse - forward) <= 1e-10 * scale and abs(reverse - difference) <= 1e-5 * scale)
    if not ok:
        sys.exit(f"{case.name}: reverse {reverse!r}, forward {forward!r}, differences {difference!r} do not agree")


def tape_bytes(case: Case, steps: int) -> int:
    """Bytes of all arrays that the forward sweep hands to the reverse sweep."""
    args = case.arguments(steps)
    module: dict[str, object] = {"__name__": f"{case.name}_vjp"}
    exec(compile(case.function.source("vjp", *args), f"<{case.name} vjp>", "exec"), module)
    forward = module[f"{case.function.__name__}_forward"]
    _, saved = forward(*args)  # type: ignore[operator]
    return sum(item.nbytes for item in saved if isinstance(item, np.ndarray))


def warm_up() -> None:
    """Start LLVM and the compiler once, so that the first case does not pay for it."""
    def square(x):
        return x * x

    s2sad.grad(square)(1.0)


def measure(case: Case, samples: int) -> Row:
    few = case.arguments(2)
    start = time.perf_counter()
    case.function(*few)
    after_primal = time.perf_counter()
    case.function.value_and_grad(*few)
    after_gradient = time.perf_counter()

    check(case, case.arguments(min(case.steps, 100)))
    args = case.arguments(case.steps)
    times = medians({"primal": lambda: case.function(*args), "gradient": lambda: case.function.value_and_grad(*args)},
                    samples)
    growth = tape_bytes(case, case.steps) - tape_bytes(case, case.steps // 2)
    return Row(case.name, times["primal"], times["gradient"], times["gradient"] / times["primal"],
               after_primal - start, after_gradient - after_primal, growth / (case.steps - case.steps // 2))


def heat_methods(case: Case, samples: int) -> list[HeatRow]:
    """Reverse, forward and finite differences for the same gradient, by u0 and nu."""
    args = case.arguments(case.steps)
    tangents = direction(case, args)
    inputs = args[0].size + 1
    times = medians({
        "primal": lambda: case.function(*args),
        "reverse": lambda: case.function.value_and_grad(*args),
        "forward": lambda: s2sad.jvp(case.function, args, tangents),
        "finite differences": lambda: case.function(*moved(args, tangents, 1e-6)),
    }, samples)
    evaluations = {"reverse": 1, "forward": inputs, "finite differences": inputs + 1}
    return [HeatRow(method, times[method], count, count * times[method], count * times[method] / times["primal"])
            for method, count in evaluations.items()]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="sizes for a test of the benchmark itself")
    parser.add_argument("--data", type=Path, help="folder with the ADBench suite's gmm/")
    parser.add_argument("--json", type=Path, help="where to write the figures as JSON")
    options = parser.parse_args(argv)
    samples = 3 if options.small else 21

    warm_up()
    chosen = cases(options.data, options.small)
    rows = [measure(case, samples) for case in chosen]
    methods = heat_methods(chosen[0], samples)

    print(f"Python {platform.python_version()}, numba {numba.__version__}, s2sad {s2sad.__version__}, one thread\n")
    print(f"{'':<10}{'primal':>11}{'gradient':>11}{'ratio':>7}{'compile primal':>17}{'gradient':>10}{'tape/step':>12}")
    for row in rows:
        print(f"{row.name:<10}{row.primal_s * 1e3:>8.3f} ms{row.gradient_s * 1e3:>8.3f} ms{row.ratio:>7.2f}"
              f"{row.compile_primal_s:>15.2f} s{row.compile_gradient_s:>8.2f} s{row.tape_bytes_per_step:>10.0f} B")
    print(f"\n{'heat':<20}{'one evaluation':>15}{'evaluations':>13}{'whole gradient':>16}{'/ primal':>10}")
    for entry in methods:
        print(f"{entry.method:<20}{entry.evaluation_s * 1e3:>12.3f} ms{entry.evaluations:>13}"
              f"{entry.gradient_s * 1e3:>13.1f} ms{entry.against_primal:>10.1f}")
    if options.json is not None:
        options.json.write_text(json.dumps({"cases": [asdict(row) for row in rows],
                                            "heat": [asdict(entry) for entry in methods]}, indent=2) + "\n")


if __name__ == "__main__":
    main()
