"""How many bytes the tapes of a loop take, computed before it starts.

Of the tapes ``tape_y = np.empty((n, m))`` and ``tape_t = np.empty((n, m), np.bool_)``::

    n_bytes = n * m * 9
"""
from __future__ import annotations

from collections.abc import Callable, Iterator

from numba import types as nbt

from s2sad.analysis.structure import Loop
from s2sad.ir import Alloc, Assign, Atom, Const, Op, Rhs, Stmt
from s2sad.ir.types import item_bytes
from s2sad.transform.context import Context
from s2sad.transform.tapes import Tape


def tapes_of(c: Context, loop: Loop) -> list[Tape]:
    """The tapes that are made before a loop."""
    return [t for t in c.tape_of.values() if t.loops and t.loops[0] is loop]


def statements_of_size(c: Context, loop: Loop) -> tuple[list[Stmt], Atom] | None:
    """Statements that give the bytes of a loop's tapes before it, and their name; ``None``: only running it tells."""
    tapes = {t.name: t for t in tapes_of(c, loop)}
    if any(map(c.tapes.grows, tapes.values())):
        return None
    out: list[Stmt] = []
    sizes: dict[tuple[Atom, ...], int] = {}
    counters = set(c.tapes.counters.values())
    for s in c.tapes.before.get(loop, ()):
        match s:
            case Assign(name, Alloc(_, shape, _)) if name in tapes:
                sizes[shape] = sizes.get(shape, 0) + item_bytes(c.types[name])
            case Assign(name) if name in counters:
                pass
            case _:
                out.append(s)

    def temp(value: Rhs) -> str:
        name = c.names.fresh("n_bytes")
        c.types[name] = nbt.int64
        out.append(Assign(name, value, loop.loc))
        return name

    parts = [product((*shape, Const(size)), temp) for shape, size in sizes.items()]
    return out, total(parts, temp)


def product(factors: tuple[Atom, ...], temp: Callable[[Rhs], str]) -> Atom:
    return _folded("mul", iter(factors), temp)


def total(parts: list[Atom], temp: Callable[[Rhs], str]) -> Atom:
    return _folded("add", iter(parts), temp) if parts else Const(0)


def _folded(op: str, atoms: Iterator[Atom], temp: Callable[[Rhs], str]) -> Atom:
    found = next(atoms)
    for a in atoms:
        found = temp(Op(op, (found, a)))
    return found
