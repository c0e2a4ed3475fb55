"""The explanation as text: the function's lines, what is kept at each of them, and totals."""
from __future__ import annotations

import linecache
from collections.abc import Iterator
from dataclasses import dataclass

from s2sad.explaining.plan import LoopPlan, Planned, Stored

MARGIN = 44
"""Where notes beside a loop begin at the latest."""


@dataclass(frozen=True)
class Explanation:
    """What a gradient keeps, computes again and leaves out; ``print`` it.

    Attributes
    ----------
    function : str
    wrt : tuple of str
    file : str
    first_line : int
        Where the function stands.
    lines : tuple of str
        Its text.
    plan : Planned
        The facts: active names, loops with their schedules and counts, stored quantities with their bytes. Iterations
        are not counted in functions that call functions with code of their own (recursive ones, ones with a rule).
    """

    function: str
    wrt: tuple[str, ...]
    file: str
    first_line: int
    lines: tuple[str, ...]
    plan: Planned

    @property
    def bytes(self) -> int | None:
        """What all tapes hold for the arguments given; ``None`` if iterations were not counted."""
        sizes = [s.bytes for s in self.plan.stored]
        return None if None in sizes else sum(sizes)            # type: ignore[arg-type]

    @property
    def peak(self) -> int | None:
        """What tapes and snapshots hold at most, for the arguments given; ``None`` if iterations were not counted."""
        held = [loop.snapshot_bytes for loop in self.plan.loops if loop.again is not None]
        return None if self.bytes is None or None in held else self.bytes + sum(held)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return "\n".join([*self._head(), "", *self._lines(), "", *self._foot()])

    def _head(self) -> Iterator[str]:
        yield f"gradient of {self.function} by {', '.join(self.wrt)}    {self.file}:{self.first_line}"

    def _lines(self) -> Iterator[str]:
        plan = self.plan
        own = range(self.first_line, self.first_line + len(self.lines))
        shown = {(self.file, k): text.rstrip() for k, text in zip(own, self.lines) if text.strip()}
        for loc in (*(x.loc for x in plan.loops), *(x.loc for x in plan.stored)):
            shown.setdefault((loc.file, loc.line), loc.text.rstrip())
        for file, line in plan.active_lines | plan.computed_again.keys():
            shown.setdefault((file, line), linecache.getline(file, line).rstrip())
        here = self.file
        for (file, line), text in sorted(shown.items(), key=lambda item: (
                item[0][0] != self.file, item[0][0], item[0][1] not in own, item[0][1])):
            if file != here:
                yield f"{file}:"
                here = file
            mark = "*" if (file, line) in plan.active_lines else " "
            yield from self._line(file, line, f"{line:5d} {mark} {text}")

    def _line(self, file: str, line: int, text: str) -> Iterator[str]:
        plan = self.plan
        notes = list(dict.fromkeys(self._of_loop(x) for x in plan.loops if (x.loc.file, x.loc.line) == (file, line)))
        yield f"{text:{MARGIN}}  # {notes[0]}" if notes else text
        indent = " " * (len(text) - len(text[8:].lstrip()) + 4)
        for note in notes[1:]:
            yield f"{indent}# {note}"
        for s in plan.stored:
            if (s.loc.file, s.loc.line) == (file, line):
                yield f"{indent}# {_of_value(s)}"
        again = plan.computed_again.get((file, line))
        if again:
            yield f"{indent}# computed again in reverse: {'; '.join(again)}"

    def _of_loop(self, loop: LoopPlan) -> str:
        runs = "" if loop.iterations is None else f", {loop.iterations} iterations"
        kept = f", keeps {loop.bytes_per_iteration} bytes in each" if loop.bytes_per_iteration else ""
        again = "" if loop.again is None else f", {loop.again} run again"
        held = "" if loop.snapshot_bytes is None else f", snapshots of {size_of(loop.snapshot_bytes)} in all"
        threads = f", {loop.threads}" if loop.threads else ""
        return f"{loop.schedule}{threads}{runs}{kept}{again}{held}"

    def _foot(self) -> Iterator[str]:
        plan = self.plan
        yield "* carries derivatives: " + (", ".join(plan.active) or "nothing")
        if plan.not_varied:
            yield f"  does not depend on {', '.join(self.wrt)}: {', '.join(plan.not_varied)}"
        if plan.not_useful:
            yield f"  the result does not depend on it: {', '.join(plan.not_useful)}"
        if not plan.stored:
            yield "tapes: none"
        elif self.bytes is None:
            yield f"tapes: {len(plan.stored)}; the function calls others that stay functions, so nothing was counted"
        else:
            growing = " (up to twice that where their size is not known beforehand)" if any(
                s.grows for s in plan.stored) else ""
            yield f"tapes: {size_of(self.bytes)} in {len(plan.stored)}{growing}"
        if self.peak is not None and self.peak != self.bytes:
            yield f"tapes and snapshots: {size_of(self.peak)} at most"


def _of_value(s: Stored) -> str:
    if not s.loops:
        return f"kept: {s.what}, {s.why} ({s.tape}, {s.itemsize} bytes)"
    total = f", {size_of(s.bytes)} in all" if s.bytes is not None else ""
    return f"kept: {s.what}, {s.why} ({s.tape}, {s.itemsize} bytes each time{total})"


def size_of(n: int) -> str:
    """
    >>> size_of(800), size_of(78_400), size_of(3_000_000_000)
    ('800 bytes', '78.4 kB', '3.0 GB')
    """
    if n < 1000:
        return f"{n} bytes"
    for k, unit in ((1, "kB"), (2, "MB")):
        if n < 1000 ** (k + 1):
            return f"{n / 1000 ** k:.1f} {unit}"
    return f"{n / 1000 ** 3:.1f} GB"
