"""Which arrays of a kernel are touched so that no two threads meet: proven, or refused.

A thread *owns* an element if its index tells which thread it is: ``a[i]`` with ``i = cuda.grid(1)``, ``a[3 * i + k]``
with ``k`` in ``range(3)``, ``a[i, j]`` on a grid of two axes, ``a[cuda.blockIdx.x]`` by the one thread with
``cuda.threadIdx.x == 0``. Where every access to an array is of that form, and of the same one, the array might as well
be the thread's own: its content can be saved and restored, and increments to its shadow need not be atomic.

==============  =============================================  ==========================================
an array        how the kernel touches it                      its shadow
==============  =============================================  ==========================================
``own``         by elements that the thread owns               plain increments
``shared``      it is only read                                atomic increments
``gathered``    only ``cuda.atomic.add`` and ``sub``           only read
==============  =============================================  ==========================================

Everything else is refused: values would flow between threads in an order that nobody knows.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from s2sad.cuda.forms import AXES, Form, Forms, block, block_size, grid_size, place, stride, thread, varies
from s2sad.cuda.guards import Fact, Guards
from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Assign, Atom, Function, Increment, Load, Permute, Stmt, Store
from s2sad.ir import walk as w
from s2sad.ir.types import is_array

Signature = tuple[object, ...]
"""How an index tells threads apart; accesses with one in common that meet in an element are by the same thread."""


@dataclass(frozen=True)
class Access:
    """One statement's access to one element."""

    s: Stmt
    array: str
    index: tuple[Atom, ...]
    kind: str
    """``load``, ``store``, ``update`` (an increment) or ``atomic``."""


@dataclass(frozen=True)
class Ownership:
    """``own`` arrays are the thread's by all their accesses; ``ones`` are extents of the launch that must be 1."""

    own: frozenset[str]
    ones: tuple[str, ...]


def accesses(fn: Function) -> dict[str, list[Access]]:
    """Every access to an array, by the array."""
    out: dict[str, list[Access]] = {}
    for s in w.walk(fn.body):
        match s:
            case Assign(_, Load(array, index)):
                access = Access(s, array, index, "load")
            case Store(array, index):
                access = Access(s, array, index, "store")
            case Increment(array, index):
                access = Access(s, array, index, "atomic" if s.atomic else "update")
            case _:
                continue
        out.setdefault(access.array, []).append(access)
    return out


