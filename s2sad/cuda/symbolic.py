"""What the integers and tests of a kernel are, in terms of the thread's place, followed along one path.

A value is a polynomial (:class:`~s2sad.cuda.forms.Form`) in symbols. Symbols that start with ``~`` may be another
number for each thread; all others are one number for the threads of a block that are between the same two barriers.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from numba.core.types import Boolean

from s2sad.cuda.bounds import find_lower_bounds
from s2sad.cuda.forms import AXES, Form, block, block_size, grid_size, of_intrinsic, thread
from s2sad.cuda.linear import Constraint, at_least, equal, impossible, less
from s2sad.ir import Assign, Atom, Const, Dim, Function, Op, Rhs
from s2sad.ir import walk as w
from s2sad.ir.types import is_array, is_integer

ZERO, ONE = Form.number(0), Form.number(1)
EXACT = frozenset({"add", "sub", "mul", "neg", "pos", "int", "np.int64", "lt", "le", "gt", "ge", "eq", "ne", "not",
                   "and_", "or_"})
"""Operations on integers and tests whose value is a polynomial, or a test of such."""


@dataclass(frozen=True)
class Truth:
    """A test: what holds if it gave true, and what holds if it gave false."""

    when: tuple[Constraint, ...] = ()
    unless: tuple[Constraint, ...] = ()

    def opposite(self) -> Truth:
        return Truth(self.unless, self.when)


Value = Form | Truth


def as_truth(value: Value) -> Truth:
    """A value as a test: it is one, or zero."""
    return value if isinstance(value, Truth) else Truth((equal(value, ONE),), (equal(value, ZERO),))


@dataclass(frozen=True)
class State:
    """The values of names bound on the way, and what the branches taken say."""

    values: Mapping[str, Value] = field(default_factory=dict)
    facts: tuple[Constraint, ...] = ()

    def knowing(self, facts: tuple[Constraint, ...]) -> State:
        return replace(self, facts=(*self.facts, *facts))

    def binding(self, name: str, value: Value) -> State:
        return replace(self, values={**self.values, name: value})


def varies(symbol: str) -> bool:
    """Whether a symbol may be another number for each thread."""
    return symbol.startswith(("~", "threadIdx."))


class Symbolic:
    """Evaluates for one function. ``about`` says what is known of each symbol wherever it occurs."""

    def __init__(self, fn: Function, uniform: frozenset[str]) -> None:
        self.fn, self.uniform = fn, uniform
        self.binders: dict[str, list[object]] = {}
        for s in w.walk(fn.body):
            for n in w.binds(s):
                self.binders.setdefault(n, []).append(s)
        self.about: dict[str, tuple[Constraint, ...]] = {}
        self.apart = False
        """Within a loop without barriers: threads may be in different iterations of it."""
        self._number = count(1)
        self._lasting: dict[str, bool] = {}
        self._low = find_lower_bounds(fn)
        for axis in AXES:
            for place, size in ((thread(axis), block_size(axis)), (block(axis), grid_size(axis))):
                self.about[place] = (at_least(Form.symbol(place), ZERO), less(Form.symbol(place), Form.symbol(size)))
                self.about[size] = (at_least(Form.symbol(size), ONE),)

    # -- symbols

    def fresh(self, name: str, *, uniform: bool | None = None) -> Form:
        """A symbol for a value of which nothing is known but what holds for all values of the name."""
        same = not self.apart and (name in self.uniform if uniform is None else uniform)
        symbol = f"{'' if same else '~'}{name}@{next(self._number)}"
        self.about[symbol] = self._bounds(name, Form.symbol(symbol))
        return Form.symbol(symbol)

    def _bounds(self, name: str, form: Form) -> tuple[Constraint, ...]:
        low = self._low.get(name)
        return () if low is None else (at_least(form, Form.number(low)),)

    def knowing(self, form: Form, *facts: Constraint) -> Form:
        """The symbol, with more to be known about it."""
        (symbol,) = form.symbols()
        self.about[symbol] = (*self.about[symbol], *facts)
        return form

    def facts_about(self, constraints: Iterator[Constraint] | tuple[Constraint, ...]) -> set[Constraint]:
        """Constraints, with all that is known about the symbols in them and about products of these."""
        found: set[Constraint] = set()
        todo = list(constraints)
        while todo:
            c = todo.pop()
            if c not in found:
                found.add(c)
                todo += [f for s in c.form.symbols() for f in self.about.get(s, ())]
                todo += [Constraint(Form.of({m: 1})) for m, _ in c.form.terms
                         if len(m) > 1 and all(map(self._is_nonnegative, m))]
        return found

    def _is_nonnegative(self, symbol: str) -> bool:
        return any(at_least(Form.symbol(symbol), Form.number(n)) in self.about.get(symbol, ()) for n in (0, 1))

    # -- values

    def integer(self, a: Atom) -> bool:
        return is_integer(self.fn.types.get(a)) if isinstance(a, str) else type(a.value) is int

    def of(self, a: Atom, state: State) -> Value:
        """The value of an atom."""
        if isinstance(a, Const):
            return Form.number(int(a.value)) if isinstance(a.value, int) else Truth()
        if a in state.values:
            return state.values[a]
        found = self._lasting_value(a, state)
        return found if found is not None else self.fresh(a)

    def form(self, a: Atom, state: State) -> Form:
        value = self.of(a, state)
        return value if isinstance(value, Form) else self.fresh(a if isinstance(a, str) else "t")

    def truth(self, a: Atom, state: State) -> Truth:
        """What a test says; where nothing else is known, that it is the one or the other."""
        value = self.of(a, state)
        return as_truth(self.fresh(a if isinstance(a, str) else "t") if value == Truth() else value)

    def start(self) -> State:
        """What is known before anything was bound: each name has some value."""
        changing = (n for n in self.binders if not self.lasts(n) and not is_array(self.fn.types.get(n)))
        return State({n: self.fresh(n) for n in changing})

    def _lasting_value(self, name: str, state: State) -> Value | None:
        """The value of a name that always has the same one once it is bound."""
        intrinsic = self.fn.intrinsics.get(name)
        if intrinsic is not None and intrinsic.space == "place":
            return of_intrinsic(intrinsic.text)
        if not self.lasts(name):
            return None
        binders = self.binders.get(name, [])
        if not binders:
            symbol = name
        else:
            (s,) = binders
            assert isinstance(s, Assign)
            if not isinstance(s.value, Dim):
                return self.value(s.target, s.value, state)
            symbol = f"{s.value.array}.shape[{s.value.axis}]"
        if symbol not in self.about:
            form = Form.symbol(symbol)
            self.about[symbol] = (at_least(form, ZERO),) if binders else self._bounds(name, form)
        return Form.symbol(symbol)

    def lasts(self, name: str) -> bool:
        """Whether a name has one value all the time: it is given, or computed once from such."""
        if name not in self._lasting:
            self._lasting[name] = False                          # while it is looked at: it may lead to itself
            self._lasting[name] = self._lasts(name)
        return self._lasting[name]

    def _lasts(self, name: str) -> bool:
        if is_array(self.fn.types.get(name)):
            return False
        if name in self.fn.intrinsics:
            return True
        binders = self.binders.get(name, [])
        if name in self.fn.params:
            return not binders
        match binders:
            case [Assign(_, str() | Const() | Op() as value)]:
                return all(self.lasts(n) for n in w.rhs_names(value)) and self._exact(value)
            case [Assign(_, Dim())]:
                return True
        return False

    def _exact(self, value: Rhs) -> bool:
        """Whether the value is a polynomial: of others each evaluation would make another symbol."""
        return not isinstance(value, Op) or value.fn in EXACT and all(map(self._whole, value.args))

    def _whole(self, a: Atom) -> bool:
        return self.integer(a) or isinstance(a, Const) or isinstance(self.fn.types.get(a), Boolean)

    def value(self, target: str, value: Rhs, state: State) -> Value:
        """The value of an expression that is bound to ``target``."""
        match value:
            case str() | Const():
                return self.of(value, state)
            case Op(fn, args):
                return self._operation(target, fn, args, state)
            case Dim(array, axis):
                symbol = Form.symbol(f"{array}.shape[{axis}]")
                self.about[f"{array}.shape[{axis}]"] = (at_least(symbol, ZERO),)
                return symbol
        return self.fresh(target)

    def _operation(self, target: str, fn: str, args: tuple[Atom, ...], state: State) -> Value:
        if fn == "not":
            return self.truth(args[0], state).opposite()
        if fn == "and_" and not self.integer(target):
            return Truth(tuple(c for a in args for c in self.truth(a, state).when))
        if fn == "or_" and not self.integer(target):
            return Truth((), tuple(c for a in args for c in self.truth(a, state).unless))
        if not all(map(self.integer, args)):
            return self.fresh(target)
        forms = [self.form(a, state) for a in args]
        match fn, forms:
            case "add", [a, b]:
                return a + b
            case "sub", [a, b]:
                return a - b
            case "mul", [a, b]:
                return a * b
            case "neg", [a]:
                return a * Form.number(-1)
            case ("int" | "np.int64" | "pos"), [a]:
                return a
            case "lt", [a, b]:
                return Truth((less(a, b),), (at_least(a, b),))
            case "le", [a, b]:
                return Truth((at_least(b, a),), (less(b, a),))
            case "gt", [a, b]:
                return Truth((less(b, a),), (at_least(b, a),))
            case "ge", [a, b]:
                return Truth((at_least(a, b),), (less(a, b),))
            case "eq", [a, b]:
                return Truth((equal(a, b),), self._apart_from(a, b))
            case "ne", [a, b]:
                return Truth(self._apart_from(a, b), (equal(a, b),))
            case "floordiv", [a, b]:
                return self._quotient(target, a, b)[0]
            case "mod", [a, b]:
                return self._quotient(target, a, b)[1]
            case "rshift", [a, b] if b.constant is not None and 0 <= b.constant < 62:
                return self._quotient(target, a, Form.number(1 << b.constant))[0]
            case "lshift", [a, b] if b.constant is not None and 0 <= b.constant < 62:
                return a * Form.number(1 << b.constant)
            case "min", [a, b]:
                c = self.fresh(target)
                return self.knowing(c, at_least(a, c), at_least(b, c))
            case "max", [a, b]:
                c = self.fresh(target)
                return self.knowing(c, at_least(c, a), at_least(c, b))
        return self.fresh(target)

    def _apart_from(self, a: Form, b: Form) -> tuple[Constraint, ...]:
        """What ``a != b`` says where one bounds the other: a place is not negative."""
        for x, y in ((a, b), (b, a)):
            if self.certain(at_least(x, y)):
                return (less(y, x),)
        return ()

    def certain(self, c: Constraint) -> bool:
        """Whether ``form >= 0`` follows from what is known of the symbols."""
        below = Constraint(c.form * Form.number(-1) - ONE)
        return impossible(self.facts_about((below,)))

    def _quotient(self, target: str, a: Form, b: Form) -> tuple[Form, Form]:
        """Quotient and remainder, rounded down, by what is known to be positive."""
        same = not any(map(varies, a.symbols() | b.symbols()))
        q, r = (self.fresh(f"{target}{op}", uniform=same) for op in ("//", "%"))
        if self.certain(at_least(b, ONE)):
            facts = equal(a, b * q + r), at_least(r, ZERO), less(r, b)
            self.knowing(q, *facts, *((at_least(q, ZERO),) if self.certain(at_least(a, ZERO)) else ()))
            self.knowing(r, *facts)
        return q, r
