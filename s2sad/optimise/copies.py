"""Copy propagation.

Before::

    t = i
    y = x[t]

after::

    y = x[i]
"""
from __future__ import annotations

from collections import Counter
from dataclasses import replace

from s2sad.ir import Assign, Atom, Block, Const, Function, Stmt
from s2sad.ir import walk as w
from s2sad.ir.types import is_array


def propagate_copies(fn: Function) -> Function:
    """Replace a name that is only another name for a scalar (or a literal) by what it copies."""
    defs, uses = w.definition_counts(fn), w.use_counts(fn)
    loop_vars = {x.var for x in w.walk(fn.body) if hasattr(x, "var")}
    results = Counter(w.result_names(fn.result))
    final: dict[str, Atom] = {}

    def block(body: Block) -> Block:
        out: list[Stmt] = []
        mapping: dict[str, Atom] = {}
        for k, s in enumerate(body):
            if mapping:
                s = _deep(s, mapping)
            nested = w.blocks(s)
            if nested:
                s = w.with_blocks(s, tuple(block(b) for b in nested))
            if isinstance(s, Assign) and isinstance(s.value, (str, Const)) and defs[s.target] == 1 \
                    and not is_array(fn.types.get(s.target)):
                rest = body[k + 1:]
                inside = _uses(rest, s.target)
                top = body is fn.body
                total = uses[s.target] - (results[s.target] if top else 0)
                source = s.value
                stable = isinstance(source, Const) or not any(source in w.bound_in(x) for x in rest)
                if inside == total and stable and not (top and results[s.target] and source in loop_vars):
                    mapping = {n: source if a == s.target else a for n, a in mapping.items()}
                    mapping[s.target] = source
                    if isinstance(source, str):
                        uses[source] += uses[s.target]
                    if top:
                        final[s.target] = source
                    continue
            out.append(s)
        return w.rebuilt(body, out)

    body = block(fn.body)
    result = w.map_result(fn.result, lambda a: final.get(a, a) if isinstance(a, str) else a)
    return replace(fn, body=body, result=result)


def _deep(s: Stmt, mapping: dict[str, Atom]) -> Stmt:
    if w.read_in(s).keys().isdisjoint(mapping):
        return s
    nested = w.blocks(s)
    if nested:
        s = w.with_blocks(s, tuple(tuple(_deep(x, mapping) for x in b) for b in nested))
    return s if mapping.keys().isdisjoint(w.reads(s)) else w.substitute_reads(s, mapping)


def _uses(block: Block, name: str) -> int:
    return sum(w.read_in(s).get(name, 0) for s in block)
