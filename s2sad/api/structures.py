"""Structured arguments and results at the boundary: generated code takes and returns their leaves."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numba import types

from s2sad.api.arguments import Wrt
from s2sad.errors import BadCall
from s2sad.frontend.layout import Layout
from s2sad.ir.nodes import Container
from s2sad.ir.trees import Node, Tree, built, container_of, leaves, mapped, plain


def flat_arguments(layout: Layout, args: Sequence[object]) -> tuple[object, ...]:
    """The arguments of the generated function: the leaves of the user's, in order."""
    if layout.flat:
        return tuple(args)
    found: list[object] = []
    for tree, a in zip(layout.trees, args):
        found += (v for k, v in zip(leaves(tree), taken_apart(tree, a)) if k is not None)
    return tuple(found)


def taken_apart(tree: Tree, value: Any) -> Iterator[Any]:
    """The leaves of a value that has the structure of the tree; fields of records are views."""
    if isinstance(tree, Node):
        for item, v in zip(tree.items, _parts(tree, value)):
            yield from taken_apart(item, v)
    else:
        yield value


def _parts(node: Node, value: Any) -> Sequence[Any]:
    container = node.container
    if container is None or container.what in ("list", "namedtuple"):
        return value
    if container.what == "dataclass":
        return [getattr(value, k) for k in container.keys]
    if container.what == "record":
        value = np.array([value], dtype=container.cls)
    return [value[k] for k in container.keys]


def given_for(tree: Tree, given: object, what: str) -> Iterator[tuple[Any, object, str]]:
    """Tangents or cotangents by leaf: (leaf of the tree, what is given for it, words for it). ``None`` is zero.

    Raises
    ------
    BadCall
        Where ``given`` is not of the same structure.
    """
    if not isinstance(tree, Node):
        yield tree, given, what
        return
    if given is None:
        parts: Sequence[Any] = [None] * len(tree.items)
    elif tree.container is not None and tree.container.what in ("records", "record"):
        dtype = tree.container.cls[0] if tree.container.what == "records" else tree.container.cls
        if getattr(given, "dtype", None) != dtype:
            raise BadCall(f"{what} has to be of dtype {dtype}", code="S2S043",
                          hint="begin with `np.zeros_like` of its value; None is zero")
        parts = _parts(tree, given)
    else:
        found = container_of(given)
        if found is None or len(found[1]) != len(tree.items) or not _alike(tree.container, found[0]):
            raise BadCall(f"{what} has to be {_described(tree)}, not {_word(given)}", code="S2S043",
                          hint="it has the structure of its value; None anywhere stands for zeros")
        parts = _parts(tree, given)
    for k, (item, g) in enumerate(zip(tree.items, parts)):
        yield from given_for(item, g, f"{what}{tree.step(k)}")


def _alike(wanted: Container | None, given: Container | None) -> bool:
    """Whether one container may be given for another: tuples and lists count as the same, a tuple as a namedtuple."""
    if wanted is None or wanted.what == "list":
        return given is None or given.what in ("list", "namedtuple")
    if wanted.what == "dict":
        return given is not None and given.what == "dict" and set(given.keys) == set(wanted.keys)
    return given == wanted or wanted.what == "namedtuple" and given is None


def _described(tree: Node) -> str:
    container = tree.container
    if container is None or container.what == "list":
        return f"a {'tuple' if container is None else 'list'} of {len(tree.items)}"
    name = container.what if container.what == "dict" else container.cls.__name__
    return f"a {name} with {', '.join(container.keys)}"


def _word(given: object) -> str:
    if isinstance(given, (tuple, list)):
        return f"a {type(given).__name__} of {len(given)}"
    if isinstance(given, dict):
        return f"a dict with {', '.join(map(str, given))}"
    return type(given).__name__


def of_python(tree: Tree) -> bool:
    """Whether a structure is one that numba has no type for."""
    return isinstance(tree, Node) and (
        tree.container is not None and tree.container.what in ("list", "dict", "dataclass")
        or any(map(of_python, tree.items)))


