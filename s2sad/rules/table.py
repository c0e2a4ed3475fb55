"""How a derivative rule is declared and found.

>>> from s2sad.rules import CONSTANT, lookup
>>> import ast
>>> ast.unparse(lookup("np.sin").partials["x"])
'math.cos(x)'
>>> lookup("np.floor") is CONSTANT, lookup("np.no_such_function")
(True, None)

A formula is an expression over the parameters, ``Ω`` (the result), the rule's own shared terms, the constants below,
numbers, arithmetic, comparisons (``x is 1``: the operand is that literal), ``a if c else b``, and functions by bare
name. Every function in a formula has a rule itself, so formulas can be differentiated to any order.

Complex numbers have declarations of their own (:mod:`s2sad.rules.on_complex`), because a formula for real operands may
mean nothing, or something else, on complex ones. There are three kinds:

``holomorphic("sin(z)", z="cos(z)")``
    the partial is the complex derivative ``p``: ``dv = p dz``. A real operand (of ``complex(a, b)``, of ``x * z``) has
    one as well.
``antiholomorphic("conj(z)", z="1")``
    the partial is the derivative by the conjugate, ``q``: ``dv = q conj(dz)``.
``real_valued("abs(z)", z="z / Ω")``
    the partial is the gradient ``w = d/dRe + i d/dIm``: ``dv = Re(conj(w) dz)``.

From a line of any kind follow both modes, with the inner product ``Re(conj(b) d)``: ``b_z += conj(p) b_v``,
``b_z += q conj(b_v)`` and ``b_z += w b_v``, of which a real operand takes the real part.
"""
from __future__ import annotations

import ast
import builtins
import cmath
import enum
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from s2sad.runtime.helpers import HELPERS

RESULT: Final = "Ω"

OPERATORS: Final = frozenset(
    "add sub mul div floordiv mod pow neg pos not invert and_ or_ xor lshift rshift "
    "lt le gt ge eq ne is_ is_not select".split())

# Numbers a formula may name. They are put in as literals: a logarithm of 2 is not to be computed in a loop.
CONSTANTS: Final[Mapping[str, float]] = MappingProxyType({
    "pi": math.pi,
    "ln2": math.log(2.0),
    "ln10": math.log(10.0),
    "degree": 180.0 / math.pi,
    "radian": math.pi / 180.0,
    "two_over_sqrt_pi": 2.0 / math.sqrt(math.pi),
    "sqrt2": math.sqrt(2.0),
})


class Constant(enum.Enum):
    """The type of :data:`CONSTANT`: the derivative is zero wherever it exists."""

    CONSTANT = "constant"

    def __repr__(self) -> str:
        return "CONSTANT"


CONSTANT: Final = Constant.CONSTANT


class Kind(enum.Enum):
    """What the formulas of a rule are: see the head of this module."""

    HOLOMORPHIC = "derivative"
    ANTIHOLOMORPHIC = "derivative by the conjugate"
    REAL_VALUED = "gradient"


@dataclass(frozen=True, eq=False)
class Rule:
    """The partial derivatives of one elementwise function.

    Attributes
    ----------
    names
        Every name the compiler may know the function by: ``("math.sin", "np.sin")``.
    params
        The operands, in order, as the formulas call them.
    partials
        For each parameter the formula of the partial derivative. Functions in it carry their canonical name
        (``ast.Name("math.cos")``), named constants are literals.
    where
        Shared subterms by name, in order; each may use those before it.
    kind
        What the formulas are; of functions of real numbers always the derivative.
    by_user
        Whether it was declared with :func:`s2sad.rule_for`, and is not one of the library's own.
    """

    names: tuple[str, ...]
    params: tuple[str, ...]
    partials: Mapping[str, ast.expr]
    where: Mapping[str, ast.expr]
    kind: Kind = Kind.HOLOMORPHIC
    by_user: bool = False

    def formulas(self) -> Iterator[ast.expr]:
        """All formulas of the rule, shared terms first."""
        yield from self.where.values()
        yield from self.partials.values()


