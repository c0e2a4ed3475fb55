"""Whether a name is bound on every path that reads it, where branches by the same test go the same way.

In ::

    if c:
        t = math.sin(x)
    ...
    if c:
        b_x += b_y * t

``t`` is bound where it is read, though not on every path there.
"""
from __future__ import annotations

from collections.abc import Iterable

from s2sad.ir import Block, For, If, While
from s2sad.ir import walk as w

Way = frozenset[tuple[object, bool]]
"""Tests and how they turned out."""


def bound_where_read(block: Block, names: Iterable[str]) -> bool:
    """Whether a run of the block binds each of the names before it reads it.

    >>> from s2sad.ir import Assign
    >>> then, later = (Assign("t", "x"),), (Assign("y", "t"),)
    >>> bound_where_read((If("c", then), If("c", later)), ["t"])
    True
    >>> bound_where_read((If("c", then), If("d", later)), ["t"])
    False
    >>> bound_where_read((If("c", then), Assign("c", "e"), If("c", later)), ["t"])
    False
    """
    return _Paths(frozenset(names)).block(block, frozenset())


class _Paths:
    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self.bound: set[tuple[Way, str]] = set()
        """Names, and where they are bound: if all the tests turned out so."""

    def block(self, block: Block, way: Way) -> bool:
        return all(self._statement(s, way) for s in block)

    def _statement(self, s: object, way: Way) -> bool:
        match s:
            case If(test, then, orelse):
                # What a test is afterwards says nothing where a branch binds it.
                key: object = s if test in w.bound_in(s) else test
                ways = way | {(key, True)}, way | {(key, False)}
                if not (self._known((test,), way) and all(map(self.block, (then, orelse), ways))):
                    return False
                # what both sides bind is bound.
                self.bound |= {(way, n) for n in self.names if all(self._known((n,), taken) for taken in ways)}
                return True
            case For(start=start, stop=stop, step=step, body=body, exit=exit, trips=trips):
                return self._known((start, stop, step), way) and self._loop(s, (body,), way) and self._bind(
                    (trips,), way) and exit not in self.names
            case While(cond=cond, test=test, body=body, exit=exit, trips=trips):
                self._forget(w.bound_in(s))
                if not self.block(cond, way) or not self._known((test,), way):
                    return False
                return self._loop(s, (body,), way) and self._bind((trips,), way) and exit not in self.names
        return self._known(w.reads(s), way) and self._bind(w.binds(s), way)  # type: ignore[arg-type]

    def _loop(self, s: For | While, blocks: tuple[Block, ...], way: Way) -> bool:
        """A body may not run at all; a test that it binds turns out another way in the next iteration."""
        self._forget(w.bound_in(s))
        before = set(self.bound)
        right = all(self.block(b, way) for b in blocks)
        self.bound = before
        return right

    def _known(self, names: Iterable[object], way: Way) -> bool:
        return all(n not in self.names or any(m == n and there <= way for there, m in self.bound) for n in names)

    def _bind(self, names: Iterable[str | None], way: Way) -> bool:
        self._forget(names)
        self.bound |= {(way, n) for n in names if n in self.names}
        return True

    def _forget(self, tests: Iterable[str | None]) -> None:
        """What was known by how these turned out no longer holds."""
        changed = set(tests)
        self.bound = {(there, n) for there, n in self.bound if not any(t in changed for t, _ in there)}
