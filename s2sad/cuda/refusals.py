"""What kernels cannot do here, refused with the place in the author's source."""
from __future__ import annotations

from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Alloc, Assign, Call, Effect, Function, Grow, Invoke, Raise
from s2sad.ir import walk as w
from s2sad.ir.types import is_array, is_complex


def refuse_in_kernels(fn: Function) -> None:
    """Raise a located error for the first statement that has no counterpart in a derivative kernel."""
    if fn.result is not None:
        raise UnsupportedSyntax("a kernel returns no value", loc=fn.loc, code="S2S080",
                                hint="write results into an array")
    for n, i in fn.intrinsics.items():
        if i.space == "shared":
            raise UnsupportedSyntax(f"memory shared by a block (`{n}`) is not supported yet", loc=fn.loc,
                                    code="S2S080", hint="let each thread read what it needs from global memory")
    for s in w.walk(fn.body):
        what = ""
        match s:
            case Raise():
                what = "an exception in a kernel is not supported: numba drops it unless it debugs"
            case Effect(Call("cuda.syncthreads")):
                what = "a barrier is not supported yet"
            case Effect():
                what = "a call for its effect is not supported in a kernel"
            case Invoke():
                what = f"a call of '{s.fn}', which is recursive or has a rule of its own, is not supported in a kernel"
            case Assign(_, Alloc()) | Grow():
                what = "an array made in a kernel is not supported"
            case Assign(_, Call(name)):
                what = f"`{name}` is not supported in a kernel"
            case Assign(target) if is_complex(fn.types.get(target)) or is_array(fn.types.get(target)):
                what = "a complex number or an array bound to a name is not supported in a kernel"
        if what:
            raise UnsupportedSyntax(what, loc=s.loc, code="S2S080",
                                    hint="use numbers, the arrays the kernel is given, and `cuda.local.array`")
