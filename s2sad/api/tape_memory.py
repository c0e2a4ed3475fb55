"""Tapes that do not fit in memory: which loop keeps them, and what helps."""
from __future__ import annotations

from numba.core.compiler_lock import global_compiler_lock

from s2sad.api.program import Program
from s2sad.errors import S2sadError, TapeMemoryError
from s2sad.frontend.layout import Layout
from s2sad.frontend.ruled import settling


def no_memory_for_tapes(program: Program, layout: Layout, leaves: tuple[str, ...],
                        value: bool) -> TapeMemoryError | None:
    """The error for a gradient that ran out of memory; ``None`` if it keeps nothing in a loop."""
    from s2sad.explaining.explained import explained  # needed here only, and slow to import
    try:
        with global_compiler_lock, settling():
            plan = explained(layout.user, layout.types, leaves, value=value, numba_options=program.options,
                             math=program.math).told(leaves, None).plan
    except S2sadError:
        return None
    kept = [s for s in plan.stored if s.loops]
    if not kept:
        return None
    most = max(kept, key=lambda s: len(s.loops))
    inner = most.loops[-1]
    each = sum(s.itemsize for s in kept if s.loops[-1] == inner)
    where = "" if inner.line == most.loops[0].line else f" (in the loop of line {inner.line})"
    return TapeMemoryError(f"there is no memory for what the gradient of {program.name} keeps of this loop",
                           loc=most.loops[0], why=f"it keeps {each} bytes in each iteration{where}: "
                           + ", ".join(dict.fromkeys(s.what for s in kept if s.loops[-1] == inner)),
                           hint="keep snapshots instead: `for t in s2sad.checkpointed(range(n), snapshots=20)`, or "
                                'memory="500MB"; s2sad.explain shows what is kept')
