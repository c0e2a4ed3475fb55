"""Plant bugs in the compiler and see how soon the fuzzer notices each.

``python -m tests.fuzz.planting`` prints after how many programs each was noticed, and by what; ``--record`` writes the
programs, made small, to ``mutants.json``, on which the test suite repeats it quickly, and the table of them to the
documentation.

A search walks through the programs once, with every bug that is still unnoticed at each of them. A bug is checked in
full only where the compiler comes by its place and answers something else.
"""
from __future__ import annotations

import argparse
import ast
import contextlib
import inspect
import json
import random
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from s2sad import driver
from tests.fuzz.generator import generate
from tests.fuzz.mutants import HITS, MUTANTS, Mutant
from tests.fuzz.oracles import check
from tests.fuzz.program import Program
from tests.fuzz.report import Disagreement, time_limit
from tests.fuzz.shrink import shrink

RECORD = Path(__file__).with_name("mutants.json")
PAGE = Path(__file__).parents[2] / "docs" / "planted-bugs.md"
MOST = 1000
BYTES = 300


# ---------------------------------------------------------------------------- planting

@contextlib.contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The compiler with the bug in it."""
    code = mutant.where.__code__
    mutant.where.__code__ = _changed(mutant)
    driver._recent.clear()
    try:
        yield
    finally:
        mutant.where.__code__ = code
        driver._recent.clear()


def _changed(mutant: Mutant) -> CodeType:
    text = _text(mutant.where)
    return _compiled(mutant.where, text.replace(_old(mutant, text), mutant.new, 1))


def _text(f: FunctionType) -> str:
    return textwrap.dedent(inspect.getsource(f))


def _old(mutant: Mutant, text: str) -> str:
    for old in (mutant.old, textwrap.dedent(mutant.old)):
        if old in text:
            return old
    raise LookupError(f"{mutant.name}: {mutant.where.__qualname__} no longer says {mutant.old!r}; adapt the mutant")


def _compiled(f: FunctionType, text: str) -> CodeType:
    space: dict = {}
    module = sys.modules[f.__module__]
    exec(compile(f"from __future__ import annotations\n{text}", "<mutant>", "exec"), {**vars(module)}, space)
    return space[f.__name__].__code__


@contextlib.contextmanager
def watched(mutants: Sequence[Mutant]) -> Iterator[None]:
    """The compiler as it is, but whose places it comes by is noted in :data:`tests.fuzz.mutants.HITS`."""
    codes = {f: f.__code__ for f in {m.where: None for m in mutants}}
    for f in codes:
        f.__code__ = _watched(f, tuple(m for m in mutants if m.where is f))
    try:
        yield
    finally:
        for f, code in codes.items():
            f.__code__ = code


@cache
def _watched(f: FunctionType, mutants: tuple[Mutant, ...]) -> CodeType:
    text = _text(f)
    tree = ast.parse(text)
    for mutant in mutants:
        line = text[:text.index(_old(mutant, text))].count("\n") + 1
        blocks = [b for n in ast.walk(tree) for name in ("body", "orelse")
                  if isinstance(b := getattr(n, name, None), list) and b is not tree.body]
        # The innermost statement around the place.
        block, at = min(((b, s) for b in blocks for s in b if s.lineno <= line <= (s.end_lineno or 0)),
                        key=lambda found: (found[1].end_lineno - found[1].lineno, -found[1].lineno))
        note = f"__import__('tests.fuzz.mutants').fuzz.mutants.HITS.add({mutant.name!r})"
        block[block.index(at):block.index(at)] = ast.parse(note).body
    return _compiled(f, ast.unparse(tree))


# ---------------------------------------------------------------------------- what is done once

LATE = ("s2sad.transform.", "s2sad.kinds.", "s2sad.analysis.required", "s2sad.analysis.kills", "s2sad.optimise.fold",
        "s2sad.analysis.only_stores", "s2sad.analysis.activity", "s2sad.optimise.coalesce", "s2sad.optimise.zeros")
"""Modules that run after a function is lowered, which is then done once for all mutants of them."""


class Recorded:
    """A check of a program: what the compiler was asked, what it answered, and which mutants' places it came by."""

    def __init__(self, program: Program, mutants: Sequence[Mutant]) -> None:
        self.calls: list[tuple[bool, tuple, dict, str | None]] = []
        HITS.clear()
        with watched(mutants), _instead(self._record):
            self.outcome = check(program)
        self.hits = frozenset(HITS)
        self.prepared = dict(driver._recent)

    def _record(self, original: Callable, *args: Any, **options: Any) -> Any:
        self.calls.append((driver.optimised, args, options, None))
        made = original(*args, **options)
        self.calls[-1] = (driver.optimised, args, options, made.source)
        return made

    def changed(self, mutant: Mutant) -> bool:
        """Whether the compiler, with the bug planted, now answers anything else."""
        if mutant.where.__module__.startswith(LATE):
            driver._recent.update(self.prepared)
        before = driver.optimised
        try:
            for optimised, args, options, source in self.calls:
                driver.optimised = optimised
                try:
                    with time_limit(10.0):
                        made = driver.generate(*args, **options).source
                except Exception:
                    made = None
                if made != source:
                    return True
        finally:
            driver.optimised = before
        return False


