"""What calls of functions that are not inlined do: which array arguments they write, and whether they do anything else.

A recursive function is described by a fixpoint over all the functions it leads to.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numba
from numba import types as nbt
from numba.core.types.misc import unliteral

from s2sad.errors import S2sadError, UnsupportedSyntax
from s2sad.frontend.source import UserFunction
from s2sad.ir import (
    Assign,
    AugAssign,
    Call,
    Effect,
    For,
    Function,
    GetItem,
    If,
    Invoke,
    Op,
    Permute,
    Raise,
    Stmt,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.types import is_array

Types = tuple[nbt.Type, ...]
Specialisation = tuple[object, Types]
Typed = Callable[[UserFunction, Types], Function]

NEW_ARRAYS = frozenset({f"np.{kind}{like}" for kind in ("zeros", "ones", "empty", "full") for like in ("", "_like")}
                       | {"np.copy", "np.dot", "np.array", "np.flatten", "np.astype", "np.linspace", "np.arange"})
"""Calls that give an array of their own; of all others the result is taken to share memory with their arguments."""
PLAIN = (nbt.Number, nbt.Boolean, nbt.Array, nbt.NoneType, nbt.Omitted, nbt.UnicodeType)
"""Types of what a recursive function takes and gives."""
SAME_ARRAY = frozenset({"stop_gradient", "select", "pos", "np.real", "np.imag", "np.where", "np.asarray"})


def argument_types(s: Invoke, types: Any) -> Types:
    """The types of the arguments of a call."""
    return tuple(types[a] if isinstance(a, str) else unliteral(numba.typeof(a.value)) for a in s.args)


class Calls:
    """Facts about the functions a function calls by name; ``typed`` gives the IR of a specialisation with types."""

    def __init__(self, typed: Typed) -> None:
        self.typed = typed
        self.functions: dict[Specialisation, Function] = {}
        self.written: dict[Specialisation, set[int]] = {}
        self.users: dict[object, UserFunction] = {}

    def resolved(self, fn: Function) -> Function:
        """The function with :class:`Invoke` statements that say which arrays they write.

        Raises
        ------
        UnsupportedSyntax
            Where arrays might share memory in a way that nothing keeps track of.
        """
        if not any(isinstance(s, Invoke) for s in w.walk(fn.body)):
            return fn
        for s in _invokes(fn):
            self.add(fn.callees[s.fn], argument_types(s, fn.types))
        self._settle()
        same = Aliases(fn)

        def visit(s: Stmt) -> tuple[Stmt, ...]:
            if isinstance(s, Invoke) and s.rule is not None:
                return (self._ruled(s, fn),)
            if isinstance(s, Invoke):
                s = replace(s, written=self._written_by(s, fn))
                self._check(s, fn, same)
            return (s,)

        return replace(fn, body=w.map_block(fn.body, visit))

    def add(self, user: UserFunction, argtypes: Types) -> None:
        key = user.key, argtypes
        if key in self.functions:
            return
        self.add_function(key, self.typed(self.users.setdefault(user.key, user), argtypes))

    def add_function(self, key: Specialisation, fn: Function) -> None:
        """Take in a function, and those it calls."""
        self.functions[key] = fn
        self.written[key] = set()
        for s in _invokes(fn):
            self.add(fn.callees[s.fn], argument_types(s, fn.types))

    def _settle(self) -> None:
        while True:
            changed = False
            for key, fn in self.functions.items():
                same = Aliases(fn)
                names = {x for s in w.walk(fn.body) for n in self._writes(s, fn) for x in same.of(n)}
                positions = {k for k, p in enumerate(fn.params) if p in names and is_array(fn.types[p])}
                changed = changed or positions != self.written[key]
                self.written[key] = positions
            if not changed:
                return

    def _writes(self, s: Stmt, fn: Function) -> Iterable[str]:
        match s:
            case Invoke():
                return self._written_by(s, fn) if s.rule is None else s.written
            case AugAssign(target):
                return (target,)
            case Effect(Call("print")) | Assign() | If() | For() | While() | Raise() | Permute():
                return ()
        array = w.writes(s)
        return w.reads(s) if array is None else (array,)

    def _written_by(self, s: Invoke, fn: Function) -> tuple[str, ...]:
        key = fn.callees[s.fn].key, argument_types(s, fn.types)
        return tuple(a for k, a in enumerate(s.args) if isinstance(a, str) and k in self.written[key])

    def _ruled(self, s: Invoke, fn: Function) -> Invoke:
        """A call of a function with a rule: it writes to none of its arguments, and what it returns is new."""
        rule = s.rule
        assert rule is not None
        if rule.library and not rule.by_user:
            return s
        leaves = tuple(t for t in w.binds(s) if is_array(fn.types.get(t)))
        if rule.library or rule.pure:
            return replace(s, copied=leaves)
        argtypes = argument_types(s, fn.types)
        user = replace(fn.callees[s.fn], identity=object(), rule=False)       # the function itself, not its rule
        try:
            callee = self.typed(user, argtypes)
            own = Calls(self.typed)
            own.add_function((user.key, argtypes), callee)
            own._settle()
        except S2sadError as e:
            if not any(is_array(t) for t in argtypes):
                return replace(s, copied=leaves)
            raise UnsupportedSyntax(f"whether '{s.fn}', which has a derivative rule, writes to its arguments is not "
                                    "known", loc=s.loc, code="S2S024", why=f"its source cannot be followed: {e.what}",
                                    hint=f"say that it does not: s2sad.rule_for({s.fn}, ..., pure=True)") from e
        if own.written[user.key, argtypes]:
            raise UnsupportedSyntax(f"'{s.fn}' has a derivative rule and writes to an argument: not supported",
                                    loc=s.loc, code="S2S024", hint="let it return what it computes")
        theirs, same = Aliases(callee), Aliases(fn)
        returned = [a for a in w.result_leaves(callee.result) if isinstance(a, str) and is_array(callee.types.get(a))]
        shared = any(p in theirs.of(a) for a in returned for p in callee.params) or any(
            b in theirs.of(a) for k, a in enumerate(returned) for b in returned[k + 1:])
        if not shared:
            return s
        touched = set(leaves).union(*(same.of(a) for a in (*s.args, *leaves) if isinstance(a, str)))
        if touched & {n for other in w.walk(fn.body) for n in self._writes(other, fn)}:
            raise UnsupportedSyntax(f"'{s.fn}', which has a derivative rule, may return an array that it was given, or "
                                    "one twice, and such an array is written to: not supported", loc=s.loc,
                                    code="S2S024", hint="let it return a copy")
        return replace(s, copied=leaves)

    def _check(self, s: Invoke, fn: Function, same: Aliases) -> None:
        for t in (*argument_types(s, fn.types), *(fn.types.get(t) for t in w.binds(s))):
            if not isinstance(t, PLAIN):
                raise UnsupportedSyntax(f"a value of type {t} to or from the recursive '{s.fn}' is not supported "
                                        "yet", loc=s.loc, code="S2S004", hint="pass and return numbers and arrays, and "
                                        "return tuples written out in the function itself")
        arrays = [a for a in s.args if isinstance(a, str) and is_array(fn.types[a])]
        for k, a in enumerate(arrays):
            for b in arrays[k + 1:]:
                if (a in s.written or b in s.written) and b in same.of(a):
                    raise UnsupportedSyntax(
                        f"'{s.fn}' writes to one of two arguments that may share memory: not supported yet", loc=s.loc,
                        code="S2S004", why="a recursive function is differentiated by itself, for separate arrays",
                        hint="pass the whole array once, with the bounds of its parts")
        callee = self.functions[fn.callees[s.fn].key, argument_types(s, fn.types)]
        leaves = [a for a in w.result_leaves(callee.result) if isinstance(a, str) and is_array(callee.types.get(a))]
        theirs = Aliases(callee)
        for k, a in enumerate(leaves):
            if any(p in theirs.of(a) for p in callee.params) or any(b in theirs.of(a) for b in leaves[k + 1:]):
                raise UnsupportedSyntax(f"'{s.fn}' returns an array that it was given, or the same one twice: not "
                                        "supported yet in a recursive function", loc=s.loc, code="S2S004",
                                        hint="return a copy")


class Aliases:
    """Which array names of a function may share memory, wherever they are bound.

    >>> from s2sad.ir import Const
    >>> body = (Assign("v", GetItem("x", (Const(0),))), Assign("y", Call("np.copy", ("x",))))
    >>> array = nbt.float64[:]
    >>> same = Aliases(Function("f", ("x",), body, None, types={"x": array, "v": array, "y": array}))
    >>> sorted(same.of("v")), sorted(same.of("y"))
    (['v', 'x'], ['y'])
    """

    def __init__(self, fn: Function) -> None:
        self.groups: dict[str, set[str]] = {}
        arrays = {n for n, t in fn.types.items() if is_array(t)}
        for s in w.walk(fn.body):
            match s:
                case Permute(targets):
                    self._join(set(targets) & arrays)
                case Assign(target, value) if target in arrays and not _is_new(value):
                    self._join({target, *w.rhs_names(value)} & arrays)

    def of(self, name: str) -> set[str]:
        return self.groups.get(name, {name})

    def _join(self, names: set[str]) -> None:
        merged = names.union(*(self.of(n) for n in names)) if names else names
        for n in merged:
            self.groups[n] = merged


def _is_new(value: object) -> bool:
    match value:
        case Call(fn):
            return fn in NEW_ARRAYS
        case Op(fn):
            return fn not in SAME_ARRAY
        case str() | GetItem():
            return False
    return False


def _invokes(fn: Function) -> list[Invoke]:
    return [s for s in w.walk(fn.body) if isinstance(s, Invoke) and s.rule is None]