class Places:
    """The axes of a launch that a kernel knows, and how it tells threads apart by them."""

    def __init__(self, fn: Function, forms: Forms, guards: Guards) -> None:
        self.forms, self.guards = forms, guards
        symbols = {s for n, i in fn.intrinsics.items() if i.space == "place" for s in forms.of(n).symbols()}
        self.threads = tuple(a for a in AXES if thread(a) in symbols)
        self.blocks = tuple(a for a in AXES if block(a) in symbols)
        self.axes = tuple(a for a in AXES if a in self.threads or a in self.blocks)

    def ones(self) -> tuple[str, ...]:
        """The extents that must be 1 for the kernel to know which thread it runs in."""
        return tuple([block_size(a) for a in AXES if a not in self.threads]
                     + [grid_size(a) for a in AXES if a not in self.blocks])

    def signatures(self, access: Access) -> set[Signature]:
        """All the ways in which the index of an access tells the thread."""
        facts = self.guards.at[access.s]
        index = [self.forms.of(a) for a in access.index]
        found = {tuple(each) for each in product(*(self._by_axis(a, index, facts) for a in self.axes))}
        return found | set(self._flattened(index, facts))

    def _by_axis(self, axis: str, index: list[Form], facts: tuple[Fact, ...]) -> list[object]:
        in_grid, in_block = axis in self.blocks, axis in self.threads
        own = place(axis) if in_grid and in_block else Form.symbol(thread(axis) if in_block else block(axis))
        found: list[object] = []
        fixed = self._fixed(own, facts)
        if fixed is not None:
            found.append(("only", axis, fixed))
        fixed_thread = self._fixed(Form.symbol(thread(axis)), facts) if in_block else None
        fixed_block = self._fixed(Form.symbol(block(axis)), facts) if in_grid else None
        if fixed_thread is not None and fixed_block is not None:
            found.append(("only", axis, (fixed_thread, fixed_block)))
        for k, form in enumerate(index):
            if not self.never_wraps(form, facts):
                continue
            key = self._injective(form, own, stride(axis) if in_grid and in_block else None)
            if key is not None:
                found.append(("each", axis, k, key))
            if fixed_thread is not None and in_grid:
                key = self._injective(form, Form.symbol(block(axis)), None)
                if key is not None:
                    found.append(("one of a block", axis, fixed_thread, k, key))
        return found

    def never_wraps(self, form: Form, facts: tuple[Fact, ...]) -> bool:
        """Whether an index is not negative: those that are count from the end, where another thread's elements are."""
        if self.forms.is_nonnegative(form):
            return True
        one = Form.number(1)
        return any(self.forms.is_nonnegative(form - f.right + f.left + (one if f.op == "lt" else one - one))
                   for f in facts) or any(f.op == "eq" and self.forms.is_nonnegative(form - f.left + f.right)
                                          for f in facts)

    def _fixed(self, own: Form, facts: tuple[Fact, ...]) -> Form | None:
        """The one value that a place is known to have, as in ``if cuda.grid(1) == 0``."""
        for fact in facts:
            if fact.op == "eq":
                for a, b in ((fact.left, fact.right), (fact.right, fact.left)):
                    value = own + b - a
                    if a != b and self.forms.is_constant_form(value):
                        return value
        return None

    def _injective(self, form: Form, own: Form, period: Form | None) -> object:
        """What is left of ``c * own + rest``, if equal values mean equal places: ``c`` and ``rest``, small parts aside.

        Multiples of ``period``, the number of places, do not matter: a loop goes from place to place of the same
        thread.
        """
        symbol = next(s for s in sorted(own.symbols()) if s.startswith(("threadIdx.", "blockIdx.")))
        if thread(symbol[-1]) in own.symbols():
            symbol = thread(symbol[-1])
        c = form.coefficient(symbol)
        if c == 0:
            return None
        rest = form - own * Form.number(c)
        if varies(rest.symbols()):
            return None
        step = abs(c)
        low = high = rest.coefficient()
        kept: dict[tuple[str, ...], int] = {}
        for monomial, k in rest.terms:
            if not monomial or period is not None and k % step == 0 and self._is_multiple(monomial, period):
                continue
            if all(self.forms.is_constant(s) for s in monomial):
                kept[monomial] = k
                continue
            bounds = self.forms.bounds.get(monomial[0]) if len(monomial) == 1 else None
            if bounds is None or bounds.low is None or bounds.high is None:
                return None
            ends = (k * bounds.low, k * bounds.high)
            low, high = low + min(ends), high + max(ends)
        if low // step != high // step:
            return None                                          # it reaches into the next thread's elements
        return c, Form.of(kept), low // step

    def _is_multiple(self, monomial: tuple[str, ...], period: Form) -> bool:
        (of, _), = period.terms
        return all(monomial.count(s) >= of.count(s) for s in of) and any(s.startswith("trips of ") for s in monomial)

    def _flattened(self, index: list[Form], facts: tuple[Fact, ...]) -> Iterator[Signature]:
        """``a[j * n + i]`` with ``i < n`` on a grid of two axes."""
        if len(self.axes) != 2 or self.threads != self.axes or self.blocks != self.axes:
            return
        for slow, fast in (self.axes, self.axes[::-1]):
            for k, form in enumerate(index):
                if form.coefficient(thread(fast)) != 1:
                    continue
                rest = form - place(fast)
                width = Form.of({tuple(s for s in m if s != thread(slow)): c for m, c in rest.terms
                                 if m.count(thread(slow)) == 1})
                rest = rest - place(slow) * width
                # what a place is less than is positive, so nothing here is negative but maybe the rest
                if self.forms.is_constant_form(rest) and self.forms.is_nonnegative(rest) \
                        and self.forms.is_constant_form(width) and any(
                        f.op == "lt" and f.left == place(fast) and f.right == width for f in facts):
                    yield ("flat", slow, k, width, rest)