_TABLE: dict[str, Rule | Constant] = {}
_ON_COMPLEX: dict[str, Rule | Constant] = {}


def rule(signature: str, *, names: tuple[str, ...] = (), where: Mapping[str, str] | None = None,
         **partials: str) -> Rule:
    """Declare the partial derivatives of a function.

    Parameters
    ----------
    signature
        ``"hypot(x, y)"``: the function's name and what the formulas call its operands.
    names
        The names the rule serves, where they are not simply those of this name in `math` and `numpy`.
    where
        Shared subterms: ``where={"r": "hypot(x, y)"}``.
    **partials
        One formula per parameter.

    Examples
    --------
    >>> r = rule("half_square(x)", x="x")
    >>> r.names, r.params
    (('half_square',), ('x',))
    >>> undeclare(r)
    """
    return _declared(_TABLE, _spellings, signature, names, where, partials, Kind.HOLOMORPHIC)


def user_rule(signature: str, name: str, where: Mapping[str, str], partials: Mapping[str, str]) -> Rule:
    """Declare, as :func:`rule`, what a user gives for one function, which stays out of :func:`declared`."""
    return _declared(_TABLE, _spellings, signature, (name,), where, partials, Kind.HOLOMORPHIC, by_user=True)


def holomorphic(signature: str, *, names: tuple[str, ...] = (), where: Mapping[str, str] | None = None,
                **partials: str) -> Rule:
    """Declare, as :func:`rule`, the complex derivative of a function of complex numbers.

    The default names are those of this name in `np` and `cmath`.

    >>> lookup("cmath.sin", on_complex=True).kind
    <Kind.HOLOMORPHIC: 'derivative'>
    """
    return _declared(_ON_COMPLEX, _complex_spellings, signature, names, where, partials, Kind.HOLOMORPHIC)


def antiholomorphic(signature: str, *, names: tuple[str, ...] = (), where: Mapping[str, str] | None = None,
                    **partials: str) -> Rule:
    """Declare a function by its derivative by the conjugate of its operand."""
    return _declared(_ON_COMPLEX, _complex_spellings, signature, names, where, partials, Kind.ANTIHOLOMORPHIC)


def real_valued(signature: str, *, names: tuple[str, ...] = (), where: Mapping[str, str] | None = None,
                **partials: str) -> Rule:
    """Declare a function of complex numbers with real values by its gradient, ``d/dRe + i d/dIm``."""
    return _declared(_ON_COMPLEX, _complex_spellings, signature, names, where, partials, Kind.REAL_VALUED)


def same_on_complex(*names: str) -> None:
    """Declare that the formulas for real operands are those of the complex derivative too, and serve `cmath`."""
    for name in names:
        known = _TABLE[name]
        for spelled in _complex_spellings(name.rpartition(".")[2]) if "." in name else (name,):
            _enter(_ON_COMPLEX, spelled, known)


def constant_on_complex(*names: str) -> None:
    """Declare functions of complex numbers whose derivative is zero wherever it exists."""
    for name in names:
        _enter(_ON_COMPLEX, name, CONSTANT)


def constant(*names: str) -> None:
    """Declare functions whose derivative is zero wherever it exists.

    They are listed, so that a function missing from the table is an error and not a zero. Operators, builtins and
    dotted names stand for themselves; any other name for the functions of that name in `math` and `numpy`.
    """
    for name in names:
        for spelled in _spellings(name):
            _enter(_TABLE, spelled, CONSTANT)


def lookup(fn: str, on_complex: bool = False) -> Rule | Constant | None:
    """The rule of a function by canonical name, :data:`CONSTANT`, or ``None`` where nothing is known."""
    if "@" in fn:
        fn = fn.rpartition("@")[0]                  # a user's function: what it is called in the module follows
    return (_ON_COMPLEX if on_complex else _TABLE).get(fn)


