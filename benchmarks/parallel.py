"""Parallel gradients against serial ones: time to wait, with one thread and with several.

    python benchmarks/parallel.py                   all of them, on as many threads as numba has, at most 2
    python benchmarks/parallel.py --threads 8

Sources are as their authors wrote them; `parallel="auto"` takes the loops whose iterations are independent. Gradients
are compared first: those of the parallel form are the serial ones up to rounding, and the same in 50 calls. Times are
the shortest of alternating samples: a thread that another process keeps waiting says nothing about the code. The
column for one thread shows what the parallel form costs, the last one what it gains. The first line is a loop that
shares nothing: what the machine has to give at that moment.
"""
from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numba
import numpy as np

import s2sad

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

from workloads import bodies, mixture, options  # noqa: E402
from workloads.case import Workload  # noqa: E402


def many_bodies(small: bool) -> tuple:
    n, steps = (5, 4) if small else (512, 5)
    rng = np.random.default_rng(0)
    return (rng.normal(size=(n, 3)), 0.3 * rng.normal(size=(n, 3)), rng.uniform(0.5, 1.5, n) / n, steps, 0.005, 0.01)


WORKLOADS = [
    *bodies.WORKLOADS,
    Workload("N-body, 512 bodies, 5 steps", bodies.bodies, many_bodies, ("q0", "v0"), bodies.by_hand),
    *options.WORKLOADS,
    *mixture.WORKLOADS,
]


@dataclass(frozen=True)
class Row:
    name: str
    threads: int
    serial_s: float
    one_thread_s: float
    parallel_s: float

    @property
    def speed_up(self) -> float:
        return self.serial_s / self.parallel_s


def gradient_of(w: Workload, args: tuple, parallel: object) -> Callable[[], tuple]:
    """A call that gives the gradients, as a tuple in the order of ``wrt``."""
    f = s2sad.differentiate(w.function, parallel=parallel)
    if w.output is None:
        gradient = s2sad.grad(f, wrt=w.wrt)
        return lambda: gradient(*args)
    adjoint = s2sad.adjoint(f, wrt=w.wrt)
    names = w.function.__code__.co_varnames[:w.function.__code__.co_argcount]

    def call() -> tuple:
        shadows = {n: np.ones_like(a) if n == w.output else np.zeros_like(a) for n, a in zip(names, args)
                   if n in w.wrt or n == w.output}
        adjoint(*(x for n, a in zip(names, args) for x in ((a, shadows[n]) if n in shadows else (a,))))
        return tuple(shadows[n] for n in w.wrt)
    return call


def check(name: str, serial: tuple, run: Callable[[], tuple]) -> None:
    first = run()
    for s, p in zip(serial, first, strict=True):
        if not np.max(np.abs(s - p)) <= 1e-12 * np.max(np.abs(s)):
            sys.exit(f"{name}: the parallel gradient is wrong by {np.max(np.abs(s - p)):.1e}")
    for _ in range(50):
        if not all(map(np.array_equal, run(), first)):
            sys.exit(f"{name}: two runs differ")


def shortest(calls: dict[str, tuple[int, Callable[[], object]]], samples: int) -> dict[str, float]:
    """Seconds of the quickest call of each; with each stands its number of threads."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(samples):
        for name, (threads, call) in calls.items():
            numba.set_num_threads(threads)
            start = time.perf_counter()
            call()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def measure(w: Workload, threads: int, samples: int, small: bool) -> Row:
    args = w.arguments(small)
    serial, parallel = gradient_of(w, args, None), gradient_of(w, args, "auto")
    numba.set_num_threads(threads)
    check(w.name, serial(), parallel)
    best = shortest({"serial": (threads, serial), "one": (1, parallel), "all": (threads, parallel)}, samples)
    return Row(w.name, threads, best["serial"], best["one"], best["all"])


@numba.njit(parallel=True)
def sines(steps, out):
    for k in numba.prange(out.size):
        s = 0.0
        for i in range(steps):
            s += np.sin(s + i)
        out[k] = s


def machine(threads: int, samples: int) -> Row:
    """A loop with one long iteration for each thread; its serial form has as many for one thread."""
    out = np.empty(threads)
    best = shortest({"one": (1, lambda: sines(200_000, out)), "all": (threads, lambda: sines(200_000, out))}, samples)
    return Row("nothing shared", threads, best["one"], best["one"], best["all"])


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="how the names of the wanted workloads begin; default: all")
    parser.add_argument("--threads", type=int, default=min(2, numba.config.NUMBA_NUM_THREADS))
    parser.add_argument("--small", action="store_true", help="sizes for a test of the benchmark itself")
    parser.add_argument("--samples", type=int, default=30)
    parser.add_argument("--json", type=Path, help="where to write the figures as JSON")
    chosen = parser.parse_args(argv)

    print(f"numba {numba.__version__}, s2sad {s2sad.__version__}, {chosen.threads} threads\n")
    print(f"{'':<34}{'serial':>12}{'one thread':>12}{'threads':>12}{'speed-up':>10}")
    samples = 3 if chosen.small else chosen.samples
    rows = []
    for w in (None, *WORKLOADS):
        if w is not None and chosen.names and not any(w.name.startswith(n) for n in chosen.names):
            continue
        row = machine(chosen.threads, samples) if w is None else measure(w, chosen.threads, samples, chosen.small)
        rows.append(row)
        print(f"{row.name:<34}{row.serial_s * 1e3:>9.2f} ms{row.one_thread_s * 1e3:>9.2f} ms"
              f"{row.parallel_s * 1e3:>9.2f} ms{row.speed_up:>10.2f}", flush=True)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


if __name__ == "__main__":
    main()
