"""Fields and items of structured values, which are resolved while the source is read: keys are literals.

A value of several is a :class:`TupleArg`; its container knows the keys. An array of records is held as its fields, each
an array; one record of it as the pair (index, fields): a view, whose elements are read and written where they lie.
"""
from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import gast

from s2sad.frontend.constants import constant
from s2sad.frontend.indexing import index_atoms, indices
from s2sad.frontend.source import Library, Static, TupleClass
from s2sad.ir.nodes import (
    Arg,
    Assign,
    Call,
    Const,
    Container,
    Dim,
    GetItem,
    If,
    Index,
    Op,
    Raise,
    Rhs,
    SetItem,
    ShapeOf,
    Slice,
    TupleArg,
)

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions
    from s2sad.frontend.flatten import Flattener

WRITE_HINT = "make a new one of its elements"


def is_records(held: object) -> bool:
    """Whether a value is an array of records."""
    return isinstance(held, TupleArg) and held.container is not None and held.container.what == "records"


def is_record(held: object) -> bool:
    return isinstance(held, TupleArg) and held.container is not None and held.container.what == "record"


# ---------------------------------------------------------------------------- reading

def attribute_of(flat: Expressions, held: TupleArg, node: gast.Attribute) -> Rhs | Arg:
    """``p.x``: a field of a namedtuple, a dataclass or a record, or something about an array of records."""
    container = held.container
    if container is not None and node.attr in container.keys and container.what != "dict":
        return _member(held, node.attr)
    if is_records(held):
        match node.attr:
            case "shape":
                return ShapeOf(_extent(flat, held, node))
            case "size" | "ndim":
                return Call(f"np.{node.attr}", (_extent(flat, held, node),))
    flat.refuse(f"{_described(held)} has no '.{node.attr}'", node, code="S2S007", hint=_keys_hint(held))


def subscript_of(flat: Expressions, held: TupleArg, node: gast.Subscript) -> Rhs | Arg:
    """``t[0]``, ``params["W"]``, ``records[i]``, ``records["x"]``, and homogeneous tuples at a number known later."""
    container = held.container
    key: Arg | None = None
    if not isinstance(node.slice, (gast.Slice, gast.Tuple)):
        known = _literal(flat, node.slice)
        key = flat.value(node.slice) if known is None else Const(known)
    if isinstance(key, Const) and isinstance(key.value, str):
        if container is None or container.what not in ("dict", "records", "record") or key.value not in container.keys:
            flat.refuse(f"{_described(held)} has no item {key.value!r}", node, code="S2S007",
                        hint=_keys_hint(held))
        return _member(held, key.value)
    if is_records(held):
        index = indices(flat, node.slice) if key is None else tuple(index_atoms(flat, key, node))
        return records_at(flat, held, index, node)
    if container is not None and container.what in ("dict", "dataclass", "record"):
        flat.refuse(f"{_described(held)} is read by the names of its items, as literals", node, code="S2S007",
                    hint=_keys_hint(held))
    if isinstance(node.slice, gast.Slice):
        start, stop, step = (None if e is None else _number(flat, flat.value(e), e)
                             for e in (node.slice.lower, node.slice.upper, node.slice.step))
        what = container if container is not None and container.what == "list" else None
        return TupleArg(held.items[start:stop:step], what)
    if isinstance(key, str):
        return _selected(flat, held, key, node)
    k = _number(flat, key, node)
    if not -len(held.items) <= k < len(held.items):
        flat.refuse(f"{_described(held)} has {len(held.items)} elements", node, hint="index one of them")
    return held.items[k]


def _literal(flat: Expressions, node: gast.AST) -> int | None:
    """The number that an index computed from literals stands for, such as ``k - 1`` in a loop that is unrolled."""
    match node:
        case gast.Name(id=name) if name in flat.locals and isinstance(held := flat.vars.get(name), Const):
            return held.value if type(held.value) is int else None
        case gast.Constant(value=int() as k) if type(k) is int:
            return k
        case gast.BinOp(left=left, op=gast.Add() | gast.Sub() as op, right=right):
            a, b = _literal(flat, left), _literal(flat, right)
            if a is not None and b is not None:
                return a + b if isinstance(op, gast.Add) else a - b
    return None


def _number(flat: Expressions, key: Arg | None, node: gast.AST) -> int:
    if isinstance(key, Const) and type(key.value) in (int, bool):
        return int(key.value)
    flat.refuse("a tuple is indexed by a number", node, code="S2S007", hint="use an array")


def _member(held: TupleArg, key: str) -> Rhs | Arg:
    assert held.container is not None
    k = held.container.keys.index(key)
    if not is_record(held):
        return held.items[k]
    index, fields = held.items
    assert isinstance(index, TupleArg) and isinstance(fields, TupleArg)
    return GetItem(fields.items[k], index.items)  # type: ignore[arg-type]


