"""The loop variable and the bounds: what ``for`` promises in the IR (see :mod:`s2sad.ir.nodes`)."""
from __future__ import annotations

from collections import Counter
from dataclasses import replace

from s2sad.frontend.naming import LocalNames
from s2sad.ir.nodes import Assign, Block, For, Function, Stmt
from s2sad.ir.walk import (
    binds,
    blocks,
    definition_counts,
    map_block,
    reads,
    substitute_reads,
    use_counts,
    walk,
    with_blocks,
)


def settle_loops(fn: Function, names: LocalNames) -> Function:
    """Let the user's variable be the loop's own where it can be, and copy bounds the body changes.

    ::

        for counter in range(n):          n_1 = n
            i = counter                   for i in range(n_1):
            n = n - 1                         n = n - 1
    """
    uses, definitions = use_counts(fn), definition_counts(fn)

    def owned(s: Stmt) -> tuple[Stmt, ...]:
        if not isinstance(s, For):
            return (s,)
        copy = next((c for c in s.body if isinstance(c, Assign) and c.value == s.var), None)
        if copy is None or uses[s.var] != 1:
            return (s,)
        rest = tuple(c for c in s.body if c is not copy)
        inside = _reads(rest)
        inside.update([s.exit] if s.exit is not None else [])
        if definitions[copy.target] == 1 and inside[copy.target] == uses[copy.target]:
            s = replace(s, var=copy.target, body=rest)
        return (s,)

    def bounded(s: Stmt) -> tuple[Stmt, ...]:
        if not isinstance(s, For):
            return (s,)
        bounds = {b for b in (s.start, s.stop, s.step) if isinstance(b, str)}
        changed = {n for inner in walk(s.body) for n in binds(inner)} & bounds
        copies = {n: names.fresh(n) for n in sorted(changed)}
        return (*(Assign(c, n, s.loc) for n, c in copies.items()), substitute_reads(s, copies))

    fn = replace(fn, body=map_block(map_block(fn.body, owned), bounded))
    return _short_names(fn, names.splits)


def _reads(block: Block) -> Counter[str]:
    counts: Counter[str] = Counter()
    for s in walk(block):
        counts.update(reads(s))
    return counts


def _short_names(fn: Function, splits: dict[str, str]) -> Function:
    """Sibling loops over the same variable share its name: ``i``, not ``i`` and ``i_1``."""
    counts = definition_counts(fn)

    def rename(block: Block, outer: frozenset[str], m: dict[str, str]) -> Block:
        out = []
        for s in block:
            s = substitute_reads(s, m)
            inner, inside = outer, m
            if isinstance(s, For) and counts[s.var] == 1:
                base = splits.get(s.var)
                nested_vars = {inner.var for inner in walk(s.body) if isinstance(inner, For)}
                if base in loop_vars and base not in outer | nested_vars:
                    inside = {**m, s.var: base}
                    s = replace(s, var=base)
                inner = outer | {s.var}
            nested = blocks(s)
            out.append(with_blocks(s, tuple(rename(b, inner, inside) for b in nested)) if nested else s)
        return tuple(out)

    # Only names that are nothing but loop variables may be shared.
    loop_vars = {s.var for s in walk(fn.body) if isinstance(s, For) and counts[s.var] == 1}
    return replace(fn, body=rename(fn.body, frozenset(), {}))
