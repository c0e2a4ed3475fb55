"""The reverse of a call that stays a call: the callee's adjoint runs it again and then backwards.

Before::

    v = f(x, n)

after, in the reverse sweep::

    b_x += f_adjoint(x, n, b_v)

An array argument is followed by its shadow, which the callee increments. What the callee writes is put back first, from
the copy made before the call.
"""
from __future__ import annotations

from s2sad.ir import Arg, Atom, Block, Call, Invoke, Load, Store, TupleArg
from s2sad.ir import walk as w
from s2sad.ir.types import is_array, is_differentiable
from s2sad.transform.rule_calls import ReverseRules


class ReverseCalls(ReverseRules):
    """What the reverse sweep does for an :class:`Invoke`."""

    def restore_written(self, s: Invoke) -> None:
        """Arrays the callee has written hold again what they held before the call."""
        for a, was in zip(s.written, s.before):
            if self.is_restored(a):
                self.loop_over(a, self.types[a], lambda i: self.emit(
                    Store(a, i, self.temp(Load(was, i)), self.loc)))  # noqa: B023  # called at once

    def rev_invoke(self, s: Invoke, body: Block) -> None:
        targets = [t for t in w.binds(s) if not is_array(self.types[t]) and t in self.active]
        if not any(n in self.active for n in (*w.binds(s), *s.written)):
            return
        cotangent: dict[str, Atom] = {}
        for t in targets:
            value = self.acc.value(t)
            if value is not None:
                cotangent[t] = value
        arrays = any(is_array(self.types[n]) and n in self.active for n in (*w.binds(s), *s.written))
        if cotangent or arrays:
            gradients = self.call_adjoint(s, cotangent)
        else:
            gradients = []
        for t in targets:
            self.acc.set(t, [], as_list=self.at.home(t)[0] is body)
        for operand, amount in gradients:
            self.acc.add(operand, 1, amount)

    def call_adjoint(self, s: Invoke, cotangent: dict[str, Atom]) -> list[tuple[str, str]]:
        """Emit the call of the callee's adjoint; gives (operand, what its adjoint gets)."""
        assert self.callees is not None
        callee = self.callees.derivative("adjoint", s, self.fn, set(self.active.names))
        was = dict(zip(s.written, s.before))
        args: list[Atom] = []
        written: list[str] = []
        gradients: list[tuple[str, str]] = []
        added: list[tuple[str, str]] = []
        for p, a in zip(callee.interface.params, s.args):
            given = was.get(a, a) if isinstance(a, str) else a
            args.append(given)
            if given != a:
                written.append(given)  # type: ignore[arg-type]
            if isinstance(a, str) and p in callee.interface.active and is_differentiable(self.types[a]):
                if not is_array(self.types[a]):
                    b = self.names.fresh(f"b_{a}")
                    self.types[b] = self.types[a]
                    gradients.append((a, b))
                    continue
                shadow = self.shadow.get(a)
                if shadow is None or shadow in written:
                    own = self._zeros_like(a)
                    added += [(shadow, own)] if shadow is not None else []
                    shadow = own
                args.append(shadow)
                written.append(shadow)
        # one cotangent for each number and array the callee returns
        for t in w.result_leaves(s.result):
            assert isinstance(t, str)
            if is_differentiable(self.types[t]):
                if is_array(self.types[t]):
                    args.append(self.shadow[t] if t in self.shadow else self._zeros_like(t))
                else:
                    args.append(cotangent.get(t, self.zero(t)))
        results = tuple(b for _, b in gradients)
        target: Arg | None = results[0] if len(results) == 1 else TupleArg(results) if results else None
        self.emit(Invoke(target, callee.name, tuple(args), tuple(written), pure=callee.pure, loc=self.loc))
        for shadow, own in added:
            self.increment_array(shadow, own)
        return gradients

    def _zeros_like(self, a: str) -> str:
        zeros = self.temp(Call("np.zeros_like", (a,)), f"b_{a}")
        self.types[zeros] = self.types[a].copy(layout="C", readonly=False)
        return zeros
