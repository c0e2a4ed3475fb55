"""``numba.cuda`` in kernels: threads' places, memory, barriers and atomic updates.

What a kernel finds around it becomes an :class:`~s2sad.ir.intrinsics.Intrinsic`, a parameter of the IR after the
author's; ``cuda.atomic.add(a, i, x)`` becomes ``a[i] += x``, marked as atomic.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

import gast
import numpy as np
from numba import types as nbt
from numba.np.numpy_support import from_dtype

from s2sad.frontend.source import Library, Meaning, Module
from s2sad.ir.intrinsics import BARRIER, Intrinsic, numba_name
from s2sad.ir.nodes import Arg, Assign, AugItem, Call, Const, DType, Effect, Function, Stmt, TupleArg
from s2sad.ir.walk import definition_counts, map_block, substitute_reads, walk

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions

MODULES = ("numba.cuda", "numba_cuda.numba.cuda")
AXES = ("x", "y", "z")
PLACES = ("threadIdx", "blockIdx", "blockDim", "gridDim")
TEMPORARY = re.compile(r"t\d+")
SPACES = {"cuda.shared.array": "shared", "cuda.local.array": "local"}


def is_device_module(module: ModuleType) -> bool:
    return module.__name__ in MODULES


def device_module() -> Module:
    """The module ``numba.cuda``, by its names alone: under the simulator most of them do not exist outside kernels."""
    return Module("cuda", lambda attr: _member(f"cuda.{attr}"))


def _member(name: str) -> Meaning:
    last = name.rsplit(".", 1)[1]
    if last in PLACES or last in ("atomic", "shared", "local"):
        return Module(name, lambda attr: _member(f"{name}.{attr}"))
    return Library(name)


def device_value(flat: Expressions, name: str, node: gast.AST) -> Arg:
    """``cuda.threadIdx.x`` and the like."""
    _require_kernel(flat, name, node)
    _, what, *axis = name.split(".")
    if what in PLACES and axis in (["x"], ["y"], ["z"]):
        return _place(flat, name)
    flat.refuse(f"`{name}` is not supported", node, code="S2S080", hint="use grid, gridsize, threadIdx, blockIdx, "
                "blockDim, gridDim, shared.array, local.array, syncthreads and atomic.add")


def device_call(flat: Expressions, name: str, node: gast.Call) -> Arg:
    """A call in an expression."""
    _require_kernel(flat, name, node)
    if name in ("cuda.grid", "cuda.gridsize"):
        return _grid(flat, name, node)
    if name in SPACES:
        return _memory(flat, name, node)
    if name.startswith("cuda.atomic."):
        flat.refuse(f"the value that `{name}` returns is not supported", node, code="S2S080",
                    why="which threads came before is not known to the reverse sweep",
                    hint="call it as a statement of its own")
    flat.refuse(f"`{name}` is not supported", node, code="S2S080",
                hint="barriers are `cuda.syncthreads()`, atomic updates `cuda.atomic.add` and `cuda.atomic.sub`")


def device_effect(flat: Expressions, node: gast.Call) -> bool:
    """A call as a statement: whether it was one of ``numba.cuda``, and then it is emitted."""
    meaning = flat.meaning(node.func)
    if not isinstance(meaning, Library) or not meaning.name.startswith("cuda."):
        return False
    name = meaning.name
    _require_kernel(flat, name, node)
    loc = flat.user.loc(node)
    if name == BARRIER and not node.args:
        flat.emit(Effect(Call(BARRIER, ()), loc))
        return True
    if name in ("cuda.atomic.add", "cuda.atomic.sub") and len(node.args) == 3 and not node.keywords:
        array = flat.array(node.args[0])
        at = flat.value(node.args[1])
        items = at.items if isinstance(at, TupleArg) else (at,)
        index = tuple(flat.as_atom(i, node.args[1]) for i in items)
        value = flat.atom(node.args[2])
        flat.emit(AugItem(array, index, name.rsplit(".", 1)[1], value, loc, atomic=True))
        return True
    if name.startswith("cuda.atomic."):
        flat.refuse(f"`{name}` is not supported", node, code="S2S080",
                    hint="of atomic updates `cuda.atomic.add` and `cuda.atomic.sub` are")
    return False


def _require_kernel(flat: Expressions, name: str, node: gast.AST) -> None:
    if flat.names.intrinsics is None:
        flat.refuse(f"`{name}` outside a kernel", node, code="S2S080",
                    hint='differentiate the kernel with @s2sad.differentiate(target="cuda")')


def _place(flat: Expressions, text: str) -> str:
    """The parameter that stands for an expression of the thread's place; one for each expression."""
    held = flat.names.intrinsics
    assert held is not None
    for name, known in held.items():
        if known.text == text:
            return name
    name = flat.names.flag(text.removeprefix("cuda.").replace("(", "_").replace(")", "").replace("[", "_")
                           .replace("]", "").replace(".", "_"))
    held[name] = Intrinsic(text, "place", nbt.int64)
    return name


