"""Integers of a kernel as polynomials in the thread's place, so that two of them can be compared.

``blockIdx.x * blockDim.x + threadIdx.x`` and ``cuda.grid(1)`` are the same polynomial. A name that is assigned once is
what its expression says; anything else is a symbol of its own.

>>> x = Form.symbol("x")
>>> (x + Form.number(2)) * Form.number(3) == x * Form.number(3) + Form.number(6)
True
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from s2sad.ir import Assign, Atom, Const, Dim, For, Function, Load, Op
from s2sad.ir import walk as w
from s2sad.ir.types import is_array, is_integer

AXES = "xyz"
Monomial = tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """A polynomial with integer coefficients: the coefficient of each product of symbols."""

    terms: tuple[tuple[Monomial, int], ...]

    @staticmethod
    def of(terms: Mapping[Monomial, int]) -> Form:
        return Form(tuple(sorted((m, c) for m, c in terms.items() if c)))

    @staticmethod
    def number(value: int) -> Form:
        return Form.of({(): value})

    @staticmethod
    def symbol(name: str) -> Form:
        return Form.of({(name,): 1})

    def __add__(self, other: Form) -> Form:
        terms = dict(self.terms)
        for m, c in other.terms:
            terms[m] = terms.get(m, 0) + c
        return Form.of(terms)

    def __sub__(self, other: Form) -> Form:
        return self + other * Form.number(-1)

    def __mul__(self, other: Form) -> Form:
        terms: dict[Monomial, int] = {}
        for m, c in self.terms:
            for n, d in other.terms:
                key = tuple(sorted((*m, *n)))
                terms[key] = terms.get(key, 0) + c * d
        return Form.of(terms)

    def substituted(self, symbol: str, value: Form) -> Form:
        """The form with another one in place of a symbol."""
        out = Form(())
        for m, c in self.terms:
            term = Form.of({tuple(s for s in m if s != symbol): c})
            for _ in range(m.count(symbol)):
                term = term * value
            out = out + term
        return out

    def renamed(self, symbols: Mapping[str, str]) -> Form:
        """The form with other symbols in place of some."""
        return Form.of({tuple(sorted(symbols.get(s, s) for s in m)): c for m, c in self.terms})

    def coefficient(self, *monomial: str) -> int:
        return dict(self.terms).get(tuple(sorted(monomial)), 0)

    @property
    def constant(self) -> int | None:
        """The number it is, if it is one."""
        return None if any(m for m, _ in self.terms) else self.coefficient()

    def symbols(self) -> set[str]:
        return {s for m, _ in self.terms for s in m}


def thread(axis: str) -> str:
    return f"threadIdx.{axis}"


def block(axis: str) -> str:
    return f"blockIdx.{axis}"


def block_size(axis: str) -> str:
    return f"blockDim.{axis}"


def grid_size(axis: str) -> str:
    return f"gridDim.{axis}"


def place(axis: str) -> Form:
    """The thread's place in the grid along an axis."""
    return Form.symbol(block(axis)) * Form.symbol(block_size(axis)) + Form.symbol(thread(axis))


def stride(axis: str) -> Form:
    """How many threads the grid has along an axis."""
    return Form.symbol(grid_size(axis)) * Form.symbol(block_size(axis))


def of_intrinsic(text: str) -> Form:
    """What an expression such as ``cuda.grid(2)[1]`` is."""
    _, what = text.split(".", 1)
    if what.startswith("grid"):
        axis = AXES[int(what[-2])] if what.endswith("]") else "x"
        if not what.startswith("gridDim"):
            return stride(axis) if what.startswith("gridsize") else place(axis)
    return Form.symbol(what)


@dataclass(frozen=True)
class Bounds:
    """What a symbol is at least, and at most."""

    low: int | None
    high: int | None