def records_at(flat: Expressions, held: TupleArg, index: tuple[Index, ...], node: gast.AST) -> Arg:
    """One record of an array of them, as a view, or an array of fewer."""
    assert held.container is not None
    dtype, ndim = held.container.cls
    numbers = sum(not isinstance(i, Slice) for i in index)
    if not all(isinstance(i, (str, Const, Slice)) for i in index) or len(index) > ndim:
        flat.refuse("this index of an array of records is not supported yet", node, code="S2S007",
                    hint="index it by whole numbers or slices")
    if numbers < ndim:
        parts = tuple(flat.temporary(GetItem(f, index)) for f in held.items)  # type: ignore[arg-type]
        return TupleArg(parts, replace(held.container, cls=(dtype, ndim - numbers)))
    # Its elements are found by this index later, too: it must be a number, and be kept.
    place = tuple(i if isinstance(i, Const) else flat.temporary(Op("int", (i,))) for i in index)  # type: ignore[arg-type]
    return TupleArg((TupleArg(place), TupleArg(held.items)), Container("record", held.container.keys, dtype))


def _selected(flat: Expressions, held: TupleArg, index: str, node: gast.Subscript) -> Arg:
    """An element of a tuple of numbers of one type, by a number known when the program runs, as numba has it."""
    items = held.items
    if not items:
        flat.refuse("an empty tuple has no elements", node, code="S2S007",
                    hint="loop over it, or test its length first")
    if any(not isinstance(i, (str, Const)) or i == Const(None) for i in items):
        flat.refuse("the elements are of different kinds: which one is meant must be known when compiling", node,
                    code="S2S007", hint="index it by a literal number, or loop over its elements: `for item in items`")
    target = flat.names.temp()
    known = flat.temporary(Op("int", (index,)))
    below = flat.temporary(Op("lt", (known, Const(0))))
    from_end = flat.temporary(Op("add", (known, Const(len(items)))))
    wrapped = flat.temporary(Op("select", (below, from_end, known)))
    tests = [flat.temporary(Op("eq", (wrapped, Const(k)))) for k in range(len(items))]
    otherwise: tuple = (Raise("IndexError", "tuple index out of range", flat.loc),)
    for test, item in zip(reversed(tests), reversed(items)):
        otherwise = (If(test, (Assign(target, item, flat.loc),), otherwise, flat.loc),)  # type: ignore[arg-type]
    flat.emit(otherwise[0])
    return target


def _extent(flat: Expressions, held: TupleArg, node: gast.AST) -> str:
    """A field that has the shape of the array of records."""
    assert held.container is not None
    dtype, _ = held.container.cls
    for key, f in zip(held.container.keys, held.items):
        if dtype.fields[key][0].shape == () and isinstance(f, str):
            return f
    flat.refuse("the shape of records of which every field is an array is not supported yet", node, code="S2S007",
                hint="take the shape of a field")


def length_of(flat: Expressions, held: TupleArg, node: gast.AST) -> Rhs:
    return Dim(_extent(flat, held, node), 0) if is_records(held) else Const(len(held.items))


def compared_tuples(flat: Expressions, op: str, left: Arg, right: Arg, node: gast.AST) -> Arg:
    """``a == b`` and ``a != b`` of tuples of numbers, element by element."""
    if op not in ("eq", "ne") or not isinstance(left, TupleArg) or not isinstance(right, TupleArg):
        flat.refuse("this comparison of a tuple is not supported yet", node, code="S2S007", hint="compare its elements")
    same = len(left.items) == len(right.items)
    tests: list[Arg] = []
    for a, b in zip(left.items, right.items) if same else ():
        if isinstance(a, TupleArg) or isinstance(b, TupleArg):
            tests.append(compared_tuples(flat, "eq", a, b, node))
        else:
            tests.append(flat.temporary(Op("eq", (flat.as_atom(a, node), flat.as_atom(b, node)))))
    result: Arg = Const(same)
    for t in tests:
        both = Op("and_", (result, t))  # type: ignore[arg-type]
        result = t if result == Const(True) else flat.temporary(both)
    if op == "eq":
        return result
    return Const(not result.value) if isinstance(result, Const) else flat.temporary(Op("not", (result,)))  # type: ignore[arg-type]


def dict_of(flat: Expressions, node: gast.Dict) -> Arg:
    """``{"a": x, "b": y}``, as something to return or to read from; its keys are part of the program."""
    keys = [k.value if isinstance(k, gast.Constant) and isinstance(k.value, str) else None for k in node.keys]
    if None in keys or len(set(keys)) != len(keys):
        flat.refuse("a dict whose keys are not different literal strings is not supported", node, code="S2S007",
                    hint="use arrays or names")
    return TupleArg(tuple(flat.value(v) for v in node.values), Container("dict", tuple(map(str, keys))))


