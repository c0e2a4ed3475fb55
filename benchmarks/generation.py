"""How long it takes to generate derivatives: ``python benchmarks/generation.py --programs 60``.

Random programs of the fuzzer and the programs of ``examples``; the module of ``grad``, from the function to its source.
Each is generated with types found on the IR and with types by numba's inference of the printed function, in turn, in
one process. Times are of this process's CPU.
"""
from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numba

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "examples"), str(ROOT / "benchmarks")]

import core  # noqa: E402

from s2sad import driver  # noqa: E402
from s2sad.errors import S2sadError  # noqa: E402
from s2sad.frontend.source import UserFunction  # noqa: E402
from tests.fuzz.generator import generate  # noqa: E402
from tests.fuzz.program import WRT  # noqa: E402

infer = sys.modules["s2sad.frontend.infer"]


def made(function: Callable, args: tuple, wrt: tuple[str, ...]) -> tuple[float, float]:
    """Seconds of generating, and of these in finding types."""
    inside = [0.0]
    finding = driver.infer

    def timed(*given: object) -> object:
        began = time.process_time()
        try:
            return finding(*given)  # type: ignore[arg-type]
        finally:
            inside[0] += time.process_time() - began

    driver.infer = timed  # type: ignore[assignment]
    began = time.process_time()
    try:
        driver.generate(UserFunction.from_callable(function), "grad", tuple(map(numba.typeof, args)), wrt, jit=False)
    except S2sadError:
        pass                                       # refusals take their time, too
    finally:
        driver.infer = finding
    return time.process_time() - began, inside[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--programs", type=int, default=60)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    groups: dict[str, list[tuple[Callable, tuple, tuple[str, ...]]]] = {"random": []}
    for number in range(options.programs):
        program = generate(random.Random(f"4.{number}").randbytes(300))
        groups["random"].append((program.function(), program.args, WRT))
    for case in core.cases(None, small=True):
        groups[case.name] = [(case.function, case.arguments(10), case.wrt)]
    direct = infer.directly
    ways = {"printed": lambda *given: None, "on the IR": direct}
    print("milliseconds a module, and of these in finding types\n")
    print(f"| program | {' | '.join(ways)} | ratio |\n|---|{'---|' * len(ways)}---|")
    for name, group in groups.items():
        seen: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for turn in range(options.repeat + 1):
            for way, find in ways.items():
                infer.directly = find  # type: ignore[assignment]
                each = [made(*one) for one in group]
                if turn:                           # the first fills numba's and our memory
                    seen[way].append((sum(a for a, _ in each), sum(b for _, b in each)))
        infer.directly = direct
        medians = {way: [1e3 / len(group) * statistics.median(s[k] for s in seen[way]) for k in (0, 1)] for way in ways}
        before, after = medians.values()
        cells = " | ".join(f"{whole:.1f} ({types:.1f})" for whole, types in (before, after))
        print(f"| {name} | {cells} | {before[0] / after[0]:.2f} ({before[1] / after[1]:.1f}) |", flush=True)


if __name__ == "__main__":
    main()
