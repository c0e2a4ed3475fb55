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
name, or where neither it nor an element of the list is ever written; anything else is refused. What is taken from a
list by ``pop`` is a copy: its place is given to the array appended next.
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
    Invoke,
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
                case Invoke(written=by_callee):
                    written.update(by_callee)
        self.written = {self._root(n) for n in written}
        self.shrinking = {c.args[0] for s in w.walk(fn.body) if (c := list_call(s)) is not None
                          and c.fn in ("list.pop", "list.clear")}
        """Lists that give places in their buffer to other arrays."""

    def _root(self, n: str) -> str:
        while n in self.parent:
            n = self.parent[n]
        return n

    def _join(self, a: str, b: str) -> None:
        a, b = self._root(a), self._root(b)
        if a != b:
            self.parent[a] = b

    def is_written(self, name: str) -> bool:
        """Whether an array that may be in a list, or have been there, is written."""
        return self._root(name) in self.written

    def while_used(self, name: str, rest: Block) -> Block:
        """As much of a block as comes before the last use of an array under this name, or of a part of it."""
        names, last = {name}, 0
        for k, s in enumerate(rest):
            for x in w.walk((s,)):
                if not names.isdisjoint((*w.reads(x), *w.written(x))):
                    last = k + 1
                    if isinstance(x, Assign) and x.target in self.made and not _new(x.value):
                        names.add(x.target)
        return rest[:last]

    def require_value(self, name: str, array: str, at: Structure, s: Stmt) -> None:
        """Refuse to append an array (in the statement ``s``) whose content may change under the list."""
        loc = s.loc
        if self._is_given_away(array, at, s):
            return                          # a new one for each place in the list
        if self.is_written(array) or self.is_written(name):
            raise UnsupportedSyntax(f"`{array}` is in the list `{name}`, and it or an element of the list is written: "
                                    "not supported yet", loc=loc, code="S2S070",
                                    hint=f"append a copy: `{name}.append({array}.copy())`")

    def _is_given_away(self, array: str, at: Structure, append: Stmt) -> bool:
        """Whether an array is made anew before each time a statement appends it, and used only between the two."""
        bound = [s for s in at.binders.get(array, ()) if not isinstance(s, AugAssign)]
        if not _new(self.made.get(array, array)) or len(bound) != 1 or array in self.fn.params:
            return False
        made = bound[0]
        if at.place[made].loops != at.place[append].loops or at.lift(append, at.place[made].block) is None:
            return False                        # the one of an iteration before may be appended again
        names = self._names_of(array)
        between = range(at.place[made].order + 1, at.place[append].order)
        for s in w.walk(self.fn.body):
            if s is made or s is append or names.isdisjoint((*w.reads(s), *w.written(s), *w.binds(s))):
                continue
            if at.place[s].order not in between or list_call(s) is not None or isinstance(s, Permute) \
                    or isinstance(s, Invoke) and not names.isdisjoint(w.binds(s)):
                return False
        return names.isdisjoint(w.result_leaves(self.fn.result))

    def _names_of(self, array: str) -> set[str]:
        """The names an array or a part of it may have by assignments."""
        names, before = {array}, 0
        while len(names) > before:
            before = len(names)
            names.update(t for t, value in self.made.items()
                         if not _new(value) and not names.isdisjoint(w.rhs_names(value)))
        return names


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
    """``target = name[i]``: part of the buffer where that keeps its content while the name is in use, or a copy."""
    shrinks = name in lists.elements.shrinking
    once = lists.definitions[name] == 1 and not lists.in_loop[name] and not shrinks
    passing = target in lists.temporaries and not any(
        name in w.binds(x) or shrinks and name in w.rhs_names(list_call(x) or Const(0))
        for x in w.walk(lists.elements.while_used(target, rest)))
    bound_again = target in lists.fn.params or lists.definitions[target] != 1
    if bound_again or not (once or passing):
        if not shrinks or lists.elements.is_written(name):
            lists.refuse("an element of a list of arrays under a name that is bound again, or while the list changes",
                         "take a copy of the element")
        lists.emit(Assign(target, Call("np.copy", (_part(lists, name, lists.place(name, i)),)), lists.loc))
        return
    begin, end = _bounds(lists, name, lists.place(name, i))
    lists.emit(Assign(target, GetItem(name, (Slice(begin, end, None),)), lists.loc))


def pop_array(lists: _Lists, name: str, at: list[Atom], target: str | None) -> None:
    """``target = name.pop()``, or of another place: those behind it move up."""
    n, first = lists.length[name], lists.arrays[name]
    last = lists.temp(Op("sub", (n, Const(1))))
    from_end = not at or at[0] == Const(-1)
    k = last if from_end else lists.place(name, at[0])
    if target is not None:
        lists.emit(Assign(target, Call("np.copy", (_part(lists, name, k),)), lists.loc))
    if not from_end:
        begin, end = _bounds(lists, name, k)
        size = lists.temp(Op("sub", (end, begin)), "n")
        total = lists.temp(Load(first, (n,)), "end")
        element = lists.fn.types[name].dtype.dtype
        lists.loop(end, total, Const(1), lambda i: lists.emit(Store(
            name, (lists.temp(Op("sub", (i, size)), "at"),), lists.temp(Load(name, (i,)), "t", element), lists.loc)))

        def moved(j: str) -> None:
            following = lists.temp(Load(first, (lists.temp(Op("add", (j, Const(1)))),)))
            lists.emit(Store(first, (j,), lists.temp(Op("sub", (following, size))), lists.loc))

        lists.loop(lists.temp(Op("add", (k, Const(1)))), n, Const(1), moved)
    lists.set_length(name, Op("sub", (n, Const(1))))


def list_call(s: Stmt) -> Call | None:
    """The call of a method of a list that a statement is."""
    call = s.call if isinstance(s, Effect) else s.value if isinstance(s, Assign) else None
    return call if isinstance(call, Call) and call.fn.startswith("list.") else None


def _bounds(lists: _Lists, name: str, k: Atom) -> tuple[str, str]:
    """Where the array in place ``k`` begins and ends in the buffer."""
    first = lists.arrays[name]
    begin = lists.temp(Load(first, (k,)), "begin")
    return begin, lists.temp(Load(first, (lists.temp(Op("add", (k, Const(1)))),)), "end")


def _part(lists: _Lists, name: str, k: Atom) -> str:
    begin, end = _bounds(lists, name, k)
    return lists.temp(GetItem(name, (Slice(begin, end, None),)), "v", lists.fn.types[name].dtype)


def _new(value: Rhs) -> bool:
    """Whether a right-hand side makes an array nobody else has a name for."""
    match value:
        case Call(fn):
            return fn in NEW or fn.startswith(NUMPY)
        case Op(fn):
            return fn not in NOT_NEW
    return False
