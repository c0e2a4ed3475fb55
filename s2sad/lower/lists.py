"""Lists become growable arrays: a buffer whose content is kept when its capacity is raised, and a length.

Before::

    s = [x]
    s.append(y)
    z = s.pop()

after::

    s = np.empty(64)            # at the start of the function
    ...
    s[0] = x
    n_s = 1
    needed = n_s + 1
    if needed > s.shape[0]: s = grown(s, needed)
    s[n_s] = y
    n_s = n_s + 1
    if n_s == 0: raise IndexError("pop from empty list")
    n_s = n_s - 1
    z = s[n_s]

Content and length are ordinary variables from here on: what is overwritten is restored in the reverse sweep like any
other value. Capacity only ever grows, so that what is restored has its place.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

from numba import types as nbt

from s2sad.analysis.structure import Structure
from s2sad.errors import UnsupportedFunction, UnsupportedSyntax
from s2sad.ir import (
    Arg,
    Assign,
    Atom,
    AugItem,
    Block,
    Call,
    Const,
    Dim,
    DType,
    Effect,
    For,
    Function,
    GetItem,
    Grow,
    If,
    Load,
    Loc,
    Op,
    Permute,
    Raise,
    Rhs,
    SetItem,
    Slice,
    Stmt,
    Store,
    TupleArg,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import dtype_name, is_array
from s2sad.lower.array_lists import Elements, append_array, bind_element, pop_array
from s2sad.lower.list_names import settle_names

ZERO, ONE = Const(0), Const(1)
FIRST_CAPACITY = 64
CHANGING = frozenset({"list.append", "list.pop", "list.insert", "list.extend", "list.clear"})
"""What changes the length of a list."""


def lower_lists(fn: Function) -> Function:
    """The function without lists; ``fn.types`` tells which names hold one."""
    lists = frozenset(n for n in w.all_names(fn) if isinstance(fn.types.get(n), nbt.List))
    if not lists:
        return fn
    for s in w.walk(fn.body):
        for n in w.binds(s):
            if n in lists and not _supported(fn.types[n].dtype):
                raise UnsupportedSyntax(f"`{n}` is a list of something else than numbers or vectors: not supported yet",
                                        loc=s.loc, code="S2S070", hint="use a list for each part, or an array")
    for leaf in w.result_leaves(fn.result):
        if leaf in lists:
            raise UnsupportedSyntax(f"the list `{leaf}` is returned: not supported yet", loc=fn.loc, code="S2S070",
                                    hint=f"return an array: `np.array({leaf})`")
    return _Lists(settle_names(fn, lists), lists).run()


class _Lists:
    def __init__(self, fn: Function, lists: frozenset[str]) -> None:
        self.fn, self.lists = fn, lists
        self.names = Names({*w.all_names(fn), *lists})
        self.types: dict[str, Any] = dict(fn.types)
        self.out: list[Stmt] = []
        self.loc: Loc = fn.loc
        self.length = {n: self.names.fresh(f"n_{n}") for n in sorted(lists)}
        self.uses, self.definitions = w.use_counts(fn), w.definition_counts(fn)
        self.at = at = Structure(fn)
        self.current: Stmt = fn.body[0]
        self.in_loop = {n: any(at.place[s].loops for s in at.binders.get(n, ())) for n in lists}
        self.temporaries = {n for n in at.binders if at.is_temporary(n)}
        self.known: dict[str, str] = {}
        """Names that hold the present length of a list."""
        self.inside: dict[str, set[str]] = {}
        """Loop counters that are places in these lists."""
        self.arrays = {n: self.names.fresh(f"first_{n}") for n in sorted(lists) if is_array(self.types[n].dtype)}
        """Lists of arrays, and where in the buffer each array begins."""
        self.elements = Elements(fn, lists)
        self.iterated: dict[str, str] = {}
        """Bounds of loops over a list, and the list."""
        self.together: dict[str, set[str]] = {}
        """Bounds of loops over several lists at once."""

    def run(self) -> Function:
        body = self.block(self.fn.body)
        present = set().union(*({*w.reads(s), *w.binds(s)} for s in w.walk(body))) if body else set()
        capacity = max([FIRST_CAPACITY, *(len(s.value.args[0].items) for s in w.walk(self.fn.body)  # type: ignore[union-attr]
                                          if isinstance(s, Assign) and _display(s.value) is not None)])
        head: list[Stmt] = []
        for n in sorted(self.lists):
            element = self.types[n].dtype
            if n in self.arrays:
                element = element.dtype
                first = self.arrays[n]
                self.types[first] = nbt.Array(nbt.int64, 1, "C")
                made = Call("np.empty", (Const(capacity + 1),), (("dtype", DType("int64")),))
                if first in present:
                    head.append(Assign(first, made, self.fn.loc))
            self.types[n] = nbt.Array(element, 1, "C")
            self.types[self.length[n]] = nbt.int64
            if n in present or self.length[n] in present:
                made = Call("np.empty", (Const(capacity),), (("dtype", DType(dtype_name(self.types[n]))),))
                head += [Assign(n, made, self.fn.loc), Assign(self.length[n], ZERO, self.fn.loc)]
        return replace(self.fn, body=(*head, *body), types=self.types)

    # ------------------------------------------------------------------ building

    def emit(self, s: Stmt) -> None:
        self.out.append(s)

    def temp(self, value: Rhs, hint: str = "k", kind: object = nbt.int64) -> str:
        t = self.names.fresh(hint)
        self.types[t] = kind
        self.emit(Assign(t, value, self.loc))
        return t

    def refuse(self, what: str, hint: str) -> NoReturn:
        raise UnsupportedSyntax(f"{what}: not supported yet", loc=self.loc, code="S2S070", hint=hint)

    def element(self, name: str, at: Atom) -> str:
        return self.temp(Load(name, (at,)), "t", self.fn.types[name].dtype)

    def loop(self, start: Atom, stop: Atom, step: Const, body: Any) -> None:
        i = self.names.fresh("i")
        self.types[i] = nbt.int64
        saved, self.out = self.out, []
        body(i)
        inner, self.out = tuple(self.out), saved
        self.emit(For(i, start, stop, step, inner, loc=self.loc))

    def raise_if(self, test: Rhs, message: str) -> None:
        t = self.temp(test, "t", nbt.boolean)
        self.emit(If(t, (Raise("IndexError", message, self.loc),), (), self.loc))

    def place(self, name: str, i: Atom) -> Atom:
        """The place of element ``i``; numba's check that it exists stays, unless a loop over the list says so."""
        if isinstance(i, str) and name in self.inside.get(i, ()):
            return i
        return self.temp(Op("list_index", (i, self.length[name])), "at")

    def reserve(self, name: str, needed: Atom) -> None:
        capacity = self.temp(Dim(name, 0), "capacity")
        test = self.temp(Op("gt", (needed, capacity)), "t", nbt.boolean)
        self.emit(If(test, (Grow(name, needed, self.loc),), (), self.loc))

    def set_length(self, name: str, n: Rhs) -> None:
        self.emit(Assign(self.length[name], n, self.loc))
        self.forget({name})

    def forget(self, changed: set[str]) -> None:
        self.known = {t: s for t, s in self.known.items() if s not in changed}

    # ------------------------------------------------------------------ statements

    def block(self, body: Block) -> Block:
        saved, self.out = self.out, []
        for k, s in enumerate(body):
            self.loc, self.current = s.loc, s
            self.statement(s, body[k + 1:])
        new, self.out = tuple(self.out), saved
        return new

    def nested(self, body: Block) -> Block:
        before = dict(self.known)
        new = self.block(body)
        self.known = {t: s for t, s in self.known.items() if before.get(t) == s}
        return new

    def statement(self, s: Stmt, rest: Block) -> None:
        lists = self.lists
        match s:
            case Assign(target, value) if target in lists:
                self.create(target, value)
            case Assign(target, GetItem(base, (i,))) if base in self.arrays and not isinstance(i, Slice):
                bind_element(self, target, base, i, rest)  # type: ignore[arg-type]
            case Assign(target, value) if any(n in lists for n in w.rhs_names(value)):
                self.read(target, value)
            case Assign(target, Op("min", args)):
                self.together[target] = {self.iterated[a] for a in args if isinstance(a, str) and a in self.iterated}
                for a in args:
                    self.together[target] |= self.together.get(a, set())  # type: ignore[arg-type]
                self.emit(s)
            case Effect(call) if any(n in lists for n in w.rhs_names(call)):
                self.method(call)
            case SetItem(base, (i,), value) if base in lists and not isinstance(i, Slice) and value not in lists:
                self.emit(Store(base, (self.place(base, i),), value, s.loc))  # type: ignore[arg-type]
            case AugItem(base, (i,), op, value) if base in lists and not isinstance(i, Slice) and value not in lists:
                self.emit(AugItem(base, (self.place(base, i),), op, value, s.loc))  # type: ignore[arg-type]
            case Permute(targets, sources) if targets[0] in lists and targets[0] not in self.arrays:
                self.emit(s)
                new, old = (tuple(self.length[t] for t in names) for names in (targets, sources))
                self.emit(Permute(new, old, s.loc))
                self.forget(set(targets))
            case If(_, then, orelse):
                self.emit(replace(s, then=self.nested(then), orelse=self.nested(orelse)))
            case For():
                self.for_loop(s)
            case While(cond, _, body):
                self.forget(self.changed((*cond, *body)))
                self.emit(replace(s, cond=self.nested(cond), body=self.nested(body)))
            case _:
                if any(n in lists for n in (*w.reads(s), *w.binds(s))):
                    self.refuse("this use of a list", "use it element by element")
                self.emit(s)

    def changed(self, body: Block) -> set[str]:
        """Lists whose length (or which list the name means) a block may change."""
        out: set[str] = set()
        for s in w.walk(body):
            out.update(n for n in w.binds(s) if n in self.lists)
            call = s.call if isinstance(s, Effect) else s.value if isinstance(s, Assign) else None
            if isinstance(call, Call) and call.fn in CHANGING:
                out.add(call.args[0])  # type: ignore[arg-type]
        return out

    def for_loop(self, s: For) -> None:
        changed = self.changed(s.body)
        over = self.iterated.get(s.stop) if isinstance(s.stop, str) else None
        if isinstance(s.stop, str) and self.together.get(s.stop, set()) & changed:
            self.refuse("a list that changes its length while a `zip` of it is looped over", "loop over the indices")
        if over is not None and over in changed:
            self.growing_loop(s, over)
            return
        self.forget(changed)
        counts_up = isinstance(s.start, Const) and s.start.value >= 0 and isinstance(s.step, Const) and s.step.value > 0
        if counts_up and s.stop in self.known:
            self.inside.setdefault(s.var, set()).add(self.known[s.stop])  # type: ignore[index]
        self.emit(replace(s, body=self.nested(s.body)))
        self.inside.pop(s.var, None)

    def growing_loop(self, s: For, over: str) -> None:
        """A loop over a list that changes meanwhile asks for its length before each iteration."""
        self.forget(self.changed(s.body))
        k, test = self.names.fresh("k"), self.names.fresh("t")
        self.types.update({k: nbt.int64, test: nbt.boolean})
        self.emit(Assign(k, s.start, s.loc))
        body = (Assign(s.var, k, s.loc), *self.nested(s.body), Assign(k, Op("add", (k, ONE)), s.loc))
        cond = (Assign(test, Op("lt", (k, self.length[over])), s.loc),)
        self.emit(While(cond, test, body, exit=s.exit, loc=s.loc))

    # ------------------------------------------------------------------ reading

    def read(self, target: str, value: Rhs) -> None:
        if any(n in self.arrays for n in w.rhs_names(value)) and not (
                isinstance(value, Call) and value.fn in ("len", "iterated", "list.pop")):
            self.refuse("this use of a list of arrays", "append, pop, index and loop over it")
        match value:
            case GetItem(base, (i,)) if base in self.lists and not isinstance(i, Slice):
                self.emit(Assign(target, Load(base, (self.place(base, i),)), self.loc))  # type: ignore[arg-type]
            case Call("len" | "iterated", (str(x),)):
                self.emit(Assign(target, self.length[x], self.loc))
                if self.definitions[target] == 1:
                    self.known[target] = x
                    if value.fn == "iterated":
                        self.iterated[target] = x
            case Call("list.pop", (str(x), *at)):
                self.pop(x, at, target)
            case Call("np.array" | "np.asarray", (str(x),), kwargs):
                self.as_array(target, x, kwargs)
            case Call("sum", (str(x),)):
                self.total(target, x)
            case Call("max" | "min", (str(x),)):
                self.extreme(target, value.fn, x)
            case Call(fn):
                raise UnsupportedFunction(f"`{fn}` of a list is not supported", loc=self.loc, code="S2S011",
                                          hint="write the loop over its elements")
            case _:
                self.refuse("this use of a list", "use it element by element")

    def as_array(self, target: str, x: str, kwargs: tuple) -> None:
        dtype = kwargs or (("dtype", DType(dtype_name(self.fn.types[target]))),)
        self.emit(Assign(target, Call("np.empty", (self.length[x],), dtype), self.loc))
        self.loop(ZERO, self.length[x], ONE, lambda i: self.emit(
            SetItem(target, (i,), self.element(x, i), self.loc)))

    def total(self, target: str, x: str) -> None:
        kind = self.fn.types[target]
        s = self.temp(Const(0) if isinstance(kind, nbt.Integer) else Const(0.0), "s", kind)
        self.loop(ZERO, self.length[x], ONE, lambda i: self.emit(
            Assign(s, Op("add", (s, self.element(x, i))), self.loc)))
        self.emit(Assign(target, s, self.loc))

    def extreme(self, target: str, fn: str, x: str) -> None:
        self.raise_if(Op("eq", (self.length[x], ZERO)), f"{fn}() iterable argument is empty")
        best = self.temp(Load(x, (ZERO,)), "best", self.fn.types[target])
        self.loop(ONE, self.length[x], ONE, lambda i: self.emit(
            Assign(best, Op(fn, (best, self.element(x, i))), self.loc)))
        self.emit(Assign(target, best, self.loc))

    # ------------------------------------------------------------------ methods

    def method(self, call: Call) -> None:
        name, *args = call.args
        n = self.length.get(name)  # type: ignore[arg-type]
        if not isinstance(name, str) or n is None or any(a in self.lists for a in args) and call.fn != "list.extend":
            self.refuse(f"`{call.fn}` of a list", "use it element by element")
        if name in self.arrays and call.fn not in ("list.append", "list.pop", "list.clear"):
            self.refuse(f"`{call.fn}` of a list of arrays", "append, pop, index and loop over it")
        match call.fn, args:
            case "list.append", [str(array)] if name in self.arrays:
                append_array(self, name, array)
            case "list.append", [value]:
                self.reserve(name, self.temp(Op("add", (n, ONE)), "needed"))
                self.emit(Store(name, (n,), value, self.loc))  # type: ignore[arg-type]
                self.set_length(name, Op("add", (n, ONE)))
            case "list.pop", at:
                self.pop(name, at, None)
            case "list.clear", []:
                self.set_length(name, ZERO)
            case "list.insert", [at, value]:
                self.insert(name, at, value)  # type: ignore[arg-type]
            case "list.reverse", []:
                self.reverse(name)
            case "list.extend", [str(other)]:
                old, more = self.temp(n, "n"), self.temp(self.length[other], "n")
                total = self.temp(Op("add", (old, more)), "needed")
                self.reserve(name, total)
                self.loop(ZERO, more, ONE, lambda i: self.emit(
                    Store(name, (self.temp(Op("add", (old, i))),), self.element(other, i), self.loc)))
                self.set_length(name, total)
            case _:
                self.refuse(f"`{call.fn}` of a list", "use it element by element")

    def pop(self, name: str, at: Any, target: str | None) -> None:
        n = self.length[name]
        self.raise_if(Op("eq", (n, ZERO)), "pop from empty list")
        if name in self.arrays:
            pop_array(self, name, list(at), target)
            return
        if not at or at[0] == Const(-1):
            self.set_length(name, Op("sub", (n, ONE)))
            if target is not None:
                self.emit(Assign(target, Load(name, (n,)), self.loc))
            return
        k = self.place(name, at[0])
        value = self.element(name, k)
        last = self.temp(Op("sub", (n, ONE)))
        self.loop(k, last, ONE, lambda i: self.emit(
            Store(name, (i,), self.element(name, self.temp(Op("add", (i, ONE)))), self.loc)))
        self.set_length(name, Op("sub", (n, ONE)))
        if target is not None:
            self.emit(Assign(target, value, self.loc))

    def insert(self, name: str, at: Atom, value: Atom) -> None:
        n = self.length[name]
        k = self.temp(Op("clamp", (at, n)), "at")
        self.reserve(name, self.temp(Op("add", (n, ONE)), "needed"))
        self.loop(n, k, Const(-1), lambda i: self.emit(
            Store(name, (i,), self.element(name, self.temp(Op("sub", (i, ONE)))), self.loc)))
        self.emit(Store(name, (k,), value, self.loc))
        self.set_length(name, Op("add", (n, ONE)))

    def reverse(self, name: str) -> None:
        n = self.length[name]
        last = self.temp(Op("sub", (n, ONE)))

        def swap(i: str) -> None:
            j = self.temp(Op("sub", (last, i)))
            a, b = self.element(name, i), self.element(name, j)
            self.emit(Store(name, (i,), b, self.loc))
            self.emit(Store(name, (j,), a, self.loc))

        self.loop(ZERO, self.temp(Op("floordiv", (n, Const(2)))), ONE, swap)

    # ------------------------------------------------------------------ making lists

    def create(self, target: str, value: Rhs) -> None:
        items = _display(value)
        if target in self.arrays:
            if items is None:
                self.refuse("a list of arrays made like this", "append copies in a loop")
            self.emit(Store(self.arrays[target], (ZERO,), ZERO, self.loc))
            self.set_length(target, ZERO)
            for item in items:
                append_array(self, target, item)  # type: ignore[arg-type]
            return
        if items is not None:
            for k, item in enumerate(items):
                self.emit(Store(target, (Const(k),), item, self.loc))  # type: ignore[arg-type]
            self.set_length(target, Const(len(items)))
            return
        match value:
            case Call("np.copy", (str(x),)):
                self.copied(target, x, ZERO, self.length[x], ONE)
            case GetItem(base, (Slice() as s,)) if base in self.lists:
                self.slice(target, base, s)
            case Op("add", (str(a), str(b))) if target not in (a, b) or a == target != b:
                if a != target:
                    self.copied(target, a, ZERO, self.length[a], ONE)
                self.method(Call("list.extend", (target, b)))
            case Op("mul", (str(a), times)) if a in self.lists and a != target:
                self.repeated(target, a, times)
            case Op("mul", (times, str(a))) if a in self.lists and a != target:
                self.repeated(target, a, times)
            case _:
                self.refuse("a list made like this", "append its elements in a loop")

    def copied(self, target: str, source: str, start: Atom, count: Atom, step: Const) -> None:
        if target == source and (start, step) == (ZERO, ONE):
            self.set_length(target, count)
            return
        count = self.temp(count, "n")
        self.reserve(target, count)

        def one(i: str) -> None:
            at: Atom = i if step == ONE else self.temp(Op("mul", (i, step)))
            if start != ZERO:
                at = self.temp(Op("add", (start, at)))
            self.emit(Store(target, (i,), self.element(source, at), self.loc))

        self.loop(ZERO, count, ONE, one)
        self.set_length(target, count)

    def slice(self, target: str, source: str, s: Slice) -> None:
        n = self.length[source]
        whole = (s.lower, s.upper) == (None, None)
        if s.step in (None, ONE, Const(None)):
            low = ZERO if s.lower is None else self.temp(Op("clamp", (s.lower, n)), "at")
            high = n if s.upper is None else self.temp(Op("clamp", (s.upper, n)), "at")
            count = self.temp(Op("max", (self.temp(Op("sub", (high, low))), ZERO)), "n")
            self.copied(target, source, low, count, ONE)
        elif s.step == Const(-1) and whole and target == source:
            self.reverse(target)
        elif s.step == Const(-1) and whole:
            self.copied(target, source, self.temp(Op("sub", (n, ONE))), n, Const(-1))
        else:
            self.refuse("a slice of a list with this step", "append its elements in a loop")

    def repeated(self, target: str, source: str, times: Atom) -> None:
        times = self.temp(Op("max", (times, ZERO)), "n")
        size = self.temp(self.length[source], "n")
        total = self.temp(Op("mul", (size, times)), "n")
        self.reserve(target, total)
        first = self.definitions[source] == 1 and self._single(source)

        def one(i: str) -> None:
            value = first or self.element(source, self.temp(Op("mod", (i, size))))
            self.emit(Store(target, (i,), value, self.loc))

        self.loop(ZERO, total, ONE, one)
        self.set_length(target, total)

    def _single(self, source: str) -> Atom | None:
        """The one item of a display that is only repeated; its statements are dropped later if nothing reads them."""
        for s in w.walk(self.fn.body):
            if isinstance(s, Assign) and s.target == source:
                items = _display(s.value)
                if items is not None and len(items) == 1 and self.uses[source] == 1:
                    item = items[0]
                    if isinstance(item, Const) or self.definitions[item] == 1:  # type: ignore[index]
                        return item  # type: ignore[return-value]
        return None


def _supported(element: object) -> bool:
    if isinstance(element, nbt.Array):
        return element.ndim == 1 and isinstance(element.dtype, (nbt.Number, nbt.Boolean))
    return isinstance(element, (nbt.Number, nbt.Boolean))


def _display(value: Rhs) -> tuple[Arg, ...] | None:
    match value:
        case Call("list", (TupleArg(items),)):
            return items
    return None
