"""An array made anew in each iteration while names still refer to earlier ones: it takes a storage nobody refers to.

Before, where ``keep`` may refer to what an earlier iteration called ``u``::

    u = np.empty(n)

after, with one storage more than there are such names::

    if unused("u_0", keep):
        u_0 = np.empty(n)
        u = u_0
    else:
        u_1 = np.empty(n)
        u = u_1
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from numba import types as nbt

from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Assign, Atom, Block, Const, Function, If, Loc, Op, Stmt
from s2sad.ir import walk as w
from s2sad.ir.names import Names

MOST_HOLDERS = 4

Pools: TypeAlias = "Mapping[str, frozenset[str]]"
"""The storages of pools, and the names that may refer to an earlier one where it is made anew."""


def refuse_earlier(loc: Loc, name: str) -> UnsupportedSyntax:
    return UnsupportedSyntax(f"this makes a new array in each iteration, and `{name}` may still refer to an earlier "
                             "one: not supported yet", loc=loc, code="S2S015",
                             hint="make the arrays before the loop and write into them, or copy: `a[:] = b`")


def with_pools(fn: Function, conflicts: Mapping[Stmt, frozenset[str]]) -> tuple[Function, frozenset[str], Pools]:
    """Give each array of ``conflicts`` a pool. Also gives the names that are references now, and the pools."""
    names = Names(w.all_names(fn))
    types = dict(fn.types)
    pools: dict[str, frozenset[str]] = {}
    referring: set[str] = set()

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        holders = conflicts.get(s)
        if holders is None:
            return (s,)
        assert isinstance(s, Assign)
        if len(holders) > MOST_HOLDERS:
            raise refuse_earlier(s.loc, min(holders))
        referring.add(s.target)
        out: Block = ()
        for k in range(len(holders), -1, -1):
            storage = names.fresh(f"{s.target}_{k}")
            types[storage] = types[s.target].copy(layout="C", readonly=False)
            pools[storage] = holders
            side = (replace(s, target=storage), Assign(s.target, storage, s.loc))
            if not out:
                out = side
                continue
            test = names.fresh("unused")
            types[test] = nbt.boolean
            asked: tuple[Atom, ...] = (Const(storage), *sorted(holders))
            out = (Assign(test, Op("unused", asked), s.loc), If(test, side, out, s.loc))
        return out

    body = w.map_block(fn.body, visit)
    return replace(fn, body=body, types=types), frozenset(referring), pools