def instance(flat: Expressions, made: TupleClass, node: gast.Call) -> Arg:
    """``P(x, y)``: a namedtuple, or an instance of a dataclass, holding these values."""
    keys = made.container.keys
    given: dict[str, Arg] = {}
    for k, a in enumerate(node.args):
        if k >= len(keys):
            flat.refuse(f"{made.container.cls.__name__} has {len(keys)} fields", node, code="S2S012",
                        hint="give one value for each field")
        given[keys[k]] = flat.value(a)
    for word in node.keywords:
        if word.arg not in keys or word.arg in given:
            flat.refuse(f"{made.container.cls.__name__} gets {word.arg!r} twice or has no such field", node,
                        code="S2S012", hint="give each field once")
        given[word.arg] = flat.value(word.value)
    for key in keys:
        if key not in given:
            if key not in made.defaults:
                flat.refuse(f"{made.container.cls.__name__} needs {key!r}", node, code="S2S012",
                            hint="give every field a value")
            given[key] = flat.as_value(constant(flat, made.defaults[key], node))
    return TupleArg(tuple(given[key] for key in keys), made.container)


# ---------------------------------------------------------------------------- writing

def field_place(flat: Flattener, held: Arg, target: gast.Attribute | gast.Subscript) -> tuple[str, tuple[Index, ...]]:
    """Array and index of a field of a record that is written to: ``record.x`` or ``record["x"]``."""
    if isinstance(target, gast.Attribute):
        key: object = target.attr
    else:
        found = None if isinstance(target.slice, (gast.Slice, gast.Tuple)) else flat.value(target.slice)
        key = found.value if isinstance(found, Const) else None
    if not is_record(held):
        what = f"a field of {_described(held)}" if isinstance(held, TupleArg) else "an attribute"
        flat.refuse(f"assigning to {what} is not supported", target, code="S2S007", hint=WRITE_HINT)
    assert isinstance(held, TupleArg) and held.container is not None
    if key not in held.container.keys:
        flat.refuse(f"this record has no field {key!r}", target, code="S2S007", hint=_keys_hint(held))
    if held.container.cls.fields[key][0].shape:
        flat.refuse("assigning a whole field that is an array is not supported yet", target, code="S2S007",
                    hint=f"assign its elements: .{key}[:] = ...")
    read = _member(held, str(key))
    assert isinstance(read, GetItem)
    return read.base, read.index


def store_record(flat: Flattener, held: TupleArg, target: gast.Subscript, given: Arg) -> None:
    """``records[i] = record``: every field is copied, after all have been read, for it may be the same record."""
    index = indices(flat, target.slice)
    place = records_at(flat, held, index, target)
    assert held.container is not None and isinstance(place, TupleArg)
    if not is_record(place) or not isinstance(given, TupleArg) or given.container != place.container:
        flat.refuse("only a record of the same type can be assigned here", target, code="S2S007",
                    hint="assign the fields one by one")
    if any(field[0].shape for field in held.container.cls[0].fields.values()):
        flat.refuse("assigning records with fields that are arrays is not supported yet", target, code="S2S007",
                    hint="assign the fields one by one")
    read = [flat.temporary(_member(given, k)) for k in held.container.keys]  # type: ignore[arg-type]
    for key, value in zip(held.container.keys, read):
        to = _member(place, key)
        assert isinstance(to, GetItem)
        flat.emit(SetItem(to.base, to.index, value, flat.loc))


# ---------------------------------------------------------------------------- loops over what is held

def sequence(flat: Flattener, node: gast.AST) -> list[Arg] | None:
    """The values a loop takes one after the other, where they are known when compiling; ``None`` for other loops."""
    if isinstance(node, gast.Call) and not node.keywords:
        match flat.meaning(node.func):
            case Static():
                given = flat.value(node)
                return list(given.items) if isinstance(given, TupleArg) else None
            case Library("enumerate") if len(node.args) == 1:
                found = sequence(flat, node.args[0])
                return None if found is None else [TupleArg((Const(k), v)) for k, v in enumerate(found)]
            case Library("zip") if node.args and all(_known(flat, a) for a in node.args):
                lists = [sequence(flat, a) for a in node.args]
                return [TupleArg(t) for t in zip(*lists)]
            case Library("reversed") if len(node.args) == 1:
                found = sequence(flat, node.args[0])
                return None if found is None else found[::-1]
            case Library(_):
                return None
        if isinstance(node.func, gast.Attribute) and not node.args:
            held = peek(flat, node.func.value)
            if held is not None and held.container is not None and held.container.what == "dict":
                keys: list[Arg] = [Const(k) for k in held.container.keys]
                match node.func.attr:
                    case "keys":
                        return keys
                    case "values":
                        return list(held.items)
                    case "items":
                        return [TupleArg(t) for t in zip(keys, held.items)]
        return None
    if isinstance(node, gast.Tuple):
        made = flat.value(node)
        assert isinstance(made, TupleArg)
        return list(made.items)
    held = peek(flat, node)
    if held is None or is_records(held):
        return None
    if held.container is not None and held.container.what == "dict":
        return [Const(k) for k in held.container.keys]
    if held.container is not None and held.container.what in ("dataclass", "record"):
        flat.refuse(f"a loop over {_described(held)} has no meaning", node, code="S2S007", hint="name its fields")
    return list(held.items)


