"""Random programs checked, in processes of a thousand each, and what became of them counted."""
from __future__ import annotations

import argparse
import collections
import gc
import random
import re
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.fuzz import case_files, summary
from tests.fuzz.generator import generate
from tests.fuzz.oracles import check
from tests.fuzz.program import Program
from tests.fuzz.report import Disagreement
from tests.fuzz.shrink import shrink

BYTES = 500
CHUNK = 1000


def chunks(options: argparse.Namespace, numbers: range | list[int]) -> Iterator[Counts]:
    """What became of the programs, a thousand at a time."""
    if len(numbers) <= CHUNK:
        yield checked(options, numbers)
        return
    with ProcessPoolExecutor(options.jobs, get_context("spawn"), patient_collection,
                             max_tasks_per_child=1) as processes:
        waiting = [processes.submit(checked, options, numbers[k:k + CHUNK]) for k in range(0, len(numbers), CHUNK)]
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:
            processes.shutdown(cancel_futures=True)


def checked(options: argparse.Namespace, numbers: Iterable[int]) -> Counts:
    """What became of some programs; also in the summary."""
    run = Run(options)
    try:
        for number in numbers:
            run.one(number)
            if run.counts.failures >= options.failures:
                break
    finally:
        if options.summary and run.counts.outcomes:
            summary.append(options.summary, summary.commit(), options.seed, run.counts.outcomes)
    return run.counts


@dataclass
class Counts:
    """Outcomes and features of programs, and for how long they are counted."""

    failures: int = 0
    outcomes: collections.Counter[str] = field(default_factory=collections.Counter)
    features: collections.Counter[str] = field(default_factory=collections.Counter)
    began: float = field(default_factory=time.monotonic)

    @property
    def total(self) -> int:
        return self.outcomes.total() - self.outcomes["also compiled"]

    def add(self, other: Counts) -> None:
        self.failures += other.failures
        self.outcomes += other.outcomes
        self.features += other.features

    def progress(self) -> None:
        kinds: collections.Counter[str] = collections.Counter()
        for name, count in self.outcomes.items():
            kinds[" ".join(name.split()[:2]) if name.startswith(("refused", "also")) else name] += count
        print(f"{self.total}, {self.total / (time.monotonic() - self.began):.1f}/s: "
              + ", ".join(f"{name} {count}" for name, count in kinds.most_common()), flush=True)

    def print(self) -> None:
        print(f"{self.total} programs in {time.monotonic() - self.began:.1f} s")
        for name, count in self.outcomes.most_common():
            print(f"  {count:6d}  {name}")
        shares = (f"{name} {count / self.total:.0%}" for name, count in self.features.most_common())
        print("features: " + ", ".join(shares), flush=True)


class Run:
    """The programs of one process."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.counts = Counts()

    def one(self, number: int) -> None:
        options = self.options
        # One stream a program: any of them can be repeated without the others.
        program = generate(random.Random(f"{options.seed}.{number}").randbytes(BYTES))
        self.counts.features.update(program.features)
        if options.show:
            print(program)
        compiled = bool(options.compiled) and number % options.compiled == 0
        try:
            outcome = check(program, thorough=options.thorough)
            if compiled:
                check(program, compiled=True)
                self.counts.outcomes["also compiled"] += 1
            # The same refusal of another name is the same.
            self.counts.outcomes[re.sub("[`'][^`']*[`']", "_", f"{outcome.kind} {outcome.code}").strip()] += 1
        except Disagreement as e:
            self.counts.failures += 1
            self.counts.outcomes["failed"] += 1
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


def patient_collection() -> None:
    """A compiler makes many objects that live on: looking at all of them again and again costs a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