@contextlib.contextmanager
def _instead(replacement: Callable) -> Iterator[None]:
    original = driver.generate
    driver.generate = lambda *args, **options: replacement(original, *args, **options)
    try:
        yield
    finally:
        driver.generate = original


# ---------------------------------------------------------------------------- the search

def search(mutants: Sequence[Mutant], seed: int, most: int = MOST) -> Iterator[tuple[Mutant, int, Program, str]]:
    """(bug, after how many programs, the program, what was seen) as they are noticed."""
    left = list(mutants)
    for k in range(most):
        if not left:
            return
        program = generate(random.Random(f"{seed}.{k}").randbytes(BYTES))
        try:
            recorded = Recorded(program, left)
        except Disagreement as e:
            print(f"program {k} of seed {seed} fails without any bug planted: {e}", file=sys.stderr)
            continue
        if recorded.outcome.kind == "wild":
            continue
        for mutant in list(left):
            what = noticed(mutant, program, recorded)
            if what is not None:
                left.remove(mutant)
                yield mutant, k + 1, program, what


def noticed(mutant: Mutant, program: Program, recorded: Recorded) -> str | None:
    """What a check of a program sees of a planted bug."""
    if mutant.name not in recorded.hits:
        return None
    with planted(mutant):
        if not recorded.changed(mutant):
            return None
        driver._recent.clear()
        try:
            check(program)
        except Disagreement as e:
            return str(e).split("\n", 1)[0]
    return None


def recorded_program(found: dict[str, Any]) -> Program:
    return Program(found["source"], frozenset(), found["seed"], found["n"], found["m"])


def still_notices(mutant: Mutant, program: Program) -> bool:
    """Whether a program is right as the compiler is, and wrong with the bug planted."""
    if not check(program).kind.startswith("agrees"):
        return False
    with planted(mutant):
        try:
            check(program)
        except Disagreement:
            return True
    return False


HEAD = """\
# Bugs planted in the compiler

What the tests of derivatives are worth is measured on bugs: one at a time is planted in the compiler, and random
programs (`tests/fuzz`) are checked with it until one gives a wrong value, a wrong derivative or an error.

Of {all} bugs, {random} are noticed within {most} programs, half of them within {median}{by_hand}.

The test suite repeats each on the program recorded for it, and checks that the program is right without the bug.
`python -m tests.fuzz.planting` searches anew, `--record` writes this page.

| bug | planted in | programs until noticed | noticed by |
|---|---|---|---|
"""


def page(record: dict[str, dict[str, Any]]) -> str:
    """The table of the bugs for the documentation."""
    found = sorted(r["programs"] for r in record.values() if r["programs"] is not None)
    hand = len(record) - len(found)
    head = HEAD.format(all=len(record), random=len(found), most=max(found), median=found[len(found) // 2],
                       by_hand=f"; {hand} by programs written by hand only (a dash in the table)" if hand else "")
    return head + "".join(
        f"| {m.name} | `{m.where.__module__}.{m.where.__qualname__}` | {record[m.name]['programs'] or '–'} "
        f"| {record[m.name]['noticed']} |\n" for m in MUTANTS if m.name in record)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.planting", description="Plant bugs in the compiler.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="bugs whose name contains this")
    parser.add_argument("--programs", type=int, default=MOST, help="give up after so many")
    parser.add_argument("--record", action="store_true", help="write the programs that notice them to mutants.json")
    options = parser.parse_args(argv)
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    began = time.monotonic()
    mutants = [m for m in MUTANTS if not options.only or options.only in m.name]
    left = list(mutants)
    for mutant, programs, program, what in search(mutants, options.seed, options.programs):
        left.remove(mutant)
        print(f"{programs:5d}  {mutant.name}: {what[:90]}", flush=True)
        if options.record:
            kept = record.get(mutant.name)
            if kept is None or not still_notices(mutant, recorded_program(kept)):
                with planted(mutant):
                    small = shrink(program, tries=25)
                kept = {k: v for k, v in asdict(small).items() if k != "features"}
            record[mutant.name] = {**kept, "programs": programs, "noticed": what.split(":", 1)[0]}
            known = {m.name: record[m.name] for m in MUTANTS if m.name in record}
            RECORD.write_text(json.dumps(known, indent=1) + "\n")
            PAGE.write_text(page(known))
    for mutant in left:
        print(f"never  {mutant.name}")
    print(f"{len(left)} of {len(mutants)} never noticed; {time.monotonic() - began:.0f} s")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
