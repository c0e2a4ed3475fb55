"""The reverse of a single statement: its operands' adjoints get their share of its target's.

Before::

    z = x * y

after::

    b_x += zmul(b_z, y)
    b_y += zmul(b_z, x)
"""
from __future__ import annotations

from collections.abc import Iterator

from s2sad.analysis.kinds import on_complex, rule_of
from s2sad.analysis.required import inverse, is_complex_atom, operand_partials
from s2sad.analysis.structure import Loop
from s2sad.errors import UnsupportedFunction, UnsupportedSyntax
from s2sad.ir import Alloc, Assign, Atom, Block, Call, Increment, Load, Op, Rhs, Stmt, Store
from s2sad.ir import walk as w
from s2sad.ir.types import is_complex
from s2sad.rules.table import Rule
from s2sad.transform.calls import ReverseCalls
from s2sad.transform.complex_products import ComplexProducts
from s2sad.transform.context import FZERO
from s2sad.transform.formulas import RESULT, needed
from s2sad.transform.products import weighted


class ReverseStatements(ReverseCalls):
    """Undoing an overwrite, and adjoints of assignments and stores."""

    def recompute(self, d: Assign) -> None:
        value = d.value
        if isinstance(value, Op) and value.fn == "nonzero":
            value = value.args[0]            # tested in the forward sweep
        self.emit(Assign(d.target, value, self.loc))

    def restore(self, s: Stmt, loops: tuple[Loop, ...]) -> Atom | None:
        """Undo an overwrite; gives the overwritten-by value if a rule wants it."""
        omega: Atom | None = None
        if isinstance(s, Assign) and s.target in self.active and isinstance(s.value, Op):
            if any(RESULT in needed(f) for f in operand_partials(s, self.active, self.plan.known.get(s)).values()):
                omega = self.temp(s.target, s.target)
        undo = inverse(s, self.types)
        if undo is not None:
            self.emit(undo)
            return omega
        quantity, kind = self.element_type(s)
        tape = self.stored(s, quantity, kind, loops)
        match s:
            case Store(array, index) | Increment(array, index):
                old = self.names.fresh("t")
                self.fetch(tape, old)
                self.emit(Store(array, index, old, self.loc))
            case Assign(target):
                self.fetch(tape, target)
            case _:
                raise AssertionError(f"nothing is overwritten by {s!r}")
        return omega

    def rev_scalar(self, s: Assign, target: str, value: Rhs, body: Block, omega: Atom | None) -> None:
        taken = self.acc.take(target)
        own: list[tuple[int, Atom]] = []
        if taken is not None:
            outer, g = taken
            # All amounts are computed before any adjoint changes, and the one `g` is read from changes last.
            amounts: dict[str, list[tuple[int, Atom]]] = {}
            for operand, sign, amount in self.contributions(s, target, value, outer, g, omega):
                amounts.setdefault(operand, []).append((outer * sign, amount))
            own = amounts.pop(target, [])
            for operand in sorted(amounts, key=lambda n: self.acc.adjoint_name(n) == g):
                self.acc.add_all(operand, amounts[operand])
        self.acc.set(target, own, as_list=self.at.home(target)[0] is body)

    def contributions(self, s: Assign, target: str, value: Rhs, outer: int, g: Atom,
                      omega: Atom | None) -> Iterator[tuple[str, int, Atom]]:
        """(operand, sign, amount) for every active operand of a scalar assignment with adjoint ``outer * g``.

        What an array's elements get goes to its shadow at once.
        """
        match value:
            case str() if value in self.active:
                yield value, 1, self.part_for(value, target, g)
            case Load(array, index) if array in self.active:
                g = self.part_for(array, target, g)
                self.emit(Increment(self.shadow[array], index, g, outer, self.loc))
            case Op(_, args):
                result: Atom = target if omega is None else omega
                products = self.complex_products(s, result)
                for k, partial in operand_partials(s, self.active, self.plan.known.get(s)).items():
                    operand = args[k]
                    assert isinstance(operand, str)
                    hint = f"b_{operand}"
                    if products is not None:
                        sign, amount = products.adjoint(g, operand, target, partial, hint)
                    else:
                        sign, amount = weighted(self.part_for(operand, target, g), partial, result, self.temp, hint,
                                                strong_zero=self.strong_zero, is_integer=self.is_integer)
                    yield operand, sign, amount
            case Call("np.dot", (str(a), str(b)), _):
                for x, other in ((a, b), (b, a)):
                    if x in self.active:
                        self.scaled_increment(self.shadow[x], outer, g, other)
            case Call() if any(a in self.active for a in w.rhs_names(value)):
                raise UnsupportedFunction(f"no derivative rule for `{value.fn}`", loc=s.loc, code="S2S021",
                                          hint="write it as a loop over the elements")

    def rev_store(self, s: Stmt, array: str, index: tuple[Atom, ...], value: Atom) -> None:
        b = self.shadow[array]
        if isinstance(value, str) and value in self.active:
            g = self.temp(Load(b, index), f"b_{value}")
            if s not in self.only_stores:
                self.emit(Store(b, index, FZERO, self.loc))
            self.acc.add(value, 1, self.part_for(value, array, g))
        elif s not in self.only_stores:
            self.emit(Store(b, index, FZERO, self.loc))

    def part_for(self, operand: str, target: str, g: Atom) -> Atom:
        """The adjoint of a complex target for a real operand that was put into it: the real part."""
        if is_complex(self.types.get(target)) and not is_complex(self.types.get(operand)):
            return self.temp(Op("np.real", (g,)), f"b_{operand}")
        return g

    def complex_products(self, s: Assign, result: Atom) -> ComplexProducts | None:
        """How an operation on complex numbers passes on adjoints; ``None`` for one on real numbers."""
        assert isinstance(s.value, Op)
        rule = rule_of(s.value, self.types)
        if not isinstance(rule, Rule) or not on_complex(s.value, self.types):
            return None
        return ComplexProducts(rule.kind, is_complex_atom(s, self.types), result, self.temp, self.strong_zero,
                               self.is_integer)

    def rev_array(self, target: str, value: Rhs, in_loop: bool) -> None:
        match value:
            case Call("np.dot", (str(a), str(b)), _):
                self.rev_dot(self.shadow[target], a, b)
            case Alloc():
                pass
            case Call("np.copy", (str(source),), _):
                if source in self.active:
                    self.increment_array(self.shadow[source], self.shadow[target])
            case _:
                raise UnsupportedSyntax(f"the array `{target}` is bound in a way that is not supported yet",
                                        loc=self.loc, code="S2S015", hint="copy it with `.copy()`")