def _grid(flat: Expressions, name: str, node: gast.Call) -> Arg:
    count = flat.value(node.args[0]) if len(node.args) == 1 and not node.keywords else None
    if not isinstance(count, Const) or count.value not in (1, 2, 3):
        flat.refuse(f"`{name}` takes the number of axes: a literal 1, 2 or 3", node, code="S2S080",
                    hint=f"write `{name}(1)`")
    if count.value == 1:
        return _place(flat, f"{name}(1)")
    return TupleArg(tuple(_place(flat, f"{name}({count.value})[{k}]") for k in range(count.value)))


def _memory(flat: Expressions, name: str, node: gast.Call) -> str:
    given = [flat.value(a) for a in node.args]
    named = {k.arg: flat.value(k.value) for k in node.keywords}
    shape = given[0] if given else named.get("shape")
    dtype = given[1] if len(given) > 1 else named.get("dtype")
    sizes = [s.value for s in (shape.items if isinstance(shape, TupleArg) else (shape,)) if isinstance(s, Const)]
    rank = len(shape.items) if isinstance(shape, TupleArg) else 1
    if len(sizes) != rank or not all(type(s) is int and s > 0 for s in sizes) or not isinstance(dtype, DType):
        flat.refuse(f"the shape and type of `{name}` must be known when the kernel is compiled", node, code="S2S080",
                    why="dynamic shared memory, of size 0 here, is not supported",
                    hint=f"write `{name}((16, 16), numba.float64)`, or use a global constant")
    kind = from_dtype(np.dtype(dtype.name))
    held = flat.names.intrinsics
    assert held is not None
    array = flat.names.flag("tile" if SPACES[name] == "shared" else "local")
    extent = str(sizes[0]) if rank == 1 else f"({', '.join(map(str, sizes))})"
    text = f"{name}({extent}, {numba_name(kind)})"
    held[array] = Intrinsic(text, SPACES[name], nbt.Array(kind, rank, "C"), tuple(sizes))
    return array


def with_intrinsics(fn: Function, intrinsics: Mapping[str, Intrinsic]) -> Function:
    """Make them parameters, and let every barrier name the arrays in shared memory."""
    shared = tuple(n for n, i in intrinsics.items() if i.space == "shared")

    def named(s: Stmt) -> tuple[Stmt, ...]:
        return (Effect(Call(BARRIER, shared), s.loc),) if _is_barrier(s) else (s,)

    fn = replace(fn, params=(*fn.params, *intrinsics), body=map_block(fn.body, named), intrinsics=dict(intrinsics))
    return _with_author_names(fn)


def _with_author_names(fn: Function) -> Function:
    """``i = grid_1`` goes, and ``grid_1`` is called ``i``, where that is all that ``i`` ever is."""
    bound = definition_counts(fn)
    chosen: dict[str, str] = {}
    for s in walk(fn.body):
        if isinstance(s, Assign) and s.value in fn.intrinsics and bound[s.target] == 1 \
                and not TEMPORARY.fullmatch(s.target) and s.value not in chosen:
            chosen[s.value] = s.target  # type: ignore[index]
    gone = set(chosen.items())

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        if isinstance(s, Assign) and (s.value, s.target) in gone:
            return ()
        return (substitute_reads(s, chosen),)

    return replace(fn, params=tuple(chosen.get(p, p) for p in fn.params), body=map_block(fn.body, visit),
                   intrinsics={chosen.get(n, n): i for n, i in fn.intrinsics.items()})


def without_barriers(fn: Function) -> Function:
    """What the types of a kernel follow from: barriers have none, and numba's CPU target does not know them."""
    if not fn.intrinsics:
        return fn
    return replace(fn, body=map_block(fn.body, lambda s: () if _is_barrier(s) else (s,)))


def _is_barrier(s: Stmt) -> bool:
    return isinstance(s, Effect) and s.call.fn == BARRIER
