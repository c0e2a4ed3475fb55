"""A source of choices made from bytes, so that a program can be made smaller by making its bytes smaller."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Consumes one byte a choice. A zero byte, or none left, is the simplest choice.

    Examples
    --------
    >>> c = Choices(bytes([7, 0, 255]))
    >>> c.pick("abc"), c.pick("abc"), c.chance(0.5), c.chance(0.5)
    ('b', 'a', True, False)
    """

    def __init__(self, data: bytes) -> None:
        self.data, self.used = data, 0

    def below(self, n: int) -> int:
        if n <= 1 or self.used >= len(self.data):
            return 0
        self.used += 1
        return self.data[self.used - 1] % n

    def pick(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def chance(self, p: float) -> bool:
        return self.below(256) >= 256 * (1.0 - p)

    def weighted(self, items: Sequence[tuple[int, T]]) -> T:
        k = self.below(sum(w for w, _ in items))
        for w, item in items:
            if k < w:
                return item
            k -= w
        raise AssertionError("weights are positive")
