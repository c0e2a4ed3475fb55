"""Split each name into independent webs, so that a name reused for something else becomes another name.

A web is a set of definitions that meet at some use. Definitions are merged only where a use really sees both, or where
a loop carries the value.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from s2sad.errors import UnsupportedSyntax
from s2sad.frontend.naming import LocalNames
from s2sad.ir.nodes import (
    Arg,
    Assign,
    Atom,
    AugAssign,
    Block,
    Const,
    For,
    Function,
    If,
    Invoke,
    Loc,
    Permute,
    Stmt,
    While,
)
from s2sad.ir.walk import binds, map_result, reads, result_names, substitute_reads, walk

Reaching = dict[str, frozenset[int]]


def split_webs(fn: Function, names: LocalNames) -> Function:
    """Rename so that each name is one web; the first web of a name keeps it.

    >>> def f(x):
    ...     a = x[0]
    ...     b = a * a
    ...     a = x.sum()
    ...     return a * b
    >>> from s2sad.emit import to_python, unparse
    >>> from s2sad.frontend import UserFunction, lower_function
    >>> print(unparse(to_python(lower_function(UserFunction.from_callable(f)))))
    def f(x):
        a = x[0]
        b = a * a
        a_1 = np.sum(x)
        t1 = a_1 * b
        return t1
    """
    webs = _Webs(fn)
    env = webs.block(fn.body, {p: webs.parameter(p) for p in fn.params})
    for name in result_names(fn.result):
        webs.use(("result", name), name, env, fn.loc)
    return webs.renamed(fn, names)


class _Webs:
    """Union-find over definitions, and which definitions each use sees."""

    def __init__(self, fn: Function) -> None:
        self.parent: list[int] = []
        self.alone: list[frozenset[int]] = []               # each definition by itself, the same object each time
        self.ids: dict[tuple[object, str], int] = {}
        self.seen: dict[tuple[object, str], int] = {}
        self.fn = fn

    def parameter(self, name: str) -> frozenset[int]:
        return self.alone[self.definition("parameter", name)]

    def definition(self, where: object, name: str) -> int:
        key = (where, name)
        if key not in self.ids:
            self.ids[key] = len(self.parent)
            self.alone.append(frozenset({len(self.parent)}))
            self.parent.append(len(self.parent))
        return self.ids[key]

    def find(self, k: int) -> int:
        while self.parent[k] != k:
            self.parent[k] = self.parent[self.parent[k]]
            k = self.parent[k]
        return k

    def union(self, a: int, b: int) -> None:
        a, b = self.find(a), self.find(b)
        # The earlier definition represents the web, so that numbering follows the program.
        self.parent[max(a, b)] = min(a, b)

    def use(self, where: object, name: str, env: Reaching, loc: Loc) -> None:
        reaching = env.get(name)
        if not reaching:
            # Loops are walked until nothing changes; what is read too early shows in the end.
            self.seen.setdefault((where, name), -1)
            return
        first = min(reaching)
        for k in reaching:
            if k != first:
                self.union(first, k)
        self.seen[where, name] = first

    def define(self, s: Stmt, env: Reaching, names: tuple[str, ...]) -> None:
        for name in names:
            k = self.definition(s, name)
            if isinstance(s, (AugAssign, Permute)):
                for old in env.get(name, ()):
                    self.union(old, k)
            env[name] = self.alone[k]

    def block(self, block: Block, env: Reaching) -> Reaching:
        for s in block:
            env = self.statement(s, env)
        return env

    def statement(self, s: Stmt, env: Reaching) -> Reaching:
        match s:
            case If():
                for name in reads(s):
                    self.use(s, name, env, s.loc)
                return _join(self.block(s.then, dict(env)), self.block(s.orelse, dict(env)))
            case For(exit=exit):
                for name in reads(s):
                    if name != exit:
                        self.use(s, name, env, s.loc)
                while True:
                    inside = dict(env)
                    self.define(s, inside, binds(s))
                    inside = self.block(s.body, inside)
                    if exit is not None:
                        self.use((s, "exit"), exit, inside, s.loc)
                    after = _join(env, inside)
                    if after == env:
                        return after
                    env = after
            case While(test=test, exit=exit):
                while True:
                    tested = self.block(s.cond, dict(env))
                    if isinstance(test, str):
                        self.use(s, test, tested, s.loc)
                    inside = self.block(s.body, dict(tested))
                    if exit is not None:
                        self.use((s, "exit"), exit, inside, s.loc)
                    again = _join(env, inside)
                    if again == env:
                        break
                    env = again
                endless = test == Const(True)
                after = inside if endless else _join(tested, inside) if exit is not None else tested
                self.define(s, after, binds(s))
                return after
        for name in reads(s):
            self.use(s, name, env, s.loc)
        self.define(s, env, binds(s))       # each block has an environment of its own
        return env

    # -- renaming

    def renamed(self, fn: Function, names: LocalNames) -> Function:
        webs: dict[int, str] = {}
        taken: set[str] = set(fn.params)
        for p in fn.params:
            webs[self.find(self.ids["parameter", p])] = p
        used = {self.find(k) for k in self.seen.values() if k >= 0}
        roots = {self.find(self.ids[s, name]): name for s in walk(fn.body) for name in binds(s)}
        # Webs nobody reads do not get to keep the plain name.
        for root in (*(r for r in roots if r in used), *(r for r in roots if r not in used)):
            if root not in webs:
                name = roots[root]
                webs[root] = names.split(name) if name in taken else name
                taken.add(name)

        def use(where: object, name: str, loc: Loc) -> str:
            k = self.seen.get((where, name), -1)
            if k < 0:
                raise UnsupportedSyntax(f"'{name}' is read before it is assigned", loc=loc, code="S2S008",
                                        hint="assign it on every path before, for example ahead of the loop")
            return webs[self.find(k)]

        def target(s: Stmt, name: str) -> str:
            return webs[self.find(self.ids[s, name])]

        def statement(s: Stmt) -> Stmt:
            exit = getattr(s, "exit", None)
            where = {n: use(s, n, s.loc) for n in reads(s) if n != exit or (isinstance(s, While) and n == s.test)}
            ends = None if exit is None else use((s, "exit"), exit, s.loc)
            same = all(n == m for n, m in where.items())
            match s if same else substitute_reads(s, where):
                case Assign(t) | AugAssign(t) as new:
                    held = target(s, t)
                    return new if held == t else replace(new, target=held)
                case Permute(targets) as new:
                    return replace(new, targets=tuple(target(s, t) for t in targets))
                case Invoke(held) as new:
                    own = {t: target(s, t) for t in binds(s)}
                    return replace(new, result=map_result(held, lambda t: own.get(t, t)),  # type: ignore[arg-type]
                                   copied=tuple(own[t] for t in new.copied))
                case If() as new:
                    return replace(new, then=block(new.then), orelse=block(new.orelse))
                case For() as new:
                    trips = None if new.trips is None else target(s, new.trips)
                    return replace(new, var=target(s, new.var), body=block(new.body), exit=ends, trips=trips)
                case While() as new:
                    trips = None if new.trips is None else target(s, new.trips)
                    return replace(new, cond=block(new.cond), body=block(new.body), exit=ends, trips=trips)
                case new:
                    return new

        def block(b: Block) -> Block:
            return tuple(statement(s) for s in b)

        def leaf(a: Atom) -> Arg:
            return use(("result", a), a, fn.loc) if isinstance(a, str) else a

        return replace(fn, body=block(fn.body), result=map_result(fn.result, leaf))


def _join(a: Mapping[str, frozenset[int]], b: Mapping[str, frozenset[int]]) -> Reaching:
    out = dict(a)
    for n, reaching in b.items():
        before = out.get(n)
        if before is None:
            out[n] = reaching
        elif before is not reaching and not reaching <= before:
            out[n] = before | reaching
    return out
