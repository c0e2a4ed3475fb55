"""Parameters that hold several values: the IR's function has a parameter for each value, and the frontend knows which.

::

    def f(p, x):                              def f(p_W, p_b, x):
        return p["W"] * x + p["b"]                return p_W * x + p_b
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from numba import types

from s2sad.frontend.source import UserFunction
from s2sad.ir.names import Names
from s2sad.ir.nodes import Arg, Const, TupleArg
from s2sad.ir.trees import Node, Tree, leaves, tree_of_type
from s2sad.ir.types import is_differentiable


@dataclass(frozen=True, eq=False)
class Layout:
    """How the parameters of a function are laid out as the parameters of its IR.

    ``trees`` has the structure of each parameter; its leaves are positions among the IR's parameters, ``None`` for what
    is part of the specialisation and no value (``None`` and strings inside a structure). ``user`` is the function with
    the leaves as its parameters, ``types`` are theirs; ``argtypes`` are those of the parameters as they were.
    """

    user: UserFunction
    argtypes: tuple[Any, ...]
    names: tuple[str, ...]
    trees: tuple[Tree, ...]
    types: tuple[types.Type, ...]

    @property
    def flat(self) -> bool:
        """Whether every parameter is one value."""
        return not any(isinstance(t, Node) for t in self.trees)

    def differentiable(self, name: str) -> bool:
        """Whether an argument is, or holds, something with a derivative."""
        return any(k is not None and is_differentiable(self.types[k]) for k in leaves(self.tree(name)))

    def positions(self, params: Iterable[str]) -> tuple[int, ...]:
        """Where some of the IR's parameters stand."""
        return tuple(self.user.params.index(p) for p in params)

    def tree(self, name: str) -> Tree:
        return self.trees[self.names.index(name)]

    def leaves(self, names: Iterable[str], *, floating: bool = False) -> tuple[str, ...]:
        """The IR's parameters that belong to some parameters, in order; with ``floating`` those with derivatives."""
        return tuple(self.user.params[k] for n in names for k in leaves(self.tree(n))
                     if k is not None and not (floating and isinstance(self.tree(n), Node)
                                               and not is_differentiable(self.types[k])))


def layout_of(user: UserFunction, argtypes: tuple[Any, ...]) -> Layout:
    """The layout for these types of arguments (trees of types, or numba's own).

    >>> def f(p, x):
    ...     return p[0] * x + p[1]
    >>> user = UserFunction.from_callable(f)
    >>> layout = layout_of(user, (types.UniTuple(types.float64, 2), types.float64))
    >>> layout.user.params, layout.trees[0].items
    (('p_0', 'p_1', 'x'), (0, 1))
    """
    if user.arguments is not None:
        return Layout(user, argtypes, user.params, tuple(range(len(user.params))), argtypes)
    found = user.layouts.get(argtypes)
    if found is None:
        found = user.layouts[argtypes] = _Maker(user).layout(argtypes)
    return found


def element_bases(key: str, held: Arg) -> dict[str, str]:
    """The names of the elements of a parameter, by the keys the frontend keeps them under."""
    if not isinstance(held, TupleArg):
        return {}
    found: dict[str, str] = {}
    for k, item in enumerate(held.items):
        found |= {f"{key}.{k}": item} if isinstance(item, str) else element_bases(f"{key}.{k}", item)
    return found


class _Maker:
    def __init__(self, user: UserFunction) -> None:
        from s2sad.frontend.inline import assigned_names
        self.user = user
        self.names = Names(assigned_names(user.node) | set(user.params))
        self.params: list[str] = []
        self.types: list[types.Type] = []
        self.arguments: dict[str, Arg] = {}

    def layout(self, argtypes: tuple[Any, ...]) -> Layout:
        laid = tuple(self.parameter(n, tree_of_type(t)) for n, t in zip(self.user.params, argtypes))
        user = replace(self.user, params=tuple(self.params), arguments=self.arguments)
        return Layout(user, argtypes, self.user.params, laid, tuple(self.types))

    def parameter(self, name: str, tree: Tree) -> Tree:
        if isinstance(tree, Node):
            laid, self.arguments[name] = self.structured(name, tree)
            return laid
        known = _static(tree)
        if known is not None:
            self.arguments[name] = known
        return self.leaf(name, types.unliteral(tree))

    def structured(self, name: str, tree: Tree) -> tuple[Tree, Arg]:
        if not isinstance(tree, Node):
            known = _static(tree)
            if known is not None:
                return None, known
            name = self.names.fresh(name)
            return self.leaf(name, tree), name
        keys = tree.container.keys if tree.container is not None else ()
        laid, held = [], []
        for k, item in enumerate(tree.items):
            key = keys[k] if keys and f"_{keys[k]}".isidentifier() else k
            one, arg = self.structured(f"{name}_{key}", item)
            laid.append(one)
            held.append(arg)
        value = TupleArg(tuple(held), tree.container)
        if tree.container is not None and tree.container.what == "record":
            # The only record of an array: a view of it, as of any other.
            value = TupleArg((TupleArg((Const(0),)), TupleArg(tuple(held))), tree.container)
        return replace(tree, items=tuple(laid)), value

    def leaf(self, name: str, t: types.Type) -> int:
        self.params.append(name)
        self.types.append(t)
        return len(self.params) - 1


def _static(t: types.Type) -> Const | None:
    """``None`` and strings whose text is known choose what is compiled, they are no values."""
    if isinstance(t, types.NoneType):
        return Const(None)
    return Const(t.literal_value) if isinstance(t, types.StringLiteral) else None
