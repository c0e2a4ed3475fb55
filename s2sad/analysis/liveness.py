"""Which names are read later: after each statement, on some path, before they are bound again.

``v`` is alive after ``v = a[1:]`` in ``v = a[1:]; s = v[0]; v = b``, and not after ``s = v[0]``.
"""
from __future__ import annotations

from collections.abc import Mapping

from s2sad.ir import Assign, Block, For, Function, If, Raise, Stmt, While
from s2sad.ir import walk as w


def live_after(fn: Function, stands_for: Mapping[str, frozenset[str]] | None = None) -> dict[Stmt, frozenset[str]]:
    """The names alive after each statement. ``stands_for`` gives what else is read where a name is.

    For a loop's own entry (``while`` conditions included) see :func:`live_at_entry`.
    """
    return _Liveness(fn, stands_for or {}).after


def live_at_entry(fn: Function) -> dict[Stmt, frozenset[str]]:
    """For each loop, the names alive where an iteration begins."""
    return _Liveness(fn, {}).entry


class _Liveness:
    def __init__(self, fn: Function, stands_for: Mapping[str, frozenset[str]]) -> None:
        self.stands_for = stands_for
        self.after: dict[Stmt, frozenset[str]] = {}
        self.entry: dict[Stmt, frozenset[str]] = {}
        self.block(fn.body, frozenset(self.read(w.result_names(fn.result))))

    def read(self, names: tuple[str, ...]) -> set[str]:
        return set(names).union(*(self.stands_for.get(n, ()) for n in names))

    def block(self, body: Block, out: frozenset[str]) -> frozenset[str]:
        for s in reversed(body):
            self.after[s] = self.after.get(s, frozenset()) | out
            out = self.statement(s, out)
        return out

    def statement(self, s: Stmt, out: frozenset[str]) -> frozenset[str]:
        reads = self.read(w.reads(s))
        match s:
            case Raise():
                return frozenset()
            case If(_, then, orelse):
                return self.block(then, out) | self.block(orelse, out) | reads
            case For(body=body):
                begin: frozenset[str] = frozenset()
                while True:
                    again = self.block(body, out | begin | reads)
                    if again <= begin:
                        break
                    begin |= again
                self.entry[s] = begin
                return begin | out | reads
            case While(cond, _, body):
                begin = frozenset()
                while True:
                    tested = self.block(body, begin | reads | out)
                    again = self.block(cond, tested | out | reads)
                    if again <= begin:
                        break
                    begin |= again
                self.entry[s] = begin
                return begin
        killed = w.binds(s) if isinstance(s, Assign) or w.binds(s) else ()
        return (out - set(killed)) | reads
