"""Branches that are decided when the function is specialised: ``x is None``, ``x.ndim == 1``, comparisons of literals.

Before, for a call without ``y``::

    t1 = y is None
    if t1:
        s = x
    else:
        s = x * y

after::

    s = x
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from numba import types as nbt

from s2sad.ir import Assign, AugAssign, Call, Const, Function, If, Op, Rhs, Stmt
from s2sad.ir import walk as w
from s2sad.ir.types import is_array, is_complex

COMPARE = {"lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
           "eq": lambda a, b: a == b, "ne": lambda a, b: a != b}


def prune_decided(fn: Function) -> Function:
    """Replace decided branches by the side that runs. Needs the types of the parameters only."""
    counts = w.definition_counts(fn)
    decided: dict[str, bool] = {}
    nones = {s.target for s in w.walk(fn.body) if isinstance(s, Assign) and s.value == Const(None)}
    in_place = Counter(s.target for s in w.walk(fn.body) if isinstance(s, AugAssign))
    axes = {s.target: found for s in w.walk(fn.body) if isinstance(s, Assign) and counts[s.target] == 1
            and (found := _axes(fn, s.value, counts)) is not None}

    def value(a: object) -> bool | None:
        if isinstance(a, Const) and isinstance(a.value, bool):
            return a.value
        return decided.get(a) if isinstance(a, str) else None

    def truth(rhs: Rhs) -> bool | None:
        match rhs:
            case Op("is_" | "is_not" as op, (a, b)) if Const(None) in (a, b):
                other = b if a == Const(None) else a
                same = True if other in nones and counts[other] == 1 else _is_none(fn, other, counts)  # type: ignore[index]
                return None if same is None else same == (op == "is_")
            case Call("np.iscomplexobj", (str(x),)) if counts[x] - in_place[x] == 1 and is_array(fn.types.get(x)):
                return is_complex(fn.types[x])
            case Op("and_" | "or_" as op, (a, b)):
                known = value(a)
                return known if known == (op == "or_") else None
            case Op("not", (a,)):
                known = value(a)
                return None if known is None else not known
            case Op(op, args) if op in COMPARE:
                numbers = [axes.get(a) if isinstance(a, str) else a.value for a in args]
                if all(isinstance(n, (int, float)) for n in numbers):
                    return COMPARE[op](*numbers)
            case str() | Const():
                return value(rhs)
        return None

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        match s:
            case Assign(target) if target in axes:
                return (replace(s, value=Const(axes[target])),)
            case Assign(target, rhs) if counts[target] == 1 and (known := truth(rhs)) is not None:
                decided[target] = known
                return (replace(s, value=Const(known)),)
            case If(test, then, orelse) if (known := value(test)) is not None:
                return then if known else orelse
        return (s,)

    while True:
        before = len(decided)
        body = w.map_block(fn.body, visit)
        if body is fn.body and len(decided) == before:
            return fn
        fn = replace(fn, body=body)
        counts = w.definition_counts(fn)
        if len(decided) == before:
            return fn


def _axes(fn: Function, rhs: Rhs, counts: Mapping[str, int]) -> int | None:
    """The number of axes of a parameter, where that is what is asked for."""
    match rhs:
        case Call("np.ndim", (str(x),)) if counts[x] == 1 and x in fn.params and is_array(fn.types.get(x)):
            return fn.types[x].ndim
    return None


def _never_none(fn: Function, name: str) -> bool:
    """Whether a name is bound to something on every path to where it is read: a given argument, or a value."""
    pending, seen = [name], {name}
    while pending:
        n = pending.pop()
        if n in fn.params and (fn.types.get(n) is None or isinstance(fn.types[n], (nbt.NoneType, nbt.Omitted,
                                                                                   nbt.Optional))):
            return False
        bound = n in fn.params
        for s in w.walk(fn.body):
            if n not in w.binds(s):
                continue
            if not isinstance(s, Assign) or isinstance(s.value, Const) and s.value.value is None:
                return False
            bound = True
            if isinstance(s.value, str) and s.value not in seen:
                seen.add(s.value)
                pending.append(s.value)
        if not bound:
            return False
    return True


def _is_none(fn: Function, a: object, counts: dict[str, int]) -> bool | None:
    """Whether an operand is ``None``, where its type says so for good."""
    if isinstance(a, Const):
        return a.value is None
    t = fn.types.get(a)  # type: ignore[call-overload]
    if a in fn.params and counts.get(a, 0) != 1 and _never_none(fn, a):
        return False
    if counts.get(a, 0) != 1 or t is None or isinstance(t, nbt.Optional):  # type: ignore[call-overload]
        return None
    return isinstance(t, (nbt.NoneType, nbt.Omitted))
