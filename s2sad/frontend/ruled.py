"""Which functions have a rule of their own, and what their rules are to the compiler."""
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from s2sad.frontend.source import UserFunction
from s2sad.ir.nodes import Atom, Invoke
from s2sad.rules.calls import RESULT, CallRule, ElementwiseRule, library_rule, library_rules


def rule_of(user: UserFunction) -> CallRule | ElementwiseRule | None:
    """The rule declared for a function, by :func:`s2sad.rule_for`."""
    return declared_for(user.identity) or user.rule


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
    """Let a function carry a rule."""
    setattr(f, SLOT, Declared(f, rule))


def carry_rule(f: object, user: UserFunction) -> None:
    """Let a copy of a function, compiled or not, carry the function's rule."""
    rule = rule_of(user)
    if rule is not None:
        declare(getattr(f, "py_func", f), rule)


def of_library(name: str) -> CallRule | None:
    """The rule of a library function."""
    return library_rule(name)


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
    listed = set(described(rule.adjoint).params)
    return tuple(a for p, a in zip(rule.params, s.args) if p in listed), RESULT in listed
