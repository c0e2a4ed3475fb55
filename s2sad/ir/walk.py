"""Traversals every pass shares: what a node reads, binds and writes, and how it is rebuilt."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

from s2sad.ir.intrinsics import BARRIER
from s2sad.ir.nodes import (
    Alloc,
    Arg,
    Assign,
    Atom,
    AugAssign,
    AugItem,
    Block,
    Call,
    Const,
    Dim,
    Effect,
    ElementType,
    For,
    Function,
    GetItem,
    Grow,
    If,
    Increment,
    Index,
    Invoke,
    Load,
    Op,
    Permute,
    Rhs,
    SetItem,
    ShapeOf,
    Slice,
    Stmt,
    Store,
    TupleArg,
    While,
)

Node = TypeVar("Node")
Fact = TypeVar("Fact")


def remembered(fact: Callable[[Node], Fact]) -> Callable[[Node], Fact]:
    """A function of one node, computed once: nodes do not change, so what follows from one stays with it."""
    key = f"_{fact.__name__}"

    @wraps(fact)
    def ask(node: Node) -> Fact:
        held = node.__dict__
        found = held.get(key)
        if found is None:
            found = held[key] = fact(node)
        return found

    return ask


def names_in(atoms: Iterable[object]) -> Iterator[str]:
    """The names among atoms, call arguments and indices, in order."""
    for a in atoms:
        match a:
            case str():
                yield a
            case TupleArg(items):
                yield from names_in(items)
            case ShapeOf(array) | ElementType(array):
                yield array
            case Slice(lower, upper, step):
                yield from names_in((lower, upper, step))


def _names(atoms: Iterable[object]) -> tuple[str, ...]:
    """The same as a tuple, quickly for the common case: names and literals."""
    out: list[str] = []
    for a in atoms:
        if type(a) is str:
            out.append(a)
        elif type(a) is not Const:
            out.extend(names_in((a,)))
    return tuple(out)


def rhs_names(rhs: Rhs) -> tuple[str, ...]:
    """Every name a right-hand side reads, arrays included."""
    return (rhs,) if isinstance(rhs, str) else _rhs_names(rhs)


@remembered
def _rhs_names(rhs: Any) -> tuple[str, ...]:
    match rhs:
        case Op(_, args):
            return _names(args)
        case Call(_, args, kwargs):
            return _names((*args, *(v for _, v in kwargs)))
        case GetItem(base, index) | Load(base, index):
            return (base, *_names(index))
        case Dim(array, _):
            return (array,)
        case Alloc(_, shape, _):
            return _names(shape)
    return ()


@remembered
def reads(s: Stmt) -> tuple[str, ...]:
    """Names the statement itself reads (not those of nested blocks). An array it writes into counts as read."""
    match s:
        case Assign(_, value):
            return rhs_names(value)
        case AugAssign(target, _, value):
            return _names((target, value))
        case SetItem(base, index, value) | Store(base, index, value):
            return _names((base, *index, value))
        case AugItem(base, index, _, value) | Increment(base, index, value):
            return _names((base, *index, value))
        case Permute(_, sources):
            return sources
        case If(test):
            return _names((test,))
        case For(_, start, stop, step, exit=exit):
            return _names((start, stop, step, exit))
        case While(_, test, exit=exit):
            return _names((test, exit))
        case Grow(array, needed):
            return _names((array, needed))
        case Effect(call):
            return rhs_names(call)
        case Invoke(_, _, args, _, before, filled=filled):
            return tuple(names_in((*args, *before, *filled)))
    return ()


@remembered
def binds(s: Stmt) -> tuple[str, ...]:
    """Names the statement itself (re)binds."""
    match s:
        case Assign(target) | AugAssign(target):
            return (target,)
        case Permute(targets):
            return targets
        case For(var, trips=trips):
            return (var,) if trips is None else (var, trips)
        case While(trips=trips):
            return () if trips is None else (trips,)
        case Invoke(target, filled=filled):
            return tuple(n for n in names_in((target,)) if n not in filled)
    return ()


def writes(s: Stmt) -> str | None:
    """The array of which the statement itself writes an element or a slice."""
    match s:
        case Store(array) | Increment(array) | SetItem(array) | AugItem(array):
            return array
    return None


def written(s: Stmt) -> tuple[str, ...]:
    """Every array whose elements the statement itself writes, those a called function writes included.

    A barrier lets all arrays in shared memory change.
    """
    if isinstance(s, Invoke):
        return s.written
    if isinstance(s, Effect) and s.call.fn == BARRIER:
        return rhs_names(s.call)
    array = writes(s)
    return () if array is None else (array,)


def blocks(s: Stmt) -> tuple[Block, ...]:
    if not isinstance(s, COMPOUND):
        return ()
    if isinstance(s, If):
        return (s.then, s.orelse)
    return (s.body,) if isinstance(s, For) else (s.cond, s.body)


COMPOUND = (If, For, While)


def with_blocks(s: Stmt, new: tuple[Block, ...]) -> Stmt:
    """The compound statement with other nested blocks (in the order of :func:`blocks`)."""
    if all(a is b for a, b in zip(blocks(s), new)):
        return s
    match s:
        case If():
            return replace(s, then=new[0], orelse=new[1])
        case For():
            return replace(s, body=new[0])
        case While():
            return replace(s, cond=new[0], body=new[1])
    return s


def walk(block: Block) -> Iterator[Stmt]:
    """Every statement, outer before inner, in program order."""
    for s in block:
        yield s
        if isinstance(s, COMPOUND):
            yield from inside(s)


@remembered
def inside(s: Stmt) -> tuple[Stmt, ...]:
    """Every statement of the nested blocks, in the order of :func:`walk`."""
    return tuple(x for b in blocks(s) for x in walk(b))


@remembered
def bound_in(s: Stmt) -> frozenset[str]:
    """The names that a statement or one inside it binds."""
    return frozenset(binds(s)) if not isinstance(s, COMPOUND) else frozenset(binds(s)).union(*map(binds, inside(s)))


@remembered
def written_in(s: Stmt) -> frozenset[str]:
    """The arrays that a statement or one inside it writes into."""
    return frozenset(written(s)) if not isinstance(s, COMPOUND) else frozenset().union(*map(written, inside(s)))


@remembered
def read_in(s: Stmt) -> Mapping[str, int]:
    """The names that a statement or one inside it reads, and how often."""
    counts: dict[str, int] = {}
    for x in (s, *inside(s)) if isinstance(s, COMPOUND) else (s,):
        for n in reads(x):
            counts[n] = counts.get(n, 0) + 1
    return counts


def rebuilt(before: Block, now: list[Stmt]) -> Block:
    """A block as it was, if its statements are the same."""
    if len(now) == len(before) and all(a is b for a, b in zip(now, before)):
        return before
    return tuple(now)


def map_block(block: Block, f: Callable[[Stmt], Iterable[Stmt]]) -> Block:
    """Rebuild a block bottom-up: nested blocks first, then ``f`` turns each statement into any number."""
    out: list[Stmt] = []
    for s in block:
        nested = blocks(s)
        if nested:
            s = with_blocks(s, tuple(map_block(b, f) for b in nested))
        out.extend(f(s))
    return rebuilt(block, out)


def result_names(result: Arg | None) -> tuple[str, ...]:
    return tuple(names_in((result,)))


def result_leaves(result: Arg | None) -> tuple[Atom, ...]:
    """The atoms of a (nested) result, left to right."""
    if result is None:
        return ()
    if isinstance(result, TupleArg):
        return tuple(leaf for item in result.items for leaf in result_leaves(item))
    return (result,)  # type: ignore[return-value]


def map_result(result: Arg | None, f: Callable[[Atom], Arg]) -> Arg | None:
    """The same structure with every leaf mapped."""
    if result is None:
        return None
    if isinstance(result, TupleArg):
        return replace(result, items=tuple(map_result(i, f) for i in result.items))  # type: ignore[misc]
    return f(result)  # type: ignore[arg-type]


def definition_counts(fn: Function) -> Counter[str]:
    """How many statements bind each name; a parameter counts as one definition."""
    counts: Counter[str] = Counter(fn.params)
    for s in walk(fn.body):
        for n in binds(s):
            counts[n] += 1
    return counts


def use_counts(fn: Function) -> Counter[str]:
    counts: Counter[str] = Counter(result_names(fn.result))
    for s in walk(fn.body):
        for n in reads(s):
            counts[n] += 1
    return counts


def all_names(fn: Function) -> set[str]:
    names = set(fn.params) | set(result_names(fn.result))
    for s in walk(fn.body):
        names.update(reads(s), binds(s))
    return names


# ---------------------------------------------------------------------------- substitution

def _atom(a: Any, m: Mapping[str, Atom]) -> Any:
    match a:
        case str():
            return m.get(a, a)
        case TupleArg(items):
            return replace(a, items=tuple(_atom(i, m) for i in items))
        case ShapeOf(array):
            return ShapeOf(m.get(array, array))  # type: ignore[arg-type]
        case ElementType(array):
            return ElementType(m.get(array, array))  # type: ignore[arg-type]
        case Slice(lower, upper, step):
            return Slice(_atom(lower, m), _atom(upper, m), _atom(step, m))
    return a


def _index(index: tuple[Arg | Index, ...], m: Mapping[str, Atom]) -> tuple:
    return tuple(_atom(i, m) for i in index)


def substitute_rhs(rhs: Rhs, m: Mapping[str, Atom]) -> Rhs:
    """The right-hand side with names replaced (simultaneously)."""
    match rhs:
        case str():
            return m.get(rhs, rhs)
        case Op(fn, args):
            return Op(fn, _index(args, m))
        case Call(fn, args, kwargs):
            return Call(fn, _index(args, m), tuple((k, _atom(v, m)) for k, v in kwargs))
        case GetItem(base, index):
            return GetItem(m.get(base, base), _index(index, m))  # type: ignore[arg-type]
        case Load(base, index):
            return Load(m.get(base, base), _index(index, m))  # type: ignore[arg-type]
        case Dim(array, axis):
            return Dim(m.get(array, array), axis)  # type: ignore[arg-type]
        case Alloc(kind, shape, dtype):
            return Alloc(kind, _index(shape, m), dtype)
    return rhs


def substitute_reads(s: Stmt, m: Mapping[str, Atom]) -> Stmt:
    """The statement with the names it reads replaced; names it binds stay, nested blocks stay."""
    match s:
        case Assign(value=value):
            return replace(s, value=substitute_rhs(value, m))
        case AugAssign(value=value):
            return replace(s, value=_atom(value, m))
        case SetItem(base, index, value) | AugItem(base, index, _, value):
            return replace(s, base=_atom(base, m), index=_index(index, m), value=_atom(value, m))
        case Store(array, index, value) | Increment(array, index, value):
            return replace(s, array=_atom(array, m), index=_index(index, m), value=_atom(value, m))
        case Permute(_, sources):
            return replace(s, sources=_index(sources, m))
        case If(test):
            return replace(s, test=_atom(test, m))
        case For(_, start, stop, step):
            return replace(s, start=_atom(start, m), stop=_atom(stop, m), step=_atom(step, m))
        case While(_, test):
            return replace(s, test=_atom(test, m))
        case Grow(array, needed):
            return replace(s, array=_atom(array, m), needed=_atom(needed, m))
        case Effect(call):
            new = substitute_rhs(call, m)
            assert isinstance(new, Call)
            return replace(s, call=new)
        case Invoke(result, _, args, written, before, filled=filled):
            if filled:
                result = map_result(result, lambda a: m.get(a, a) if isinstance(a, str) and a in filled else a)
            return replace(s, result=result, args=_index(args, m), written=_index(written, m),
                           before=_index(before, m), filled=_index(filled, m))
    return s


def is_zero(a: object) -> bool:
    return isinstance(a, Const) and not isinstance(a.value, (bool, str, type(None))) and a.value == 0
