"""Gradients against the best adjoints by hand, and against the primal: one table, and the same as JSON.

    python benchmarks/speed.py                      all of them
    python benchmarks/speed.py Lorenz mixture       those whose names begin so

Times are processor times, medians of alternating samples in one run, all warm, one thread. What is compared is checked
first: against the adjoint by hand, or against differences along a direction. `gradient` is one call of `grad` (of a
procedure: of its adjoint, seeded with ones), allocations included.
"""
from __future__ import annotations

import argparse
import inspect
import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numba
import numpy as np

import s2sad

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

from workloads import WORKLOADS, Workload  # noqa: E402

from timing import medians  # noqa: E402


@dataclass(frozen=True)
class Row:
    name: str
    primal_s: float
    gradient_s: float
    hand_s: float | None
    reach: float | None
    compile_primal_s: float
    compile_gradient_s: float

    @property
    def judged(self) -> float:
        """What ``reach`` is about: gradient over hand-written adjoint, or over the primal where there is none."""
        return self.gradient_s / (self.hand_s if self.hand_s is not None else self.primal_s)


def gradient_of(w: Workload, args: tuple) -> Callable[[], tuple]:
    """A call that gives the gradients, as a tuple in the order of ``wrt``."""
    if w.output is None:
        gradient = s2sad.grad(w.function, wrt=w.wrt)
        return lambda: gradient(*args)
    adjoint = s2sad.adjoint(w.function, wrt=w.wrt)
    names = list(inspect.signature(w.function).parameters)

    def call() -> tuple:
        given: list[object] = []
        shadows: dict[str, np.ndarray] = {}
        for name, a in zip(names, args, strict=True):
            given.append(a)
            if name in w.wrt or name == w.output:
                shadows[name] = np.ones_like(a) if name == w.output else np.zeros_like(a)
                given.append(shadows[name])
        adjoint(*given)
        return tuple(shadows[name] for name in w.wrt)
    return call


def check(w: Workload, args: tuple, found: tuple, hand: Callable | None) -> None:
    if hand is not None:
        expected = hand(*args)
        worst = max(float(np.max(np.abs(f - e)) / np.max(np.abs(e))) for f, e in zip(found, expected, strict=True))
        tolerance = 1e-9
    else:
        rng = np.random.default_rng(1)
        names = list(inspect.signature(w.function).parameters)
        along = {name: rng.normal(size=np.shape(args[names.index(name)])) for name in w.wrt}

        def at(h: float) -> float:
            return numba.njit(w.function)(*(a + h * along[n] if n in along else a
                                            for n, a in zip(names, args, strict=True)))
        slope = sum(float(np.sum(g * along[n])) for g, n in zip(found, w.wrt, strict=True))
        step = 1e-5
        difference = (8.0 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12.0 * step)
        worst, tolerance = abs(slope - difference) / abs(difference), 1e-6
    if not worst <= tolerance:
        sys.exit(f"{w.name}: the gradient is wrong by {worst:.1e}")


def measure(w: Workload, samples: int, small: bool) -> Row:
    args = w.arguments(small)
    primal = numba.njit(w.function)
    start = time.perf_counter()
    primal(*args)
    after_primal = time.perf_counter()
    call = gradient_of(w, args)
    found = call()
    after_gradient = time.perf_counter()
    hand = None if w.hand is None else numba.njit(error_model="numpy")(w.hand)
    check(w, args, found, hand)
    calls: dict[str, Callable[[], object]] = {"primal": lambda: primal(*args), "gradient": call}
    if hand is not None:
        calls["hand"] = lambda: hand(*args)
    for _ in range(3 if small else 60):         # until its tapes have a workspace, where that pays
        calls["gradient"]()
    times = medians(calls, samples, clock=time.process_time)
    return Row(w.name, times["primal"], times["gradient"], times.get("hand"), w.reach, after_primal - start,
               after_gradient - after_primal)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="how the names of the wanted workloads begin; default: all")
    parser.add_argument("--small", action="store_true", help="sizes for a test of the benchmark itself")
    parser.add_argument("--samples", type=int, default=9)
    parser.add_argument("--json", type=Path, help="where to write the figures as JSON")
    options = parser.parse_args(argv)

    s2sad.grad(lambda x: x * x)(1.0)                        # LLVM starts once
    print(f"Python {platform.python_version()}, numba {numba.__version__}, s2sad {s2sad.__version__}, one thread\n")
    print(f"{'':<44}{'primal':>12}{'gradient':>12}{'/ primal':>9}{'by hand':>12}{'/ hand':>8}{'reach':>7}"
          f"{'compiled':>11}")
    rows = []
    for w in WORKLOADS:
        if options.names and not any(w.name.startswith(n) for n in options.names):
            continue
        row = measure(w, 3 if options.small else options.samples, options.small)
        rows.append(row)
        by_hand = ["", ""] if row.hand_s is None else [f"{row.hand_s * 1e3:.3f} ms", f"{row.judged:.2f}"]
        print(f"{row.name:<44}{row.primal_s * 1e3:>9.3f} ms{row.gradient_s * 1e3:>9.3f} ms"
              f"{row.gradient_s / row.primal_s:>9.2f}{by_hand[0]:>12}{by_hand[1]:>8}{row.reach or 0:>7.2f}"
              f"{row.compile_gradient_s:>9.2f} s", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


if __name__ == "__main__":
    main()