def places(flat: Expressions, node: gast.For) -> list[Arg] | None:
    """The numbers of a loop over ``range`` by which a structure of structures is indexed: they have to be known."""
    match node:
        case gast.For(target=gast.Name(id=name), iter=gast.Call(func=func, args=args, keywords=[])):
            if not 1 <= len(args) <= 2 or flat.meaning(func) != Library("range"):
                return None
            bounds = [_known_number(flat, a) for a in args]
            if None in bounds or not any(_chosen_by(flat, n, name) for s in node.body for n in gast.walk(s)):
                return None
            return [Const(k) for k in range(*bounds)]  # type: ignore[arg-type]
    return None


def _known_number(flat: Expressions, node: gast.AST) -> int | None:
    match node:
        case gast.Constant(value=int() as k):
            return k
        case gast.Call(func=gast.Name(id="len") as func, args=[held]) if flat.meaning(func) == Library("len"):
            found = peek(flat, held)
            return None if found is None or is_records(found) or is_record(found) else len(found.items)
    return None


def _chosen_by(flat: Expressions, node: gast.AST, name: str) -> bool:
    """Whether a node is an item of a structure of structures, or of a list, at a place computed from ``name``."""
    if not isinstance(node, gast.Subscript) or isinstance(node.slice, gast.Slice):
        return False
    held = peek(flat, node.value)
    if held is None or is_records(held) or is_record(held):
        return False
    structured = any(isinstance(i, TupleArg) for i in held.items) or held.container is not None
    return structured and any(isinstance(n, gast.Name) and n.id == name for n in gast.walk(node.slice))


def _known(flat: Expressions, node: gast.AST) -> bool:
    """Whether the values of an iterable are known when compiling; nothing is evaluated."""
    if isinstance(node, gast.Call):
        match flat.meaning(node.func):
            case Library("enumerate" | "reversed" | "zip"):
                return all(_known(flat, a) for a in node.args)
            case None if isinstance(node.func, gast.Attribute):
                held = peek(flat, node.func.value)
                return held is not None and held.container is not None and held.container.what == "dict"
        return False
    if isinstance(node, gast.Tuple):
        return True
    held = peek(flat, node)
    return held is not None and not is_records(held)


def peek(flat: Expressions, node: gast.AST) -> TupleArg | None:
    """The structure an expression stands for, found without evaluating anything; ``None`` if it is none."""
    match node:
        case gast.Name(id=name) if name in flat.locals:
            held = flat.vars.get(name)
            return held if isinstance(held, TupleArg) else None
        case gast.Attribute(attr="shape") | gast.Subscript(slice=gast.Slice()) if flat.names.known is not None:
            held = flat.value(node)                              # part of a shape or index
            return held if isinstance(held, TupleArg) else None
        case gast.Attribute(value=base, attr=key) | gast.Subscript(value=base, slice=gast.Constant(value=key)):
            held = peek(flat, base) if isinstance(base, (gast.Name, gast.Attribute, gast.Subscript)) else None
            if held is None or is_records(held) or is_record(held):
                return None
            found: Arg | None = None
            if isinstance(key, str) and held.container is not None and key in held.container.keys:
                found = held.items[held.container.keys.index(key)]
            elif isinstance(key, int) and -len(held.items) <= key < len(held.items):
                found = held.items[key]
            return found if isinstance(found, TupleArg) else None
    return None


# ---------------------------------------------------------------------------- words

def _described(held: Arg | TupleArg) -> str:
    container = held.container if isinstance(held, TupleArg) else None
    if container is None:
        return "a tuple"
    return "an array of records" if container.what == "records" else f"a {container.what}"


def _keys_hint(held: TupleArg) -> str:
    if held.container is not None and held.container.what == "list":
        return "a list is a structure of its items; where an array is meant, pass one: np.asarray(...)"
    if held.container is None or not held.container.keys:
        return f"it has {len(held.items)} elements, indexed by literal numbers"
    return f"it has {', '.join(map(repr, held.container.keys))}"
