"""Reverse mode: a forward sweep that keeps what is required, and a reverse sweep that propagates adjoints.

Before::

    def f(x, y):
        z = x * y
        return math.sin(z)

after (forward sweep, then reverse sweep)::

    def f_adjoint(x, y, b_value):
        z = x * y
        b_z = zmul(b_value, math.cos(z))
        b_x = zmul(b_z, y)
        b_y = zmul(b_z, x)
        return b_x, b_y

Reference: A. Griewank, A. Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapters 3 to 5.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numba import types as nbt

from s2sad.analysis.activity import Activity
from s2sad.analysis.fusible import Fusion
from s2sad.ir import Arg, Atom, Block, Const, Function
from s2sad.ir import walk as w
from s2sad.ir.types import is_array, is_differentiable
from s2sad.transform.context import Context
from s2sad.transform.control import prepare_control
from s2sad.transform.forward_sweep import ForwardSweep
from s2sad.transform.reverse_sweep import ReverseSweep
from s2sad.transform.segments import segment_loops
from s2sad.transform.tapes import Tapes
from s2sad.transform.target import CPU, Target

if TYPE_CHECKING:
    from s2sad.kinds.callees import Callees


@dataclass(frozen=True)
class Adjoint:
    """The two sweeps and the names a caller meets."""

    forward: Block
    reverse: Block
    shadows: dict[str, str]
    """Active array parameters and their shadows."""
    cotangents: tuple[str, ...]
    """One per floating-point leaf of the result."""
    gradients: tuple[tuple[str, Atom], ...]
    """Scalar parameters asked for and their adjoints at the end."""
    types: dict[str, Any]
    result: Arg | None
    tapes: Tapes
    context: Context
    """What was planned."""


def build_adjoint(fn: Function, active: Activity, wrt: tuple[str, ...], *, strong_zero: bool = True,
                  seeded: frozenset[int] | None = None, carry: bool = True, callees: Callees | None = None,
                  fuse: Fusion = Fusion.NONE, target: Target = CPU) -> Adjoint:
    """Differentiate a lowered function. Array parameters that are active, or in ``wrt``, get a shadow parameter.

    ``seeded`` restricts the leaves of the result that get a cotangent. With ``carry`` the shadows of arrays that are
    swapped with a parameter are swapped in the forward sweep; without, all shadows start with the reverse sweep.
    ``callees`` gives the names of functions that are called rather than inlined. ``fuse`` says which loops may be
    fused (:mod:`s2sad.analysis.fusible`): the forward sweep does not have them.
    """
    made = fn, active, wrt, strong_zero, seeded, carry, callees, target
    built = _built(*made, fuse)
    return built if built is not None else _built(*made, Fusion.NONE)  # type: ignore[return-value]


def _built(fn: Function, active: Activity, wrt: tuple[str, ...], strong_zero: bool, seeded: frozenset[int] | None,
           carry: bool, callees: Callees | None, target: Target, fuse: Fusion) -> Adjoint | None:
    """The adjoint; ``None`` if it turns out that the loop in question cannot give the value as well."""
    fn = prepare_control(segment_loops(fn))
    sweep = ReverseSweep(fn, active, strong_zero, carry, callees, fuse, target)
    shadows = _name_shadows(sweep, wrt)
    leaves = _cotangents(sweep, seeded)
    sweep.reverse_begin(leaves)
    sweep.rev_block(fn.body)
    gradients: list[tuple[str, Atom]] = []
    for p in wrt:
        if not is_array(sweep.types[p]):
            total = sweep.acc.value(p) if p in active else None
            gradients.append((p, sweep.zero(p) if total is None else total))
    reverse = tuple(sweep.out)
    result = fn.result
    if fuse is Fusion.WITH_VALUE and sweep.plan.fused:
        (loop,), k = sweep.plan.fused, sweep.up_to_fused
        around = ForwardSweep(sweep).run_around(loop, reverse[:k], reverse[k:])
        if around is None:
            return None
        (forward, result), reverse = around, reverse[k:]
    else:
        forward = ForwardSweep(sweep).run()
    return Adjoint(forward, reverse, shadows, tuple(c for _, c in leaves), tuple(gradients), sweep.types, result,
                   sweep.tapes, sweep)


def _name_shadows(sweep: ReverseSweep, wrt: tuple[str, ...]) -> dict[str, str]:
    """Name the shadows of all active arrays; gives those of parameters."""
    parameters = [p for p in sweep.fn.params if is_array(sweep.types[p]) and is_differentiable(sweep.types[p])
                  and (p in sweep.active or p in wrt)]
    for p in parameters:
        sweep.shadow[p] = sweep.names.fresh(f"b_{p}")
        sweep.types[sweep.shadow[p]] = sweep.types[p]
    shadows = dict(sweep.shadow)
    for s in w.walk(sweep.fn.body):
        for n in w.binds(s):
            if n in sweep.active and is_array(sweep.types.get(n)) and n not in sweep.shadow:
                sweep.shadow[n] = sweep.names.fresh(f"b_{n}")
                sweep.types[sweep.shadow[n]] = sweep.types[n]
    sweep.acc.variable.update({n: b for n, b in sweep.shadow.items() if n in sweep.fn.params})
    return shadows


def _cotangents(sweep: ReverseSweep, seeded: frozenset[int] | None) -> list[tuple[Atom, str]]:
    """The floating-point leaves of the result and the names of their cotangents."""
    leaves: list[tuple[Atom, str]] = []
    floats = [a for k, a in enumerate(w.result_leaves(sweep.fn.result))
              if sweep.is_differentiable(a) and (seeded is None or k in seeded)]
    for k, a in enumerate(floats):
        c = sweep.names.fresh("b_value" if len(floats) == 1 else f"b_value_{k}")
        sweep.types[c] = sweep.types.get(a, nbt.float64) if isinstance(a, str) else _literal_type(a)
        leaves.append((a, c))
    return leaves


def _literal_type(a: Const) -> nbt.Type:
    return nbt.complex128 if isinstance(a.value, complex) else nbt.float64
