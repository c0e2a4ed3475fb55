"""What reverse mode does not support yet, refused with the place in the user's source.

An array allocated in each iteration with another size, for one: its shadow has no one size.
"""
from __future__ import annotations

from s2sad.analysis.activity import Activity
from s2sad.analysis.checkpoints import refuse_unrepeatable
from s2sad.analysis.plan import Plan
from s2sad.analysis.structure import Structure
from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Alloc, Assign, Function, Invoke
from s2sad.ir import walk as w
from s2sad.ir.types import is_array


def refuse_unsupported(fn: Function, active: Activity, at: Structure, plan: Plan) -> None:
    """Raise a located error for the first statement the reverse sweep could not follow."""
    refuse_unrepeatable(fn, at, plan.checkpointed, plan.repeated)
    for s in w.walk(fn.body):
        place = at.place[s]
        if isinstance(s, Assign) and is_array(fn.types.get(s.target)):
            n = s.target
            alive = n in active or n in plan.live
            if place.loops and alive and isinstance(s.value, Alloc):
                raise UnsupportedSyntax(
                    f"the array `{n}` is allocated in a loop with a size that changes: not supported yet",
                    loc=s.loc, code="S2S018", hint="allocate it once before the loop with its largest size")
            binders = at.binders[n]
            if len(binders) > 1 and alive and any(at.place[x].loops for x in binders if isinstance(x, Assign)):
                raise UnsupportedSyntax(f"the array `{n}` is bound again in a loop: not supported yet",
                                        loc=s.loc, code="S2S015", hint=f"write into it: `{n}[...] = ...`")
        if isinstance(s, Invoke) and s.rule is None and place.loops:
            made = [n for n in w.binds(s) if is_array(fn.types.get(n)) and (n in active or n in plan.live)]
            if made:
                raise UnsupportedSyntax(f"the recursive function '{s.fn}' makes an array in a loop: not supported yet",
                                        loc=s.loc, code="S2S018", hint="let it fill an array that it is given")
