"""Every error of s2sad: what happened, where in the user's source, why, and what to write instead."""
from __future__ import annotations

from s2sad.ir.nodes import Loc

CODES: dict[str, str] = {
    "S2S000": "internal error of s2sad",
    "S2S001": "syntax that is not supported and never will be",
    "S2S002": "syntax that is not supported yet",
    "S2S003": "a name that cannot be resolved",
    "S2S004": "recursion in a form that is not supported yet",
    "S2S005": "a value is returned on some paths only",
    "S2S006": "the source of a function is not available",
    "S2S007": "a tuple used in a way that is not supported yet",
    "S2S008": "a name is read before it is assigned",
    "S2S009": "a parameter has a reserved name",
    "S2S010": "a function that is not supported",
    "S2S011": "an argument of a function that is not supported",
    "S2S012": "a call of a helper function does not match its parameters",
    "S2S013": "indexing with an array or a mask",
    "S2S014": "a slice or a range whose step is zero",
    "S2S015": "an array name bound in a way that is not supported yet",
    "S2S016": "a subscript of something that is no array",
    "S2S017": "an array assigned to a place with fewer axes",
    "S2S018": "an array of changing size allocated in a loop",
    "S2S019": "a loop condition that does more than compute a condition",
    "S2S020": "no derivative exists",
    "S2S021": "no derivative rule is known yet",
    "S2S022": "a name that is real at one place and complex at another",
    "S2S023": "a function used in a way that is not supported",
    "S2S024": "a derivative rule that cannot be used",
    "S2S030": "a type problem",
    "S2S031": "a name holds values of types that cannot be one",
    "S2S040": "a derivative is asked for in a way that makes no sense",
    "S2S041": "wrt names something that has no derivative",
    "S2S042": "the function does not return one number",
    "S2S043": "arguments do not fit",
    "S2S044": "types are not known",
    "S2S045": "has_aux with a function that does not return a pair",
    "S2S046": "outputs names what is no output, or an array that is swapped",
    "S2S050": "the gradient check failed",
    "S2S051": "overlapping arrays",
    "S2S052": "there is no memory for a tape",
    "S2S070": "a list used in a way that is not supported yet",
    "S2S071": "a checkpointed loop in a form that is not supported",
    "S2S080": "a use of numba.cuda, or of Python in a kernel, that is not supported",
    "S2S081": "threads that may meet in an element of an array",
    "S2S082": "a launch that does not fit the kernel",
    "S2S083": "a barrier that some threads of a block may not reach",
    "S2S060": "the command line cannot use this",
}
"""One line per error code; the documentation's page of errors is made from it.

A code is never renumbered, and never used again for something else.
"""

RETIRED = frozenset({"S2S019"})
"""Codes that earlier versions raised, for what is supported now."""

GUARDS = frozenset({"S2S016"})
"""Codes of what is refused under another code first, as far as known; they are a second line of defence."""


class S2sadError(Exception):
    """Base of every error of s2sad.

    Parameters
    ----------
    what : str
        One line saying what happened.
    loc : Loc, optional
        Where in the user's source.
    why, hint : str, optional
        The reason, and what to write instead.
    code : str, optional
        A key of :data:`CODES`.

    Examples
    --------
    >>> from s2sad.ir.nodes import Loc
    >>> print(UnsupportedSyntax("'with' is not supported", loc=Loc("heat.py", 3, 4, "    with f:"), hint="remove it"))
    heat.py:3:5: error[S2S002]: 'with' is not supported
        with f:
        ^
    hint: remove it
    """

    default_code = "S2S000"

    def __init__(self, what: str, *, loc: Loc | None = None, why: str = "", hint: str = "", code: str = "") -> None:
        super().__init__(what)
        self.what, self.loc, self.why, self.hint = what, loc, why, hint
        self.code = code or self.default_code

    def __str__(self) -> str:
        where = f"{self.loc}: " if self.loc is not None and self.loc.line else ""
        lines = [f"{where}error[{self.code}]: {self.what}"]
        if where and self.loc is not None and self.loc.text.strip():
            indent = len(self.loc.text) - len(self.loc.text.lstrip())
            lines.append("    " + self.loc.text.strip())
            lines.append("    " + " " * max(self.loc.col - indent, 0) + "^")
        if self.why:
            lines.append(f"why: {self.why}")
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class UnsupportedSyntax(S2sadError):
    """A construct of Python the compiler does not take."""

    default_code = "S2S002"


class UnsupportedFunction(S2sadError):
    """A call of something the compiler does not know, or not in this form."""

    default_code = "S2S010"


class NoDerivative(S2sadError):
    """A derivative is asked for where none exists."""

    default_code = "S2S020"


class TypeProblem(S2sadError, TypeError):
    """numba cannot type the function for these argument types."""

    default_code = "S2S030"


class BadCall(S2sadError, ValueError, TypeError):
    """The caller's request or arguments make no sense."""

    default_code = "S2S040"


class TapeMemoryError(S2sadError, MemoryError):
    """There is no memory for what the reverse sweep needs."""

    default_code = "S2S052"
