"""Remove what flattening leaves behind: temporaries that are only copied, flags nobody looks at."""
from __future__ import annotations

from dataclasses import replace

from s2sad.frontend.naming import LocalNames
from s2sad.ir.nodes import Assign, Block, Const, Function, Invoke, Op, Stmt
from s2sad.ir.walk import binds, blocks, definition_counts, map_block, map_result, reads, use_counts, walk, with_blocks


def tidy(fn: Function, names: LocalNames) -> Function:
    """The function without needless temporaries.

    ::

        t1 = a * b            x = a * b
        x = t1
        returned = True       (nothing, if no one reads the flag)
    """
    fn = without_dead(fn, names)
    uses, definitions = use_counts(fn), definition_counts(fn)
    once = {n for n in names.made if uses[n] == 1 and definitions[n] == 1}
    single = {n for n, count in definitions.items() if count == 1}
    return replace(fn, body=_fused(fn.body, once, single))


def _fused(block: Block, once: set[str], single: set[str]) -> Block:
    out: list[Stmt] = []
    for s in block:
        nested = blocks(s)
        if nested:
            s = with_blocks(s, tuple(_fused(b, once, single) for b in nested))
        if isinstance(s, Assign) and isinstance(s.value, str) and s.value in once:
            k = _movable(out, s.value, s.target)
            made = out[k] if k is not None else None
            if k is not None and isinstance(made, Assign):
                out[k] = replace(made, target=s.target)
                continue
            if k is not None and isinstance(made, Invoke) and s.target in single:
                new: dict[str, str] = {s.value: s.target}
                out[k] = replace(made, result=map_result(made.result, lambda a: new.get(a, a)))  # type: ignore[arg-type]  # noqa: B023
                continue
        out.append(s)
    return tuple(out)


def _movable(before: list[Stmt], temporary: str, target: str) -> int | None:
    """Where the temporary is made, if its value could as well go into ``target`` there."""
    for k in range(len(before) - 1, -1, -1):
        s = before[k]
        if isinstance(s, (Assign, Invoke)) and temporary in binds(s):
            return None if target in binds(s) else k
        if any(target in reads(inner) or target in binds(inner) for inner in walk((s,))):
            return None
    return None


def without_dead(fn: Function, names: LocalNames) -> Function:
    """Drop flags and temporaries of ours that are never read and cost nothing to drop."""
    while True:
        uses = use_counts(fn)

        def keep(s: Stmt) -> tuple[Stmt, ...]:
            match s:
                case Assign(target, str() | Const() | Op("not")) if target in names.made and not uses[target]:  # noqa: B023
                    return ()
            return (s,)

        body = map_block(fn.body, keep)
        if body is fn.body:
            return fn
        fn = replace(fn, body=body)
