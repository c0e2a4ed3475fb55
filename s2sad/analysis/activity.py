"""Activity: which names carry a derivative. Varied: depends on an independent input. Useful: an output depends on it.

Activity belongs to storage: what is written through one name of a swapped pair is active under the other as well.
Reference: L. Hascoët, V. Pascual, *The Tapenade automatic differentiation tool*, ACM TOMS 39(3), 2013, section 3.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s2sad.analysis.kinds import on_complex, rule_of
from s2sad.errors import NoDerivative, TypeProblem, UnsupportedFunction
from s2sad.ir import (
    Assign,
    Atom,
    Call,
    Function,
    GetItem,
    Increment,
    Invoke,
    Load,
    Op,
    Permute,
    Rhs,
    Stmt,
    Store,
)
from s2sad.ir import walk as w
from s2sad.ir.draws import distribution, is_draw
from s2sad.ir.types import is_complex, is_differentiable, is_integer
from s2sad.rules.table import CONSTANT, Kind, Rule


@dataclass(frozen=True)
class Activity:
    """``names`` are varied and useful; ``varied`` depend on an independent input, needed or not; ``types`` of all."""

    names: frozenset[str]
    varied: frozenset[str]
    types: Mapping[str, Any] = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        return name in self.names


def differentiable_operands(rhs: Rhs, types: Mapping[str, Any]) -> tuple[Atom, ...]:
    """The operands through which a right-hand side passes on derivatives."""
    match rhs:
        case str():
            return (rhs,)
        case Op(_, args):
            rule = rule_of(rhs, types)
            if rule is None:
                return args
            if rule is CONSTANT:
                return ()
            return tuple(a for p, a in zip(rule.params, args) if p in rule.partials)
        case Load(array, _) | GetItem(array, _):
            return (array,)
        case Call(_, args, _):
            return tuple(a for a in args if isinstance(a, str))
    return ()


def find_activity(fn: Function, independent: frozenset[str], dependent: frozenset[str]) -> Activity:
    """Names active between ``independent`` inputs and ``dependent`` outputs (names at the end of the function)."""
    flows: list[tuple[str, tuple[str, ...]]] = []
    for s in w.walk(fn.body):
        flows += _flows(s, fn.types)

    def closure(start: frozenset[str], forward: bool) -> frozenset[str]:
        found = {n for n in start if is_differentiable(fn.types[n])}
        while True:
            before = len(found)
            for target, sources in flows:
                if forward:
                    if _carries(fn, target) and any(x in found for x in sources):
                        found.add(target)
                elif target in found:
                    found.update(x for x in sources if _carries(fn, x))
            if len(found) == before:
                return frozenset(found)

    varied, useful = closure(independent, True), closure(dependent, False)
    active = Activity(varied & useful, varied, fn.types)
    _refuse_unknown(fn, active)
    return active


def _carries(fn: Function, name: str) -> bool:
    return is_differentiable(fn.types.get(name))


def _flows(s: Stmt, types: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    match s:
        case Assign(target, value):
            return [(target, tuple(w.names_in(differentiable_operands(value, types))))]
        case Store(array, _, value) | Increment(array, _, value):
            return [(array, tuple(w.names_in((value,))))]
        case Permute(targets, sources):
            return [(t, sources) for t in targets]
        case Invoke(_, _, args, written) if s.rule is not None:
            return [(t, tuple(w.names_in(s.rule.varied(args)))) for t in (*w.binds(s), *written)]
        case Invoke(_, _, args, written):
            return [(t, tuple(w.names_in(args))) for t in (*w.binds(s), *written)]
    return []


def _refuse_unknown(fn: Function, active: Activity) -> None:
    for s in w.walk(fn.body):
        if not isinstance(s, Assign):
            continue
        if isinstance(s.value, Call) and is_draw(s.value):
            _refuse_varied(fn, s, s.value, active)
        if s.target not in active:
            continue
        match s.value:
            case Op(name, args):
                rule = rule_of(s.value, fn.types)
                if rule is None and any(a in active.varied for a in args if isinstance(a, str)):
                    of = " of complex numbers" if on_complex(s.value, fn.types) else ""
                    raise UnsupportedFunction(f"no derivative rule for `{name}`{of}", loc=s.loc, code="S2S021",
                                              hint="write it with functions that have one, or wrap its argument in "
                                                   "`s2sad.stop_gradient` if its derivative is zero")
                if isinstance(rule, Rule) and on_complex(s.value, fn.types):
                    _refuse_other_type(fn, s, rule)
            case Call(name) if name not in ("np.dot", "np.copy") and not is_draw(s.value):
                raise UnsupportedFunction(f"no derivative rule for `{name}`", loc=s.loc, code="S2S021",
                                          hint="write it as a loop over the elements")


def _refuse_varied(fn: Function, s: Assign, call: Call, active: Activity) -> None:
    """A draw whose parameters vary: its dependence on them is no derivative of the operations executed."""
    counts = s.target in active or is_integer(fn.types.get(s.target))
    if counts and any(a in active.varied for a in w.rhs_names(call)):
        kind = distribution(call)
        raise NoDerivative(f"a draw from `{kind}` has no derivative by the parameters of the distribution", loc=s.loc,
                           hint="draw with constant parameters, and scale or shift the draw; or take the parameters as "
                                "constants with `s2sad.stop_gradient`")


def _refuse_other_type(fn: Function, s: Assign, rule: Rule) -> None:
    """A name that is real at one place and complex at another: what the operation is there cannot be told."""
    if rule.kind is not Kind.REAL_VALUED and not is_complex(fn.types.get(s.target)):
        names = ", ".join(f"`{n}`" for n in w.rhs_names(s.value) if is_complex(fn.types.get(n)))
        raise TypeProblem(f"{names} is a real number here and a complex one elsewhere", loc=s.loc, code="S2S022",
                          hint="use two names, or start it as a complex number: `0j`, `complex(x)`")