def declared(on_complex: bool = False) -> Mapping[str, Rule | Constant]:
    """All that the library itself declares, by canonical name: the same whatever rules users have added."""
    table = _ON_COMPLEX if on_complex else _TABLE
    return MappingProxyType({n: e for n, e in table.items() if e is CONSTANT or not e.by_user})


def undeclare(made: Rule) -> None:
    """Take a rule out of the table again."""
    for n in made.names:
        if _TABLE.get(n) is made:
            del _TABLE[n]


def _declared(table: dict[str, Rule | Constant], spellings: Callable[[str], tuple[str, ...]], signature: str,
              names: tuple[str, ...], where: Mapping[str, str] | None, partials: Mapping[str, str], kind: Kind,
              by_user: bool = False) -> Rule:
    name, params = _signature(signature)
    where = where or {}
    if set(partials) != set(params):
        raise ValueError(f"rule {signature}: one formula for each of {', '.join(params)}")
    known = {*params, RESULT}
    shared: dict[str, ast.expr] = {}
    for term, text in where.items():
        shared[term] = _formula(text, known, signature)
        known.add(term)
    formulas = {p: _formula(partials[p], known, signature) for p in params}
    made = Rule(names or spellings(name), params, MappingProxyType(formulas), MappingProxyType(shared), kind,
                by_user)
    for n in made.names:
        _enter(table, n, made)
    return made


def _enter(table: dict[str, Rule | Constant], name: str, entry: Rule | Constant) -> None:
    if name in table:
        raise ValueError(f"{name} has a rule already")
    table[name] = entry


def _spellings(name: str) -> tuple[str, ...]:
    if "." in name or name in OPERATORS or hasattr(builtins, name):
        return (name,)
    found = tuple(f"{space}.{name}" for space, module in (("math", math), ("np", np)) if hasattr(module, name))
    return found or (name,)


def _complex_spellings(name: str) -> tuple[str, ...]:
    short = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh",
             "arctanh": "atanh"}.get(name, name)
    spelled = (("np", np, name), ("np", np, short), ("cmath", cmath, short))
    return tuple(dict.fromkeys(f"{space}.{n}" for space, module, n in spelled if hasattr(module, n))) or (name,)


def _signature(text: str) -> tuple[str, tuple[str, ...]]:
    match ast.parse(text, mode="eval").body:
        case ast.Call(ast.Name(name), args, []) if args and all(isinstance(a, ast.Name) for a in args):
            return name, tuple(a.id for a in args if isinstance(a, ast.Name))
    raise ValueError(f"not a signature: {text}")


def _formula(text: str, known: set[str], signature: str) -> ast.expr:
    try:
        return _Resolve(known).visit(ast.parse(text, mode="eval").body)
    except ValueError as e:
        raise ValueError(f"rule {signature}: {e} in '{text}'") from None


class _Resolve(ast.NodeTransformer):
    """Checks a formula, gives functions their canonical names, and puts in the constants."""

    _ALLOWED = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Constant, ast.operator, ast.unaryop, ast.cmpop,
                ast.expr_context)

    def __init__(self, known: set[str]) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.known:
            return node
        if node.id in CONSTANTS:
            return ast.copy_location(ast.Constant(CONSTANTS[node.id]), node)
        raise ValueError(f"unknown name '{node.id}'")

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise ValueError("functions are called by bare name, without keywords,")
        name = node.func.id
        canonical = name if name in HELPERS else _spellings(name)[0]
        if canonical == name and name not in HELPERS and name != "abs":
            raise ValueError(f"unknown function '{name}'")
        func = ast.copy_location(ast.Name(canonical, ast.Load()), node.func)
        return ast.copy_location(ast.Call(func, [self.visit(a) for a in node.args], []), node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, self._ALLOWED):
            raise ValueError(f"no {type(node).__name__} is understood")
        return super().generic_visit(node)
