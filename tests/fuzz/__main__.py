"""``python -m tests.fuzz --programs 1000 --seed 1``: check random programs, print what fails and what is refused."""
from __future__ import annotations

import argparse
import collections
import random
import re
import sys
import time

from tests.fuzz.generator import generate
from tests.fuzz.oracles import check
from tests.fuzz.report import Disagreement
from tests.fuzz.shrink import shrink

BYTES = 300


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Check derivatives of random programs.")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="only the program of this number")
    parser.add_argument("--compiled", type=int, default=0, metavar="K", help="also compile every K-th program")
    parser.add_argument("--failures", type=int, default=5, help="stop after so many")
    parser.add_argument("--show", action="store_true", help="print every program")
    parser.add_argument("--shrink", action="store_true", help="make failing programs small before printing them")
    options = parser.parse_args(argv)
    outcomes: collections.Counter[str] = collections.Counter()
    features: collections.Counter[str] = collections.Counter()
    failures, began = 0, time.monotonic()
    numbers = range(options.programs) if options.only is None else [options.only]
    for number in numbers:
        # One stream a program: any of them can be repeated without the others.
        program = generate(random.Random(f"{options.seed}.{number}").randbytes(BYTES))
        features.update(program.features)
        if options.show:
            print(program)
        try:
            outcome = check(program)
            if options.compiled and number % options.compiled == 0:
                outcome = check(program, compiled=True)
            # The same refusal of another name is the same.
            outcomes[re.sub("[`'][^`']*[`']", "_", f"{outcome.kind} {outcome.code}").strip()] += 1
        except Disagreement as e:
            failures += 1
            outcomes["failed"] += 1
            text = str(e)
            if options.shrink:
                try:
                    check(shrink(program))
                except Disagreement as small:
                    text = str(small)
            print(f"--- program {number}, seed {options.seed}: {text}\n", flush=True)
            if failures >= options.failures:
                break
    total = sum(outcomes.values())
    print(f"{total} programs in {time.monotonic() - began:.1f} s")
    for name, count in outcomes.most_common():
        print(f"  {count:6d}  {name}")
    print("features: " + ", ".join(f"{name} {count / total:.0%}" for name, count in features.most_common()))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
