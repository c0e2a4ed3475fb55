"""Programs as files: what random testing found, kept to be tried again.

A file is the program's own text, under a line saying what was wrong with its derivative and one with its arguments.
"""
from __future__ import annotations

import re
from pathlib import Path

from tests.fuzz.program import Program

FINDS = Path(__file__).parent / "finds"
HEADER = re.compile(r'"""(?P<what>.*?)"""\n# n = (?P<n>\d+), m = (?P<m>\d+), seed = (?P<seed>\d+)\n', re.DOTALL)


def write(file: Path, program: Program, what: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    what = what.replace("\\", "/").replace('"""', "'''")
    file.write_text(f'"""{what}"""\n# n = {program.n}, m = {program.m}, seed = {program.seed}\n{program.source}')


def read(file: Path) -> Program:
    text = file.read_text()
    found = HEADER.match(text)
    if found is None:
        raise ValueError(f"{file} does not say what it shows, and with which arguments")
    return Program(text[found.end():], frozenset(), *(int(found[k]) for k in ("seed", "n", "m")))
