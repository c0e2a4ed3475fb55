"""``python -m tests.fuzz --programs 1000 --seed 1``: check random programs, print what fails and what is refused.

A long run has a fresh process for every thousand programs, ``--jobs`` of them at a time: compilers remember much, and
with it the memory of one process would grow without end. Every thousand programs add a line to the ``--summary`` file,
which runs may share; ``--total FILE`` adds the lines up. ``--first`` goes on where another run stopped.
"""
from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.fuzz import run, summary


def main(argv: list[str] | None = None) -> int:
    options = arguments().parse_args(argv)
    if options.total:
        print(summary.total(options.total))
        return 0
    numbers = range(options.first, options.first + options.programs) if options.only is None else [options.only]
    counts = run.Counts()
    try:
        for found in run.chunks(options, numbers):
            counts.add(found)
            if len(numbers) > run.CHUNK:
                counts.progress()
            if counts.failures >= options.failures:
                break
    finally:
        counts.print()
    return 1 if counts.failures else 0


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Check derivatives of random programs.")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first program")
    parser.add_argument("--jobs", type=int, default=1, help="so many processes at a time")
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


if __name__ == "__main__":
    run.patient_collection()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))       # the counts are still written
    sys.exit(main())
