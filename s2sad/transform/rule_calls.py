"""The reverse of a call of a function with a rule: its adjoint is called, as it was given.

Before::

    x = np.linalg.solve(a, b)

after, in the reverse sweep::

    solve_adjoint(a, b_a, b_b, x, b_x)

The adjoint adds to the shadows of arrays; what it returns is added to the adjoints of numbers.
"""
from __future__ import annotations

from s2sad.ir import Arg, Atom, Block, Call, Const, Invoke, Store, TupleArg
from s2sad.ir import walk as w
from s2sad.ir.types import is_array, is_differentiable
from s2sad.transform.whole_arrays import WholeArrays


class ReverseRules(WholeArrays):
    """What the reverse sweep does for an :class:`Invoke` with a rule."""

    def keep_results(self, s: Invoke) -> dict[str, str]:
        """Copies of arrays that the call has filled, before they get back what they held."""
        kept: dict[str, str] = {}
        for a in s.filled:
            if self.is_restored(a):
                kept[a] = self.temp(Call("np.copy", (a,)), a)
                self.types[kept[a]] = self.types[a]
        return kept

    def is_restored(self, a: str) -> bool:
        return a in self.plan.live or bool(self.plan.groups.get(a, set()) & self.plan.live)

    def rev_rule(self, s: Invoke, body: Block, kept: dict[str, str]) -> None:
        assert s.rule is not None
        leaves = [t for t in w.result_leaves(s.result) if isinstance(t, str)]
        if not any(t in self.active for t in leaves):
            return
        numbers = [t for t in leaves if not is_array(self.types[t]) and t in self.active]
        cotangent = {t: value for t in numbers if (value := self.acc.value(t)) is not None}
        if not s.rule.constant and (cotangent or any(is_array(self.types[t]) and t in self.active for t in leaves)):
            gradients = self._call_rule(s, leaves, cotangent, kept)
        else:
            gradients = []
        for t in numbers:
            self.acc.set(t, [], as_list=self.at.home(t)[0] is body)
        for a in s.filled:
            if a in self.active:
                zero = Const(0.0)
                self.loop_over(a, self.types[a], lambda i: self.emit(
                    Store(self.shadow[a], i, zero, self.loc)))  # noqa: B023  # called at once
        for operand, amount in gradients:
            self.acc.add(operand, 1, amount)

    def _call_rule(self, s: Invoke, leaves: list[str], cotangent: dict[str, Atom],
                   kept: dict[str, str]) -> list[tuple[str, str]]:
        """Emit the call of the rule's adjoint; gives (operand, what its adjoint gets)."""
        assert self.callees is not None
        rule = self.callees.rule_function("adjoint", s, self.types, set(self.active.names))
        args: list[Atom] = []
        written: list[str] = []
        added: list[tuple[str, str]] = []
        for g in rule.given:
            match g.role:
                case "value":
                    args.append(s.args[g.of])
                case "result":
                    args.append(kept.get(leaves[g.of], leaves[g.of]))
                case "cotangent":
                    args.append(self._cotangent(leaves[g.of], cotangent))
                case _:
                    a = s.args[g.of]
                    assert isinstance(a, str)
                    shadow = self.shadow.get(a) if a in self.active else None
                    if shadow is None or shadow in written or g.of not in rule.adds:
                        own = self.rule_zeros(a)
                        added += [(shadow, own)] if shadow is not None else []
                        shadow = own
                    args.append(shadow)
                    written.append(shadow)
        gradients: list[tuple[str, str]] = []
        for k in rule.returns:
            operand = s.args[k]
            assert isinstance(operand, str)
            b = self.names.fresh(f"b_{operand}")
            self.types[b] = self.types[operand]
            gradients.append((operand, b))
        results = tuple(b for _, b in gradients)
        target: Arg | None = results[0] if len(results) == 1 else TupleArg(results) if results else None
        self.emit(Invoke(target, rule.name, tuple(args), tuple(written), pure=False, loc=self.loc))
        for shadow, own in added:
            self.increment_array(shadow, own)
        return gradients

    def _cotangent(self, t: str, cotangent: dict[str, Atom]) -> Atom:
        if is_array(self.types[t]):
            return self.shadow[t] if t in self.shadow else self.rule_zeros(t)
        return cotangent.get(t, self.zero(t) if is_differentiable(self.types[t]) else Const(0.0))

    def rule_zeros(self, a: str) -> str:
        zeros = self.temp(Call("np.zeros_like", (a,)), f"b_{a}")
        self.types[zeros] = self.types[a].copy(layout="C", readonly=False)
        return zeros