def find_ownership(fn: Function, differentiated: frozenset[str]) -> Ownership:
    """Prove that threads do not meet, or raise. ``differentiated`` are the arrays with derivatives.

    Examples
    --------
    >>> from numba import types
    >>> from s2sad.ir.intrinsics import Intrinsic
    >>> a = types.float64[::1]
    >>> fn = Function("f", ("y", "x", "i"), (Assign("t", Load("x", ("i",))), Store("y", ("i",), "t")), None,
    ...               types={"y": a, "x": a}, intrinsics={"i": Intrinsic("cuda.grid(1)", "place", types.int64)})
    >>> found = find_ownership(fn, frozenset({"x", "y"}))
    >>> sorted(found.own), found.ones[:2]
    (['x', 'y'], ('blockDim.y', 'blockDim.z'))
    """
    forms = Forms(fn)
    places = Places(fn, forms, Guards(fn, forms))
    _refuse_rebinding(fn)
    own: set[str] = set()
    for array, found in sorted(accesses(fn).items()):
        if array in fn.params and array not in fn.intrinsics and is_array(fn.types[array]):
            if _is_own(array, found, places, differentiated):
                own.add(array)
    return Ownership(frozenset(own), places.ones())


def _is_own(array: str, found: list[Access], places: Places, differentiated: frozenset[str]) -> bool:
    kinds = {a.kind for a in found}
    common: set[Signature] | None = None
    first = next((a for a in found if a.kind != "load"), found[0])
    for a in (first, *(a for a in found if a is not first)):
        mine = places.signatures(a)
        rest = mine if common is None else common & mine
        if not rest:
            if kinds in ({"load"}, {"atomic"}) or kinds == {"store"} and array not in differentiated:
                return False
            _refuse(array, first, a, bool(mine))
        common = rest
    return True


def _refuse(array: str, first: Access, a: Access, is_owner: bool) -> None:
    if a is first or a.kind != "load" and not is_owner:
        raise UnsupportedSyntax(
            f"two threads may write the same element of `{array}`", loc=a.s.loc, code="S2S081",
            why="its index is not seen to be another one for each thread, so the order of writes is not known",
            hint="use an index that is the thread's own, as `i = cuda.grid(1)` is, or `cuda.atomic.add`")
    if first.kind == "atomic" or a.kind == "atomic":
        raise UnsupportedSyntax(
            f"`{array}` is updated atomically and accessed otherwise in one kernel", loc=a.s.loc, code="S2S081",
            why="which updates came before is not known",
            hint="read the total in another kernel, or use an array of its own for it")
    raise UnsupportedSyntax(
        f"another thread may have written this element of `{array}`", loc=a.s.loc, code="S2S081",
        why=f"line {first.s.loc.line} writes elements of other threads, and nothing waits for it",
        hint="read from one array and write to another, or use two kernels")


def _refuse_rebinding(fn: Function) -> None:
    """Names that stand for one array now and for another later hide which one is meant."""
    for s in w.walk(fn.body):
        names = s.targets if isinstance(s, Permute) else (s.target,) if isinstance(s, Assign) else ()
        if any(is_array(fn.types.get(n)) for n in names):
            raise UnsupportedSyntax("an array bound to a name in a kernel is not supported here", loc=s.loc,
                                    code="S2S080", hint="use one name for one array, and views of it only")


def shadows_updated_plainly(fn: Function, ownership: Ownership, shadows: Mapping[str, str]) -> frozenset[str]:
    """The arrays, shadows included, whose elements only one thread changes."""
    local = {n for n, i in fn.intrinsics.items() if i.space == "local"} | set(ownership.own)
    return frozenset(local | {shadows[n] for n in local if n in shadows})
