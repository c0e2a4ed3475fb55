"""Values of the IR in the author's words: temporaries by what they compute."""
from __future__ import annotations

import ast
from collections.abc import Mapping

from s2sad.analysis.structure import Structure
from s2sad.emit import to_expression
from s2sad.ir import Assign, Dim, Function, Load, Op, Rhs
from s2sad.ir import walk as w

LONGEST = 48


class Wording:
    """Texts for names of one function.

    ``author`` are the names to leave as they are; others are folded into what they are computed from.
    """

    def __init__(self, fn: Function, author: frozenset[str]) -> None:
        at = Structure(fn)
        self._folded: Mapping[str, Rhs] = {
            s.target: _plain(s.value) for s in w.walk(fn.body)
            if isinstance(s, Assign) and s.target not in author and at.is_temporary(s.target)
            and isinstance(s.value, Op | Load | Dim | str)}
        self._fn = fn

    def value(self, name: str) -> str:
        """What a name holds; a long expression by its outermost operation.

        >>> body = (Assign("t1", Op("math.sin", ("x",))), Assign("t2", Op("mul", ("t1", "x"))))
        >>> Wording(Function("f", ("x",), body, "t2"), frozenset({"x"})).value("t2")
        'math.sin(x) * x'
        """
        return self._short(self._text(name))

    def element(self, array: str, index: tuple[object, ...]) -> str:
        """An element of an array."""
        return self._short(self._text(Load(array, index)))      # type: ignore[arg-type]

    def _text(self, value: Rhs) -> str:
        return ast.unparse(to_expression(self._fn, value, self._folded))

    def _short(self, text: str) -> str:
        return text if len(text) <= LONGEST else text[:LONGEST - 4].rstrip() + " ..."


def _plain(value: Rhs) -> Rhs:
    """A divisor without the test that it is not zero."""
    return value.args[0] if isinstance(value, Op) and value.fn == "nonzero" else value