class Forms:
    """The forms of a function's integers."""

    def __init__(self, fn: Function) -> None:
        self.fn = fn
        self.binders: dict[str, list[object]] = {}
        for s in w.walk(fn.body):
            for n in w.binds(s):
                self.binders.setdefault(n, []).append(s)
        self.written = {a for s in w.walk(fn.body) for a in w.written(s)}
        self.bounds: dict[str, Bounds] = {}
        self._known: dict[str, Form] = {}
        self._constant: dict[str, bool] = {}

    def of(self, a: Atom) -> Form:
        if isinstance(a, Const):
            return Form.number(a.value) if type(a.value) is int else Form.symbol(repr(a.value))
        if a not in self._known:
            self._known[a] = Form.symbol(a)                      # while it is looked at: it may lead to itself
            self._known[a] = self._find(a)
        return self._known[a]

    def _find(self, name: str) -> Form:
        intrinsic = self.fn.intrinsics.get(name)
        if intrinsic is not None and intrinsic.space == "place":
            return of_intrinsic(intrinsic.text)
        binders = self.binders.get(name, [])
        if len(binders) == 2 and name not in self.fn.params:
            return self._stepped(name, *binders) or self._stepped(name, *reversed(binders)) or Form.symbol(name)
        if len(binders) != 1 or name in self.fn.params:
            return Form.symbol(name)
        match binders[0]:
            case Assign(_, str() | Const() as source):
                return self.of(source)
            case Assign(_, Op("add", (a, b))):
                return self.of(a) + self.of(b)
            case Assign(_, Op("sub", (a, b))):
                return self.of(a) - self.of(b)
            case Assign(_, Op("mul", (a, b))) if self._integer(a) and self._integer(b):
                return self.of(a) * self.of(b)
            case Assign(_, Op("neg", (a,))):
                return self.of(a) * Form.number(-1)
            case Assign(_, Op("int" | "np.int64", (a,))) if self._integer(a):
                return self.of(a)
            case For(var, start, stop, step) if var == name:
                return self._counter(name, start, stop, step)
        return Form.symbol(name)

    def _integer(self, a: Atom) -> bool:
        return is_integer(self.fn.types.get(a)) if isinstance(a, str) else type(a.value) is int

    def _stepped(self, name: str, first: object, again: object) -> Form | None:
        """``i = a``, and in a loop ``i += b``."""
        match first, again:
            case Assign(_, str() | Const() as start), Assign(_, Op("add", (x, step))) if x == name:
                by = self.of(step)
                if self.is_constant_form(by):
                    return self._after_trips(name, self.of(start), by)
        return None

    def _after_trips(self, name: str, first: Form, by: Form) -> Form:
        trips = f"trips of {name}"
        self.bounds[trips] = Bounds(0, None)
        return first + by * Form.symbol(trips)

    def _counter(self, name: str, start: Atom, stop: Atom, step: Atom) -> Form:
        first, by = self.of(start), self.of(step)
        if by.constant is None or first.constant is None:
            return self._after_trips(name, first, by)
        low, last = first.constant, self.of(stop).constant
        if by.constant > 0:
            self.bounds[name] = Bounds(low, None if last is None else max(last - 1, low))
        elif last is not None:
            self.bounds[name] = Bounds(last + 1, low)
        return Form.symbol(name)

    # -- what does not change

    def is_constant(self, symbol: str) -> bool:
        """Whether a symbol has one value, the same for all threads and all the time."""
        if symbol.startswith(("blockDim.", "gridDim.")):
            return True
        if symbol.startswith(("threadIdx.", "blockIdx.", "trips of ")):
            return False
        if symbol not in self._constant:
            self._constant[symbol] = False
            self._constant[symbol] = self._is_constant(symbol)
        return self._constant[symbol]

    def _is_constant(self, name: str) -> bool:
        binders = self.binders.get(name, [])
        if name in self.fn.params:
            return not binders and not is_array(self.fn.types[name]) and name not in self.fn.intrinsics
        if len(binders) != 1 or not isinstance(binders[0], Assign):
            return False
        match binders[0].value:
            case Dim():
                return True
            case Op(_, args):
                return all(self.is_constant_form(self.of(a)) for a in args)
            case Load(array, index):
                return array not in self.written and array not in self.fn.intrinsics and all(
                    self.is_constant_form(self.of(a)) for a in index)
        return False

    def is_stable(self, symbol: str) -> bool:
        """Whether what a test says of a symbol still holds in the branch it leads to: nothing there changes it."""
        if symbol.startswith(("threadIdx.", "blockIdx.")) or self.is_constant(symbol):
            return True
        return len(self.binders.get(symbol.removeprefix("trips of "), [])) == 1

    def is_nonnegative(self, form: Form) -> bool:
        """Whether no term of a form can be negative."""
        return all(c >= 0 and all(self._is_nonnegative(s) for s in m) for m, c in form.terms)

    def _is_nonnegative(self, symbol: str) -> bool:
        if symbol.startswith(("blockDim.", "gridDim.", "threadIdx.", "blockIdx.", "trips of ")):
            return True
        bounds = self.bounds.get(symbol)
        if bounds is not None:
            return bounds.low is not None and bounds.low >= 0
        match self.binders.get(symbol, []):
            case [Assign(_, Dim())]:
                return True
            case [Assign(_, Op("floordiv", (a, Const(int() as k))))] if k > 0:
                return self.is_nonnegative(self.of(a))
            case [Assign(_, Op("mod", (_, Const(int() as k))))] if k > 0:
                return True
            case [Assign(_, Op("min", args))]:
                return all(self.is_nonnegative(self.of(a)) for a in args)
            case [Assign(_, Op("max", args))]:
                return any(self.is_nonnegative(self.of(a)) for a in args)
        return False

    def is_constant_form(self, form: Form) -> bool:
        return all(self.is_constant(s) for s in form.symbols())


def varies(symbols: Iterable[str]) -> bool:
    """Whether any of the symbols tells threads apart."""
    return any(s.startswith(("threadIdx.", "blockIdx.")) for s in symbols)
