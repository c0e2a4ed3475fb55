"""The counts of long runs, one line of JSON per thousand programs, so that several runs can be added up."""
from __future__ import annotations

import collections
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent


def commit() -> str:
    """Which state of the repository runs; with a plus where files differ from it."""
    try:
        made = subprocess.run(["git", "describe", "--always", "--abbrev=7", "--exclude=*", "--dirty=+"], cwd=HERE,
                              capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return made.stdout.strip()


def append(file: Path, state: str, seed: int, outcomes: Mapping[str, int]) -> None:
    with file.open("a") as out:
        out.write(json.dumps({"commit": state, "seed": seed, "outcomes": dict(outcomes)}) + "\n")


def total(file: Path) -> str:
    """The counts of all the runs, by commit and together."""
    by: dict[str, collections.Counter[str]] = {}
    for line in file.read_text().splitlines():
        read = json.loads(line)
        by.setdefault(read["commit"], collections.Counter()).update(read["outcomes"])
    by["all"] = sum(by.values(), collections.Counter())
    return "\n".join(f"{state}: {c.total() - c['also compiled']} programs; "
                     + ", ".join(f"{name} {n}" for name, n in c.most_common()) for state, c in by.items())
