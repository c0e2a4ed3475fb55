"""Which functions have a rule of their own, and what their rules are to the compiler."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from types import FunctionType
from weakref import WeakSet

import numpy as np

from s2sad.errors import BadCall, S2sadError
from s2sad.frontend.source import Constant, UserFunction
from s2sad.ir.nodes import Atom, Invoke
from s2sad.rules.calls import (
    RESULT,
    CallRule,
    ElementwiseRule,
    Implicit,
    declare_library,
    library_rule,
    library_rules,
)

MARK = "functions_with_derivative_rules"
"""What a generated module calls the names of functions in it whose derivative is not that of their source."""


def rule_of(user: UserFunction) -> CallRule | ElementwiseRule | None:
    """The rule declared for a function, by :func:`s2sad.rule_for`."""
    if user.rule is False:
        return None
    if isinstance(user.identity, FunctionType):
        _looked_at.add(user.identity)
    return declared_for(user.identity) or user.rule or _lost(user)


def _lost(user: UserFunction) -> CallRule | None:
    """What stands for the rule of a function in a generated module, which does not hold it."""
    try:
        marked = user.scope(MARK) if user.scope is not None else None
    except (LookupError, S2sadError):
        return None
    names = marked.value if isinstance(marked, Constant) else None
    if not isinstance(names, tuple) or user.name not in names:
        return None
    lose_rule(user, "is not in this generated module",
              f"import the module and declare it again: s2sad.rule_for({user.name}, ...)")
    return user.rule


def lose_rule(user: UserFunction, what: str, hint: str) -> None:
    """A function has a rule, but which one is not known: it has no derivative."""
    if user.rule is None:
        from s2sad.frontend.recursion import structure_of  # it asks for rules itself
        user.rule = CallRule(user.name, user.params, lost=(what, hint))
        user.rule = replace(user.rule, structure=structure_of(user))


# ---------------------------------------------------------------------------- when rules may be declared

_looked_at: WeakSet[FunctionType | CallRule] = WeakSet()      # a user's function, the rule of one of a library
_settled: WeakSet[FunctionType | CallRule] = WeakSet()
_changes = [0]


@contextmanager
def noting() -> Iterator[WeakSet[FunctionType | CallRule]]:
    """The functions that are looked at inside."""
    global _looked_at
    outer, inner = _looked_at, WeakSet[FunctionType | CallRule]()
    _looked_at = inner
    try:
        yield inner
    finally:
        _looked_at = outer
        note(inner)


def note(functions: WeakSet[FunctionType | CallRule]) -> None:
    """These functions have been looked at."""
    _looked_at.update(functions)


@contextmanager
def settling() -> Iterator[None]:
    """What is made inside stays as it is: the functions looked at get no other rule from then on.

    After an error they may, for a missing rule is among the reasons.
    """
    with noting() as functions:
        yield
        _settled.update(functions)


def declarations() -> int:
    """How many rules have been declared: what was found out before the last one may be different now."""
    return _changes[0]


SLOT = "_s2sad_rule"


class Declared:
    """Keeps, on a user's function, the rule declared for it.

    The owner is checked because ``functools.wraps`` copies attributes to functions that compute something else.
    """

    def __init__(self, owner: object, rule: CallRule | ElementwiseRule | None) -> None:
        self.owner, self.rule = owner, rule

    def __reduce__(self) -> tuple[object, ...]:
        return Declared, (None, None)          # whoever pickles the function by value wants none of this


def declared_for(f: object) -> CallRule | ElementwiseRule | None:
    """The rule that a function carries."""
    found = getattr(f, SLOT, None)
    return found.rule if isinstance(found, Declared) and found.owner is f else None


def declare(f: object, rule: CallRule | ElementwiseRule) -> None:
    """Let a function carry a rule.

    Raises
    ------
    BadCall
        If derivatives have been made without it.
    """
    if f in _settled:
        name = getattr(f, "__name__", "this")
        raise _too_late(name, f"define {name} again, and its callers")
    _changes[0] += 1
    setattr(f, SLOT, Declared(f, rule))


def _too_late(name: str, instead: str) -> BadCall:
    return BadCall(f"the rule for {name} comes too late: a derivative that does without it has been made",
                   code="S2S024", hint=f"declare it before the first derivative of anything that calls {name}; in an "
                                       f"interactive session {instead}")


def carry_rule(f: object, user: UserFunction) -> None:
    """Let a copy of a function, compiled or not, carry the function's rule."""
    rule = rule_of(user)
    if rule is not None:
        f = getattr(f, "py_func", f)
        setattr(f, SLOT, Declared(f, rule))


def of_library(name: str) -> CallRule | None:
    """The rule of a library function."""
    rule = library_rule(name)
    if rule is not None and rule.by_user:
        _looked_at.add(rule)
    return rule


def declare_for_library(rule: CallRule) -> None:
    """Enter a user's rule for a function of a library."""
    known = library_rule(rule.name)
    if known is not None and known in _settled:
        raise _too_late(rule.name, "wrap it in a function of your own")
    _changes[0] += 1
    declare_library(rule)


@lru_cache(maxsize=1)
def _by_callable() -> dict[object, CallRule]:
    spaces = {"np": np, "np.linalg": np.linalg}
    return {getattr(spaces[n.rpartition(".")[0]], n.rpartition(".")[2]): r for n, r in library_rules().items()
            if n.rpartition(".")[0] in spaces}


def rule_of_callable(f: object) -> CallRule | None:
    """The rule of a library function by the function itself."""
    try:
        return _by_callable().get(f)
    except TypeError:                       # what numba keeps under the key is no function, and cannot be hashed
        return None


@lru_cache(maxsize=256)
def _described(f: Callable[..., object]) -> UserFunction:
    return UserFunction.from_callable(f)


def described(f: object) -> UserFunction:
    """A function of a rule, as the frontend has it."""
    return f if isinstance(f, UserFunction) else _described(f)


def values_needed(s: Invoke) -> tuple[tuple[Atom, ...], bool]:
    """The arguments whose values a call's adjoint needs, and whether it needs the result."""
    rule = s.rule
    assert rule is not None
    if rule.adjoint is None:
        return (), False
    if isinstance(rule.adjoint, Implicit):
        return tuple(a for p, a in zip(rule.params, s.args) if p in rule.adjoint.params), True
    listed = set(described(rule.adjoint).params)
    return tuple(a for p, a in zip(rule.params, s.args) if p in listed), RESULT in listed
