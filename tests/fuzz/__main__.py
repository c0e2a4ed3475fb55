"""``python -m tests.fuzz --programs 1000 --seed 1``: check random programs, print what fails and what is refused.

A long run is many of them, one process a core, each with a seed of its own and the same ``--summary`` file, to which
every thousand programs add a line; ``--total FILE`` adds the lines up. ``--first`` goes on where another run stopped.
"""
from __future__ import annotations

import argparse
import collections
import gc
import random
import re
import signal
import sys
import time
from pathlib import Path

from tests.fuzz import case_files, summary
from tests.fuzz.generator import generate
from tests.fuzz.oracles import check
from tests.fuzz.program import Program
from tests.fuzz.report import Disagreement
from tests.fuzz.shrink import shrink

BYTES = 500
CHUNK = 1000


def main(argv: list[str] | None = None) -> int:
    options = arguments().parse_args(argv)
    if options.total:
        print(summary.total(options.total))
        return 0
    run = Run(options)
    numbers = range(options.first, options.first + options.programs) if options.only is None else [options.only]
    try:
        for number in numbers:
            run.one(number)
            if run.failures >= options.failures:
                break
            if (number + 1) % CHUNK == 0:
                run.progress(number)
    finally:
        run.finish()
    return 1 if run.failures else 0


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Check derivatives of random programs.")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first program")
    parser.add_argument("--only", type=int, help="only the program of this number")
    parser.add_argument("--compiled", type=int, default=100, metavar="K", help="also compile every K-th; 0: none")
    parser.add_argument("--thorough", action="store_true", help="every check on every program, not only on a sample")
    parser.add_argument("--failures", type=int, default=5, help="stop after so many")
    parser.add_argument("--show", action="store_true", help="print every program")
    parser.add_argument("--shrink", action="store_true", help="make failing programs small before printing them")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write failing programs to case files there")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="append the counts to it, a line per thousand")
    parser.add_argument("--total", type=Path, metavar="FILE", help="only add up the counts of a summary")
    return parser


class Run:
    """The programs of one call of the command, and what became of them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.failures = 0
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.written: collections.Counter[str] = collections.Counter()
        self.features: collections.Counter[str] = collections.Counter()
        self.began = time.monotonic()
        self.commit = summary.commit()

    def one(self, number: int) -> None:
        options = self.options
        # One stream a program: any of them can be repeated without the others.
        program = generate(random.Random(f"{options.seed}.{number}").randbytes(BYTES))
        self.features.update(program.features)
        if options.show:
            print(program)
        compiled = bool(options.compiled) and number % options.compiled == 0
        try:
            outcome = check(program, thorough=options.thorough)
            if compiled:
                check(program, compiled=True)
                self.outcomes["also compiled"] += 1
            # The same refusal of another name is the same.
            self.outcomes[re.sub("[`'][^`']*[`']", "_", f"{outcome.kind} {outcome.code}").strip()] += 1
        except Disagreement as e:
            self.failures += 1
            self.outcomes["failed"] += 1
            self.report(number, program, str(e))

    def report(self, number: int, program: Program, text: str) -> None:
        if self.options.shrink:
            small = shrink(program)
            try:
                check(small)
            except Disagreement as e:
                program, text = small, str(e)
        print(f"--- program {number}, seed {self.options.seed}: {text}\n", flush=True)
        if self.options.keep:
            case_files.write(self.options.keep / f"seed_{self.options.seed}_{number}.py", program,
                             text.split("\n", 1)[0])

    def progress(self, number: int) -> None:
        kinds: collections.Counter[str] = collections.Counter()
        for name, count in self.outcomes.items():
            kinds[" ".join(name.split()[:2]) if name.startswith(("refused", "also")) else name] += count
        print(f"{number + 1}, {self.total / (time.monotonic() - self.began):.1f}/s: "
              + ", ".join(f"{name} {count}" for name, count in kinds.most_common()), flush=True)
        self.write()

    @property
    def total(self) -> int:
        return self.outcomes.total() - self.outcomes["also compiled"]

    def write(self) -> None:
        if self.options.summary and self.outcomes != self.written:
            summary.append(self.options.summary, self.commit, self.options.seed, self.outcomes - self.written)
        self.written = self.outcomes.copy()

    def finish(self) -> None:
        self.write()
        print(f"{self.total} programs in {time.monotonic() - self.began:.1f} s")
        for name, count in self.outcomes.most_common():
            print(f"  {count:6d}  {name}")
        shares = (f"{name} {count / self.total:.0%}" for name, count in self.features.most_common())
        print("features: " + ", ".join(shares), flush=True)


if __name__ == "__main__":
    # A compiler makes many objects that live on: looking at all of them again and again costs a tenth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))       # the counts are still written
    sys.exit(main())
