"""What numba finds to be never reached, and gives no types, ends in an exception instead.

Before, where numba has pruned the branch and ``t2`` has no type::

    if 2 - 2:
        t2 = x[0] * 3.0
        x[1] = t2

after::

    if 2 - 2:
        raise AssertionError('unreachable')
"""
from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from s2sad.ir.nodes import Block, For, Function, Raise, Stmt, While
from s2sad.ir.walk import binds, blocks, reads, rebuilt, with_blocks


def cut_unreachable(fn: Function, typed: Container[str]) -> Function:
    """The function without the statements that read or bind names of no type, and what follows each in its block."""
    body = _block(fn.body, typed)
    return fn if body is fn.body else replace(fn, body=body)


def _block(body: Block, typed: Container[str]) -> Block:
    out: list[Stmt] = []
    for s in body:
        if isinstance(s, For | While) and s.exit is not None and s.exit not in typed:
            s = replace(s, exit=None)            # no iteration sets it: what follows the loop is reached
        if any(n not in typed for n in (*reads(s), *binds(s))):
            out.append(Raise("AssertionError", "unreachable", s.loc))
            break
        nested = blocks(s)
        out.append(with_blocks(s, tuple(_block(b, typed) for b in nested)) if nested else s)
    return rebuilt(body, out)
