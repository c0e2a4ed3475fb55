"""Temporaries get names a reader can place: what is loaded from ``x[i + 1]`` is called ``x_ip1``.

Before::

    t7 = x[t6]        # t6 = i + 1
    t9 = t7 * t7

after::

    x_ip1 = x[t1]
    t2 = x_ip1 * x_ip1
"""
from __future__ import annotations

from s2sad.ir import Assign, Atom, Block, Const, For, Function, Load, Op, Rhs
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.optimise.coalesce import COUNTERS, renamed


def name_temporaries(fn: Function, author: frozenset[str]) -> Function:
    """Rename what the author did not name; parameters and the names in ``author`` stay."""
    made: dict[str, Rhs] = {s.target: s.value for s in w.walk(fn.body) if isinstance(s, Assign)}
    names = Names(author | set(fn.params))
    mapping: dict[str, str] = {}
    _name_counters(fn.body, author | set(fn.params), (), mapping)
    names.used.update(mapping.values())
    made.update({s.var: "" for s in w.walk(fn.body) if isinstance(s, For)})
    count = 0
    for s in w.walk(fn.body):
        for n in w.binds(s):
            if n in author or n in mapping or n in fn.params:
                continue
            hint = _hint(n, made, mapping)
            if hint is None:
                count += 1
                while f"t{count}" in names.used:
                    count += 1
                hint = f"t{count}"
            mapping[n] = names.fresh(hint)
    return renamed(fn, mapping)


def _name_counters(body: Block, taken: frozenset[str] | set[str], around: tuple[str, ...],
                   mapping: dict[str, str]) -> None:
    """Counters of loops made by passes: the first letter no enclosing loop and nothing of the author's has."""
    for s in body:
        inner = around
        if isinstance(s, For):
            if s.var not in taken and s.var not in mapping:
                choices = (*COUNTERS, s.var, *(f"{s.var}_{k}" for k in range(1, 2 + len(around))))
                mapping[s.var] = next(c for c in choices if c not in around and (c not in taken or c == s.var))
            inner = (*around, mapping.get(s.var, s.var))
        for b in w.blocks(s):
            _name_counters(b, taken, inner, mapping)


def _hint(name: str, made: dict[str, Rhs], mapping: dict[str, str]) -> str | None:
    match made.get(name):
        case Load(array, index):
            parts = [_spell(i, made, mapping) for i in index]
            if all(p is not None for p in parts):
                return f"{array}_{''.join(parts)}" if all(len(p) == 1 for p in parts) else f"{array}_{'_'.join(parts)}"  # type: ignore[arg-type]
            return f"{array}_at"
        case Op("max" | "min" | "add" | "sub" | "mul" | "neg" | "select" | "floordiv" | "mod" | "div" | "pow"):
            return None if name[0] in "tk" else name
    return None if name[:1] == "t" and name[1:].replace("_", "").isdigit() else name


def _spell(i: Atom, made: dict[str, Rhs], mapping: dict[str, str]) -> str | None:
    if isinstance(i, Const):
        return str(i.value) if i.value >= 0 else f"m{-i.value}"
    match made.get(i):
        case Op("add" | "sub" as op, (str(base), Const(int() as k))):
            base = mapping.get(base, base)
            return f"{base}{'p' if op == 'add' else 'm'}{k}" if len(base) <= 2 else None
    i = mapping.get(i, i)
    return i if len(i) <= 2 else None
