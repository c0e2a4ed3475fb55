"""Where each statement stands: its block, its place there, the loops around it; and where each name lives."""
from __future__ import annotations

from dataclasses import dataclass

from s2sad.ir import Block, For, Function, Stmt, While
from s2sad.ir import walk as w

Loop = For | While


@dataclass(frozen=True)
class Place:
    """Statement number ``index`` of ``block``, itself part of ``parent`` (``None``: the function's own block)."""

    block: Block
    index: int
    parent: Stmt | None
    loops: tuple[Loop, ...]
    order: int


class Structure:
    """Positions in a function. Blocks are compared by identity of the tuple that holds them."""

    def __init__(self, fn: Function) -> None:
        self.fn = fn
        self.place: dict[Stmt, Place] = {}
        self.binders: dict[str, list[Stmt]] = {p: [] for p in fn.params}
        self.readers: dict[str, list[Stmt]] = {}
        self._homes: dict[str, tuple[Block, tuple[Loop, ...]]] = {}
        self.fused: frozenset[Stmt] = frozenset()
        """Loops each iteration of which is run forward again where the reverse sweep comes to it."""
        self.repeated: frozenset[Stmt] = frozenset()
        """Checkpointed loops: the same, from snapshots of what an iteration finds."""
        self._number = 0
        self._visit(fn.body, None, ())
        self.results = set(w.result_names(fn.result))

    def _visit(self, block: Block, parent: Stmt | None, loops: tuple[Loop, ...]) -> None:
        for k, s in enumerate(block):
            self.place[s] = Place(block, k, parent, loops, self._number)
            self._number += 1
            for n in w.binds(s):
                self.binders.setdefault(n, []).append(s)
            for n in w.reads(s):
                self.readers.setdefault(n, []).append(s)
            inner = (*loops, s) if isinstance(s, (For, While)) else loops
            for b in w.blocks(s):
                self._visit(b, s, inner)

    def tape_loops(self, s: Stmt) -> tuple[Loop, ...]:
        """The loops for each iteration of which a value made by a statement is kept."""
        loops = self.place[s].loops
        if self.fused or self.repeated:
            alone = [k for k, loop in enumerate(loops) if loop in self.fused or loop in self.repeated]
            return loops[alone[-1] + 1:] if alone else loops
        return loops

    def lift(self, s: Stmt, block: Block) -> Stmt | None:
        """The statement of ``block`` that is or contains ``s``; ``None`` if ``s`` is not in it."""
        at: Stmt | None = s
        while at is not None:
            p = self.place[at]
            if p.block is block:
                return at
            at = p.parent
        return None

    def is_temporary(self, name: str) -> bool:
        """Bound by one statement, and read only after it in the same block (at any depth)."""
        binders = self.binders.get(name, [])
        if len(binders) != 1 or name in self.fn.params:
            return False
        d = self.place[binders[0]]
        if name in self.results and d.loops:
            return False
        for r in self.readers.get(name, ()):
            top = self.lift(r, d.block)
            if top is None or self.place[top].index <= d.index:
                return False
        return True

    def home(self, name: str) -> tuple[Block, tuple[Loop, ...]]:
        """The innermost block a name's value never enters from outside nor leaves, with the loops around it."""
        if name not in self._homes:
            self._homes[name] = self._find_home(name)
        return self._homes[name]

    def _find_home(self, name: str) -> tuple[Block, tuple[Loop, ...]]:
        top = (self.fn.body, ())
        if name in self.fn.params or name in self.results:
            return top
        sites = [*self.binders.get(name, ()), *self.readers.get(name, ())]
        if not sites:
            return top
        path = self._path(sites[0])
        for s in sites[1:]:
            other = self._path(s)
            n = 0
            while n < min(len(path), len(other)) and path[n][0] is other[n][0]:
                n += 1
            path = path[:n]
        # a name read in a loop's body before it is bound there carries its value from iteration to iteration
        while len(path) > 1 and self._exposed(path[-1][0], name):
            path = path[:-1]
        return path[-1]

    def _path(self, s: Stmt) -> list[tuple[Block, tuple[Loop, ...]]]:
        out = []
        at: Stmt | None = s
        while at is not None:
            p = self.place[at]
            out.append((p.block, p.loops))
            at = p.parent
        return out[::-1]

    def _exposed(self, block: Block, name: str) -> bool:
        """Whether the block may read the name before binding it."""
        exposed, _ = _upward(block, name)
        return exposed


def _upward(block: Block, name: str) -> tuple[bool, bool]:
    """(read before bound on some path, bound on every path)."""
    for s in block:
        if name in w.reads(s) and not (isinstance(s, (For, While)) and s.exit == name):
            return True, False
        if isinstance(s, While):
            exposed, bound = _upward((*s.cond, *s.body), name)
            if exposed:
                return True, False
            exposed, bound = _upward(s.cond, name)
            if bound:
                return False, True
        elif isinstance(s, For):
            exposed, _ = _upward(s.body, name)
            if exposed:
                return True, False
        elif w.blocks(s):
            results = [_upward(b, name) for b in w.blocks(s)]
            if any(e for e, _ in results):
                return True, False
            if all(bound for _, bound in results):
                return False, True
        if name in w.binds(s):
            return False, True
    return False, False


def definitely_bound(block: Block, name: str) -> bool:
    """Whether every path through the block binds the name."""
    for s in block:
        if name in w.binds(s):
            return True
        inner = w.blocks(s)
        if inner and not isinstance(s, (For, While)) and all(definitely_bound(b, name) for b in inner):
            return True
        if isinstance(s, While) and definitely_bound(s.cond, name):
            return True
    return False


def upward_exposed(block: Block, name: str) -> bool:
    """Whether the block may read the value that a name has before it."""
    return _upward(block, name)[0]
