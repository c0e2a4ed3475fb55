"""Loops with a note for reverse mode, over a range or of unknown length.

::

    for t in checkpointed(range(n), snapshots=k):          for t in range(n):
    while checkpointed(s > tolerance, snapshots=k):        while s > tolerance:
"""
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import gast

from s2sad.frontend.source import Library
from s2sad.ir.nodes import Checkpoints, Const

if TYPE_CHECKING:
    from s2sad.frontend.flatten import Flattener

CODE = "S2S071"
PARAMETERS = ("loop", "snapshots", "memory", "schedule")
UNITS = {"": 1, **{f"{p}B": 1000 ** k for k, p in enumerate(("", "k", "M", "G", "T"))},
         **{f"{p}iB": 1024 ** k for k, p in enumerate(("K", "M", "G", "T"), 1)}, "KB": 1000}
NEEDS_NUMBER = ("binomial", "periodic")
SCHEDULES = (*NEEDS_NUMBER, "sqrt", "store_all")


def checkpointed(flat: Flattener, node: gast.Call) -> tuple[gast.AST, Checkpoints | None]:
    """The range that is looped over, and what the call says about it."""
    loop, given = _arguments(node)
    if not isinstance(loop, gast.Call) or flat.meaning(loop.func) != Library("range"):
        flat.refuse("a checkpointed loop runs over a call of range", node, code=CODE,
                    hint="write `for t in s2sad.checkpointed(range(n), snapshots=20)`")
    return loop, _chosen(flat, node, given)


def condition(flat: Flattener, node: gast.AST) -> tuple[gast.AST, Checkpoints | None]:
    """The condition of a ``while`` loop, and what a call around it says about the loop."""
    if not isinstance(node, gast.Call) or flat.meaning(node.func) != Library("checkpointed"):
        return node, None
    test, given = _arguments(node)
    if test is None:
        flat.refuse("a checkpointed loop has no condition", node, code=CODE,
                    hint="write `while s2sad.checkpointed(condition, snapshots=20)`")
    how = _chosen(flat, node, given)
    if how is not None and how.schedule != "binomial":
        flat.refuse(f"the schedule {how.schedule!r} needs to know how many steps there are", given["schedule"],
                    code=CODE, hint="leave it out: snapshots are moved while the loop runs")
    return test, how


def _arguments(node: gast.Call) -> tuple[gast.AST | None, dict[str, gast.AST]]:
    given = dict(zip(PARAMETERS, node.args)) | {k.arg: k.value for k in node.keywords}
    return given.pop("loop", None), given


def _chosen(flat: Flattener, node: gast.Call, given: dict[str, gast.AST]) -> Checkpoints | None:
    """What the arguments say; ``None``: a loop like any other."""
    held = {name: constant(flat, name, value) for name, value in given.items()}
    schedule, snapshots = held.get("schedule", "binomial"), held.get("snapshots")
    memory = None if held.get("memory") is None else in_bytes(flat, held["memory"], given["memory"])
    if schedule not in SCHEDULES:
        flat.refuse(f"there is no schedule {schedule!r}", given["schedule"], code=CODE,
                    hint=f"schedules are {', '.join(SCHEDULES)}")
    if snapshots is not None and (type(snapshots) is not int or snapshots < 1):
        flat.refuse(f"{snapshots!r} is no number of snapshots", given["snapshots"], code=CODE,
                    hint="keep at least one: the state before the first step")
    if (snapshots is None) == (memory is None) and schedule in NEEDS_NUMBER:
        flat.refuse("a checkpointed loop keeps either a number of snapshots or as many as fit in memory", node,
                    code=CODE, hint='pass snapshots=20, or memory="500MB"')
    if memory is not None and schedule != "binomial" or snapshots is not None and schedule not in NEEDS_NUMBER:
        flat.refuse(f"the schedule {schedule!r} does not take that", node, code=CODE,
                    hint="memory= goes with the binomial schedule, snapshots= with the binomial and the periodic one")
    return None if schedule == "store_all" else Checkpoints(schedule, snapshots, memory)


def constant(flat: Flattener, name: str, node: gast.AST) -> Any:
    """The value of an argument, which has to be known when compiling."""
    held = flat.value(node) if name in PARAMETERS else None
    if not isinstance(held, Const):
        flat.refuse(f"'{name}' of a checkpointed loop is not known when compiling", node, code=CODE,
                    hint=f"pass a literal or a constant of the module; there are {', '.join(PARAMETERS[1:])}")
    return held.value


def bytes_of(value: object) -> int | None:
    """A number of bytes, however it is written; ``None`` if it is none.

    >>> bytes_of("1.5 MB"), bytes_of(2000), bytes_of("1 furlong")
    (1500000, 2000, None)
    """
    if isinstance(value, str) and (found := re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*([A-Za-z]*)\s*", value)):
        if found[2] in UNITS:
            return int(float(found[1]) * UNITS[found[2]])
    return value if type(value) is int and value >= 0 else None


def in_bytes(flat: Flattener, value: object, node: gast.AST) -> int:
    """A number of bytes from ``500_000_000`` or ``"500MB"``."""
    found = bytes_of(value)
    if found is not None:
        return found
    flat.refuse(f"{value!r} is no amount of memory", node, code=CODE, hint='write a number of bytes, or "500MB"')
