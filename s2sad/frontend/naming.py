"""Names for what the user did not name: temporaries ``t1``, ``t2``, ... and flags."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from s2sad.ir.intrinsics import Intrinsic
from s2sad.ir.names import Names


class LocalNames(Names):
    """A supply of names that remembers which ones it made up.

    >>> names = LocalNames({"t1"})
    >>> names.temp(), names.flag("stop"), sorted(names.made)
    ('t2', 'stop', ['stop', 't2'])
    """

    def __init__(self, used: Iterable[str] = ()) -> None:
        super().__init__(used)
        self.made: set[str] = set()
        self.splits: dict[str, str] = {}
        self.lists: set[str] = set()
        """Names that hold lists."""
        self.callees: dict[object, Any] = {}
        """Functions that are called by name rather than inlined, by their keys."""
        self.known: dict[str, Any] | None = None
        """The types of names, where the function is written for known types."""
        self.intrinsics: dict[str, Intrinsic] | None = None
        """What a kernel finds around it, by the names of the parameters that stand for it; ``None`` elsewhere."""
        self._first: dict[object, str] = {}
        self._last = 0

    def temp(self) -> str:
        while True:
            self._last += 1
            name = f"t{self._last}"
            if name not in self.used:
                self.used.add(name)
                self.made.add(name)
                return name

    def split(self, name: str) -> str:
        """Another name for an independent use of ``name``; ``splits`` remembers which it came from."""
        new = self.fresh(name)
        self.splits[new] = self.splits.get(name, name)
        if name in self.made:
            self.made.add(new)
        return new

    def again(self, what: object, name: str) -> None:
        """Note that ``name`` is one more copy of the same variable of an inlined helper."""
        first = self._first.setdefault(what, name)
        if first != name:
            self.splits[name] = first

    def flag(self, base: str) -> str:
        name = self.fresh(base)
        self.made.add(name)
        return name
