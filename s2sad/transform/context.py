"""What the two sweeps of an adjoint share: the analyses, the tapes, the shadows, and the statements being written."""
from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numba import types as nbt

from s2sad.analysis.activity import Activity
from s2sad.analysis.fusible import Fusion
from s2sad.analysis.only_stores import find_only_stores
from s2sad.analysis.plan import Plan
from s2sad.analysis.required import plan_required
from s2sad.analysis.structure import Loop, Structure
from s2sad.ir import Assign, Atom, Call, Const, Dim, Function, Invoke, Permute, Rhs, Stmt
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_complex, is_differentiable, is_integer
from s2sad.transform.accumulate import Accumulators
from s2sad.transform.restrictions import refuse_unsupported
from s2sad.transform.snapshots import Snapshots
from s2sad.transform.tapes import Tape
from s2sad.transform.target import CPU, Target

if TYPE_CHECKING:
    from s2sad.kinds.callees import Callees

ONE, ZERO, FZERO = Const(1), Const(0), Const(0.0)


class Context:
    """State of one adjoint.

    ``plan`` says what is kept and what is computed again, ``tape_of`` where each kept quantity lies, ``shadow`` which
    array holds the adjoint of an active array, ``carried`` which shadows take part in the forward sweep too.
    """

    def __init__(self, fn: Function, active: Activity, strong_zero: bool, carry: bool,
                 callees: Callees | None = None, fuse: Fusion = Fusion.NONE, target: Target = CPU) -> None:
        self.fn, self.active, self.strong_zero, self.callees = fn, active, strong_zero, callees
        self.at = Structure(fn)
        self.plan: Plan = plan_required(fn, active, self.at, fuse=fuse,
                                       computes_again=target.computes_again)
        names = w.all_names(fn)
        # What earlier passes have dropped may have had a name that is given anew.
        self.types: dict[str, Any] = {n: t for n, t in fn.types.items() if n in names}
        self.names = Names(names)
        self.tapes = target.tapes(fn, self.names, self.types)
        self.tapes.extents = frozenset(
            s.target for s in w.walk(fn.body) if isinstance(s, Assign) and isinstance(s.value, Dim))
        self.fuse = fuse
        self.tape_of: dict[object, Tape] = {}
        self.only_stores = find_only_stores(fn, self.at)
        self.shadow: dict[str, str] = {}
        self.snapshots: dict[Loop, Snapshots] = {}
        self.undefined: set[str] = set()
        """Scalars kept before anything certainly bound them: they start as zero."""
        self.out: list[Stmt] = []
        self.loc = fn.loc
        self.acc = Accumulators(self.emit, self.names.fresh, self.zero)
        self.carried = groups_with_parameters(fn) if carry else set()
        refuse_unsupported(fn, active, self.at, self.plan)

    def emit(self, s: Stmt) -> None:
        self.out.append(s)

    def primal_call(self, s: Invoke) -> Invoke:
        """A call of the forward sweep."""
        assert self.callees is not None
        name, pure = self.callees.primal(s, self.fn)
        return replace(s, fn=name, before=(), pure=pure)

    def temp(self, value: Rhs, hint: str = "t") -> str:
        name = self.names.fresh(hint)
        self.emit(Assign(name, value, self.loc))
        return name

    # ------------------------------------------------------------------ questions

    def is_differentiable(self, a: Atom) -> bool:
        return isinstance(a.value, (float, complex)) if isinstance(a, Const) else is_differentiable(self.types.get(a))

    def is_integer(self, a: Atom) -> bool:
        return isinstance(a.value, int) if isinstance(a, Const) else is_integer(self.types.get(a))

    def is_product_in_loop(self, n: str) -> bool:
        d = self.at.binders[n][0]
        return isinstance(d, Assign) and isinstance(d.value, Call) and bool(self.at.place[d].loops)

    def zero(self, name: str) -> Const:
        t = self.types.get(name)
        if isinstance(t, nbt.Boolean):
            return Const(False)
        return ZERO if is_integer(t) else Const(0j) if is_complex(t) else FZERO

    def element_type(self, s: Stmt) -> tuple[str, object]:
        array = w.writes(s)
        if array is not None:
            return array, self.types[array].dtype
        return s.target, self.types[s.target]  # type: ignore[union-attr]

    # ------------------------------------------------------------------ tapes

    def stored(self, key: object, quantity: str, kind: object, loops: tuple[Loop, ...]) -> Tape:
        if key not in self.tape_of:
            self.tape_of[key] = self.tapes.new(quantity, kind, loops, self.loc)
        return self.tape_of[key]

    def fetch(self, tape: Tape, target: str) -> None:
        statements, rhs = self.tapes.load(tape, self.loc)
        for s in statements:
            self.emit(s)
        self.emit(Assign(target, rhs, self.loc))


def groups_with_parameters(fn: Function) -> set[str]:
    """Arrays swapped with a parameter: their shadows are swapped in the forward sweep too.

    >>> fn = Function("f", ("x",), (Permute(("x", "y"), ("y", "x")), Permute(("u", "v"), ("v", "u"))), None)
    >>> sorted(groups_with_parameters(fn))
    ['x', 'y']
    """
    groups: dict[str, set[str]] = {}
    for s in w.walk(fn.body):
        if isinstance(s, Permute):
            merged = set(s.targets).union(*(groups.get(t, set()) for t in s.targets))
            for n in merged:
                groups[n] = merged
    return {n for n, g in groups.items() if g & set(fn.params)}
