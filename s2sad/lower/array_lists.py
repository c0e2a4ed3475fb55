"""Lists of one-dimensional arrays: one growable buffer for the content of all, and where each begins.

Before::

    h = []
    h.append(u.copy())
    v = h[k]

after::

    n_h = 0
    first_h[0] = 0
    ...                             # the elements of the copy, behind those of the arrays before it
    first_h[n_h + 1] = first_h[n_h] + n_u
    n_h = n_h + 1
    v = h[first_h[k]:first_h[k + 1]]

A list holds references, the buffer holds content. That is the same where the appended array is new and has no other
name, or where neither it nor an element of the list is ever written; anything else is refused.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from s2sad.analysis.structure import Structure
from s2sad.errors import UnsupportedSyntax
from s2sad.ir import (
    Assign,
    Atom,
    AugAssign,
    AugItem,
    Block,
    Call,
    Const,
    Dim,
    Effect,
    Function,
    GetItem,
    Increment,
    Load,
    Op,
    Permute,
    Rhs,
    SetItem,
    Slice,
    Stmt,
    Store,
)
from s2sad.ir import walk as w
from s2sad.ir.draws import NUMPY
from s2sad.ir.types import is_array

if TYPE_CHECKING:
    from s2sad.lower.lists import _Lists

NEW = frozenset({"np.copy", "np.array", *(f"np.{k}{like}" for k in ("zeros", "empty", "ones", "full")
                                          for like in ("", "_like"))})
NOT_NEW = frozenset({"stop_gradient", "np.real", "np.imag", "select"})


class Elements:
    """What is known about the arrays that lists hold, before lowering."""

    def __init__(self, fn: Function, lists: frozenset[str]) -> None:
        self.fn, self.lists = fn, lists
        self.uses, self.definitions = w.use_counts(fn), w.definition_counts(fn)
        self.parent: dict[str, str] = {}
        self.made: dict[str, Rhs] = {}
        written: set[str] = set()
        for s in w.walk(fn.body):
            match s:
                case Assign(target, value) if is_array(fn.types.get(target)):
                    self.made[target] = value
                    if not _new(value):
                        for n in w.rhs_names(value):
                            if is_array(fn.types.get(n)) or n in lists:
                                self._join(target, n)
                case Permute(targets) if is_array(fn.types.get(targets[0])):
                    for t in targets:
                        self._join(targets[0], t)
                case SetItem(base) | AugItem(base) | Store(base) | Increment(base):
                    written.add(base)
                case AugAssign(target):
                    written.add(target)
                case Effect(call) if not call.fn.startswith("list."):
                    written.update(w.rhs_names(call))
        self.written = {self._root(n) for n in written}

    def _root(self, n: str) -> str:
        while n in self.parent:
            n = self.parent[n]
        return n

    def _join(self, a: str, b: str) -> None:
        a, b = self._root(a), self._root(b)
        if a != b:
            self.parent[a] = b

    def require_value(self, name: str, array: str, at: Structure, s: Stmt) -> None:
        """Refuse to append an array (in the statement ``s``) whose content may change under the list."""
        loc = s.loc
        if _new(self.made.get(array, array)) and (self.uses[array], self.definitions[array]) == (1, 1) \
                and at.place[at.binders[array][0]].loops == at.place[s].loops:
            return                          # a new one for each place in the list
        if self._root(array) in self.written or self._root(name) in self.written:
            raise UnsupportedSyntax(f"`{array}` is in the list `{name}`, and it or an element of the list is written: "
                                    "not supported yet", loc=loc, code="S2S070",
                                    hint=f"append a copy: `{name}.append({array}.copy())`")


def append_array(lists: _Lists, name: str, array: str) -> None:
    """``name.append(array)``: the elements go behind those of the arrays before."""
    lists.elements.require_value(name, array, lists.at, lists.current)
    n, first = lists.length[name], lists.arrays[name]
    begin, size = lists.temp(Load(first, (n,)), "begin"), lists.temp(Dim(array, 0), "n")
    end = lists.temp(Op("add", (begin, size)), "end")
    lists.reserve(name, end)
    lists.reserve(first, lists.temp(Op("add", (n, Const(2))), "needed"))
    element = lists.fn.types[name].dtype.dtype

    def one(i: str) -> None:
        value = lists.temp(GetItem(array, (i,)), "t", element)
        lists.emit(Store(name, (lists.temp(Op("add", (begin, i)), "at"),), value, lists.loc))

    lists.loop(Const(0), size, Const(1), one)
    lists.emit(Store(first, (lists.temp(Op("add", (n, Const(1)))),), end, lists.loc))
    lists.set_length(name, Op("add", (n, Const(1))))


def bind_element(lists: _Lists, target: str, name: str, i: Atom, rest: Block) -> None:
    """``target = name[i]``: part of the buffer, as long as the list is not made anew."""
    once = lists.definitions[name] == 1 and not lists.in_loop[name]
    passing = target in lists.temporaries and not any(name in w.binds(x) for x in w.walk(rest))
    if target in lists.fn.params or lists.definitions[target] != 1 or not (once or passing):
        lists.refuse("an element of a list of arrays under a name that is bound again", "take a copy of the element")
    k, first = lists.place(name, i), lists.arrays[name]
    begin = lists.temp(Load(first, (k,)), "begin")
    end = lists.temp(Load(first, (lists.temp(Op("add", (k, Const(1)))),)), "end")
    lists.emit(Assign(target, GetItem(name, (Slice(begin, end, None),)), lists.loc))


def _new(value: Rhs) -> bool:
    """Whether a right-hand side makes an array nobody else has a name for."""
    match value:
        case Call(fn):
            return fn in NEW or fn.startswith(NUMPY)
        case Op(fn):
            return fn not in NOT_NEW
    return False