def numba_takes(value: object) -> bool:
    """Whether numba compiles functions for an argument as it is; of lists it takes those of one kind of item."""
    if type(value) is list:
        return len({type(v) for v in value}) == 1 and container_of(value[0]) is None
    found = container_of(value)
    if found is None or found[0] is not None and found[0].what in ("record", "records"):
        return True
    return (found[0] is None or found[0].what == "namedtuple") and all(
        not isinstance(v, list) and numba_takes(v) for v in found[1])


def raw_leaves(raw: object) -> list[object]:
    """The leaves of what generated code returns, which knows nested tuples only."""
    if isinstance(raw, tuple):
        return [v for item in raw for v in raw_leaves(item)]
    return [raw]


def restored(form: Tree, raw: object) -> object:
    """A result of generated code in the structure the user knows: the leaves of ``form`` number those of ``raw``."""
    found = raw_leaves(raw)
    return built(form, lambda k: None if k is None else found[k])


def shifted(form: Tree, by: int) -> Tree:
    return mapped(form, lambda k: None if k is None else k + by)


def gradient_form(layout: Layout, wrt: Wrt) -> Tree:
    """The structure of the gradients by ``wrt``, its leaves numbered; ``None`` for what has no derivative."""
    position = {p: k for k, p in enumerate(layout.leaves(wrt.names, floating=True))}
    params = layout.user.params

    def leaf(k: int | None) -> int | None:
        return None if k is None else position.get(params[k])

    trees = [mapped(layout.tree(n), leaf) for n in wrt.names]
    return trees[0] if wrt.single else Node(tuple(trees))


def result_form(layout: Layout, wrt: Wrt, kind: str, has_aux: bool, value: Tree) -> Tree | None:
    """The structure of what a gradient returns; ``None`` where generated code returns it like that.

    ``value`` is the structure of the function's own result: of the value, or with ``has_aux`` of the pair.
    """
    gradients = gradient_form(layout, wrt)
    if all(isinstance(layout.tree(n), int) for n in wrt.names) and plain(value):
        return None
    count = len(layout.leaves(wrt.names, floating=True))
    if kind == "grad":
        return Node((gradients, shifted(value.items[1], count - 1))) if has_aux else gradients
    return Node((value, shifted(gradients, len(list(leaves(value))))))


def like_layout(layout: Layout, name: str, leaf: Callable[[int], object]) -> object:
    """The value of a parameter, ``leaf`` giving those of the generated function's parameters."""
    return built(layout.tree(name), lambda k: None if k is None else leaf(k))


# ---------------------------------------------------------------------------- in compiled code

def expressions(tree: Tree, text: str) -> Iterator[tuple[Any, str]]:
    """The leaves of a tree with the expressions that give them; those without a value (``None``) are left out."""
    if not isinstance(tree, Node):
        yield tree, text
        return
    by_key = tree.container is not None and tree.container.what in ("records", "record")
    for k, item in enumerate(tree.items):
        if not isinstance(item, types.NoneType):
            yield from expressions(item, text + (tree.step(k) if by_key else f"[{k}]"))


def raw_tree(kind: str, has_aux: bool, count: int, value: Tree) -> Tree:
    """What a generated gradient returns, as nested tuples."""
    gradients: Tree = 0 if count == 1 else Node((0,) * count)
    if kind == "grad":
        return Node((gradients, value.items[1])) if has_aux else gradients
    return Node((value, gradients))


def written(form: Tree, texts: Sequence[str], classes: dict[str, object]) -> str:
    """An expression for a result in the structure of ``form``, of expressions for its leaves."""
    if form is None:
        return "None"
    if not isinstance(form, Node):
        return texts[form]
    items = [written(item, texts, classes) for item in form.items]
    if form.container is None:
        return f"({''.join(f'{i}, ' for i in items)})"
    if form.container.what != "namedtuple":
        raise BadCall(f"a result with a {form.container.what} cannot be had in compiled code", code="S2S043",
                      hint="call it from Python")
    name = f"class_{len(classes)}"
    classes[name] = form.container.cls
    return f"{name}({', '.join(items)})"
