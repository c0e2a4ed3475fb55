"""Structured values: which containers hold which leaves, and the way from a value to its leaves and back.

A tree is a leaf or a :class:`Node`. What its leaves are (types, positions, shapes) is up to whoever made it.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numba import types

from s2sad.ir.nodes import Container, TupleArg

Tree: TypeAlias = Any
"""A :class:`Node`, or a leaf."""


@dataclass(frozen=True)
class Node:
    """Several values; ``container`` is ``None`` for a plain tuple."""

    items: tuple[Tree, ...]
    container: Container | None = None

    def step(self, k: int) -> str:
        """How an item is written after the whole: ``[0]``, ``['W']``, ``.x``."""
        if self.container is None or self.container.what == "list":
            return f"[{k}]"
        key = self.container.keys[k]
        return f"[{key!r}]" if self.container.what in ("dict", "records", "record") else f".{key}"


# ---------------------------------------------------------------------------- values

def container_of(value: Any) -> tuple[Container | None, tuple[Any, ...]] | None:
    """The container a value is, and what it holds; ``None`` for a leaf.

    >>> container_of({"W": 1.0, "b": 2.0})
    (Container(what='dict', keys=('W', 'b'), cls=None), (1.0, 2.0))
    >>> container_of(3.0) is None
    True
    """
    if isinstance(value, tuple):
        fields = getattr(type(value), "_fields", None)
        if fields is None:
            return None, tuple(value)
        return Container("namedtuple", tuple(fields), type(value)), tuple(value)
    if isinstance(value, list):
        return Container("list"), tuple(value)
    if isinstance(value, (np.ndarray, np.void)) and value.dtype.names is not None:
        what: tuple[str, Any] = ("record", value.dtype) if isinstance(value, np.void) else ("records",
                                                                                          (value.dtype, value.ndim))
        whole = np.array([value], value.dtype) if isinstance(value, np.void) else value
        return Container(what[0], value.dtype.names, what[1]), tuple(whole[k] for k in value.dtype.names)
    if isinstance(value, dict) and all(isinstance(k, str) for k in value):
        return Container("dict", tuple(value)), tuple(value.values())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        keys = tuple(f.name for f in dataclasses.fields(value))
        return Container("dataclass", keys, type(value)), tuple(getattr(value, k) for k in keys)
    return None


def leaves(tree: Tree) -> Iterator[Any]:
    """The leaves, left to right."""
    if isinstance(tree, Node):
        for item in tree.items:
            yield from leaves(item)
    else:
        yield tree


def mapped(tree: Tree, f: Callable[[Any], Any]) -> Tree:
    """The same structure with every leaf mapped."""
    if isinstance(tree, Node):
        return dataclasses.replace(tree, items=tuple(mapped(item, f) for item in tree.items))
    return f(tree)


def built(tree: Tree, leaf: Callable[[Any], Any]) -> Any:
    """The value of a structure: ``leaf`` gives the value of each leaf of the tree.

    >>> built(Node((0, Node((1,), Container("dict", ("a",))))), [2.5, 3.5].__getitem__)
    (2.5, {'a': 3.5})
    """
    if not isinstance(tree, Node):
        return leaf(tree)
    items = [built(item, leaf) for item in tree.items]
    match tree.container:
        case None:
            return tuple(items)
        case Container("list"):
            return items
        case Container("dict", keys):
            return dict(zip(keys, items))
        case Container("namedtuple", _, cls):
            return cls._make(items)
        case Container("dataclass", keys, cls):
            return _instance(cls, keys, items)
        case Container("records" | "record" as what, keys, of):
            return _records(of[0] if what == "records" else of, keys, items, what == "record")
    raise AssertionError(tree.container)


def _instance(cls: Any, keys: Sequence[str], items: Sequence[Any]) -> Any:
    """An instance of a dataclass with these fields; nothing of the class runs, as its checks are for other values."""
    made = object.__new__(cls)
    for k, v in zip(keys, items):
        object.__setattr__(made, k, v)
    return made


def _records(dtype: np.dtype, keys: Sequence[str], items: Sequence[Any], single: bool) -> Any:
    """Records with these fields; ``None`` stands for zeros."""
    given = next((k, v) for k, v in zip(keys, items) if v is not None)
    made = np.zeros(given[1].shape[:given[1].ndim - len(dtype.fields[given[0]][0].shape)], dtype)  # type: ignore[index]
    for k, v in zip(keys, items):
        if v is not None:
            made[k] = v
    return made[0] if single else made


# ---------------------------------------------------------------------------- types and the IR

def tree_of_type(t: Any) -> Tree:
    """numba's type of a structured value as a tree of types; a tree stays what it is.

    >>> tree_of_type(types.UniTuple(types.float64, 2))
    Node(items=(float64, float64), container=None)
    """
    if isinstance(t, types.NamedTuple | types.NamedUniTuple):
        return Node(tuple(map(tree_of_type, t)), Container("namedtuple", tuple(t.fields), t.instance_class))
    if isinstance(t, types.BaseTuple):
        return Node(tuple(map(tree_of_type, t)))
    if isinstance(t, types.Array) and isinstance(t.dtype, types.Record):
        keys = tuple(t.dtype.fields)
        return Node(tuple(_field_type(t, k) for k in keys), Container("records", keys, (t.dtype.dtype, t.ndim)))
    return t


def _field_type(records: types.Array, key: str) -> types.Array:
    field = records.dtype.typeof(key)
    if isinstance(field, types.NestedArray):
        return types.Array(field.dtype, records.ndim + field.ndim, "A")
    return types.Array(field, records.ndim, "A")


def tree_of_result(result: Any) -> Tree:
    """The structure of an IR function's result, its leaves numbered from left to right."""
    count = iter(range(len(list(_atoms(result)))))

    def visit(arg: Any) -> Tree:
        if isinstance(arg, TupleArg):
            return Node(tuple(map(visit, arg.items)), arg.container)
        return next(count)

    return visit(result)


def _atoms(arg: Any) -> Iterator[Any]:
    if isinstance(arg, TupleArg):
        for item in arg.items:
            yield from _atoms(item)
    else:
        yield arg


def plain(tree: Tree) -> bool:
    """Whether there is nothing but tuples in a structure."""
    return not isinstance(tree, Node) or tree.container is None and all(map(plain, tree.items))
