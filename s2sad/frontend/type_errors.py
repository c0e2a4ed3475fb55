"""numba's typing errors as errors at the user's line, in the user's terms."""
from __future__ import annotations

import linecache
import re
from collections.abc import Sequence

from numba.core import errors

from s2sad.errors import TypeProblem
from s2sad.ir.nodes import Function, Loc
from s2sad.ir.walk import binds, walk

WHY = "numba cannot compile this for these argument types"
DEFAULT_HINT = "make it compile with numba.njit first"

SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@",
    "lshift": "<<", "rshift": ">>", "and_": "&", "or_": "|", "xor": "^", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
    "eq": "==", "ne": "!=", "iadd": "+=", "isub": "-=", "imul": "*=", "itruediv": "/=", "ifloordiv": "//=",
    "imod": "%=", "ipow": "**=",
}
UNARY = {"neg": "-", "pos": "+", "invert": "~", "not_": "not"}


def holds(fn: Function, name: str, kinds: Sequence[str]) -> TypeProblem:
    """The error for a name with values of types that cannot be one."""
    where = [s.loc for s in walk(fn.body) if name in binds(s)]
    loc = where[-1] if where else fn.loc
    both = " and ".join(described(k) for k in kinds)
    if re.search(rf"\b{re.escape(name)}\b", loc.text):
        return TypeProblem(f"'{name}' holds {both}", loc=loc, code="S2S031", hint="use two names")
    if "return" in loc.text:
        return TypeProblem(f"the function returns {both}", loc=loc, code="S2S031", hint="return values of one type")
    return TypeProblem(f"the value here may be {both}", loc=loc, code="S2S031", hint="make them values of one type")


def located(e: errors.NumbaError, lines: Sequence[Loc], fn: Function) -> TypeProblem:
    """numba's error at the user's line, without numba's internals; ``lines``: the user's, by line of what was typed."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(e))
    line = getattr(getattr(e, "loc", None), "line", None)
    if line is None:
        found = re.findall(r'<s2sad types \d+>"?,? (?:line |\()(\d+)', text)
        line = int(found[-1]) if found else None
    loc = lines[line] if line is not None and 0 < line < len(lines) else fn.loc
    clash = re.search(r"Cannot unify (.*?) and (.*?) for '([^']*?)(?:\.\d+)*'", text)
    if clash and any(clash.group(3) in binds(s) for s in walk(fn.body)):
        return holds(fn, clash.group(3), clash.groups()[:2])
    if clash:
        both = " and ".join(described(k) for k in clash.groups()[:2])
        return TypeProblem(f"{both} cannot be one value", loc=loc, code="S2S031", hint="make them values of one type")
    if "runaway recursion" in text:
        return TypeProblem(f"every path through what '{fn.name.removesuffix('_typed')}' calls leads to another "
                           "recursive call", loc=fn.loc,
                           hint="let one path return a value without a recursive call, before the others")
    what, hint = summary(text)
    return TypeProblem(what, loc=loc, why=WHY, hint=hint or DEFAULT_HINT)


def of_primal(e: errors.NumbaError, function: str) -> TypeProblem:
    """numba's error about a function compiled as it stands: at the line that numba names, if it is in a file."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(e))
    where = getattr(e, "loc", None)
    line, file = getattr(where, "line", None), getattr(where, "filename", "")
    code = linecache.getline(file, line).rstrip("\n") if line else ""
    loc = Loc(file, line, len(code) - len(code.lstrip()), code) if line and code else None
    what, hint = summary(text)
    return TypeProblem(f"numba cannot compile `{function}`: {what}", loc=loc, why="it is run as numba compiles it",
                       hint=hint or DEFAULT_HINT)


def summary(text: str) -> tuple[str, str]:
    """What happened, in one sentence, and what to write instead (empty where nothing is obvious).

    >>> summary("Unknown attribute 'shape' of type float64")
    ('an array is needed here, and this is a float64', '')
    """
    kept = [line.strip() for line in text.split("\n")]
    if any(k.startswith("No implementation of function") for k in kept):
        call = next((k.removeprefix(">>> ") for k in kept if k.startswith(">>> ")), "")
        m = re.fullmatch(r"([\w.$<>]+)\((.*)\)", call)
        if m:
            return _operation(m.group(1), _split(m.group(2)))
    m = re.search(r"Unknown attribute '(\w+)' of type (.*)", text)
    if m:
        kind = described(m.group(2).strip())
        if m.group(1) in ("shape", "ndim", "size", "T", "dtype"):
            return f"an array is needed here, and this is {kind}", ""
        return f"{kind} has no attribute '{m.group(1)}'", ""
    skip = ("Failed in ", "File ", "<source missing", "During:", "- Resolution failure", "[", "There are ",
            "Enable logger", "This error may have", "^", "No implementation of function", "Unknown", ">>>")
    for k in kept:
        if k and not k.startswith(skip) and not re.search(r"\$|<s2sad|Function\(|\bt\d+\b", k):
            return k, ""
    return "the types do not fit", ""


def _operation(name: str, args: list[str]) -> tuple[str, str]:
    kinds = [described(a) for a in args]
    plain = [k for k in kinds if "=" not in k.split(" ")[0]]
    keywords = [a.split("=")[0] for a in args if re.match(r"\w+=", a)]
    hint = ""
    if "None" in kinds:
        hint = "None is no number: give it a value first"
    elif any(k.startswith("the text") or k == "a text" for k in kinds):
        hint = "compute with numbers; a text can only be compared with a text"
    elif keywords:
        hint = f"leave out {', '.join(f'`{k}`' for k in keywords)}, or write the loop over the elements"
    if name in SYMBOLS and len(plain) == 2:
        return f"`{SYMBOLS[name]}` is not defined for {plain[0]} and {plain[1]}", hint
    if name in UNARY and plain:
        return f"`{UNARY[name]}` is not defined for {plain[0]}", hint
    if name in ("getitem", "static_getitem") and len(plain) == 2:
        return f"{plain[0]} cannot be indexed by {plain[1]}", hint or _index_hint(plain)
    if name in ("setitem", "static_setitem") and len(plain) == 3:
        return f"an element of {plain[0]} at {plain[1]} cannot be set to {plain[2]}", hint or _index_hint(plain)
    given = ", ".join(plain) or "no arguments"
    if not hint and any(k.startswith("an array") for k in plain) and name not in ("interp", "dot"):
        hint = "if it is a function of math or a conversion, it takes numbers: use numpy's, or write a loop"
    named = f" and the keyword {', '.join(f'`{k}`' for k in keywords)}" if keywords else ""
    return f"`{name}` cannot be called with {given}{named}", hint


def _index_hint(kinds: list[str]) -> str:
    axes = re.match(r"an array of \S+ with (\d+) ax", kinds[0])
    count = re.match(r"a tuple of (\d+)", kinds[1])
    if axes and count and int(count.group(1)) > int(axes.group(1)):
        return f"the number of indices is at most {axes.group(1)}"
    if re.match(r"a float|the number", kinds[1]):
        return "use an integer, for example int(...)"
    if axes is None:
        return "only arrays and tuples have elements"
    return ""


def described(kind: str) -> str:
    """A numba type in words.

    >>> described("array(float64, 2d, C)"), described("Literal[str](a)"), described("UniTuple(int64 x 3)")
    ('an array of float64 with 2 axes', "the text 'a'", 'a tuple of 3')
    """
    kind = kind.strip()
    if m := re.match(r"\w+=(.*)", kind):
        return f"{kind.split('=')[0]}={described(m.group(1))}"
    if m := re.fullmatch(r"(?:readonly )?(?:Array|array)\((.*), (\d+)d?, .*\)", kind):
        dtype = m.group(1)
        return f"an array of {dtype} with {m.group(2)} ax{'is' if m.group(2) == '1' else 'es'}"
    if m := re.fullmatch(r"Literal\[str\]\((.*)\)", kind):
        return f"the text {m.group(1)!r}"
    if m := re.fullmatch(r"Literal\[(int|bool)\]\((.*)\)", kind):
        return f"the {'integer' if m.group(1) == 'int' else 'value'} {m.group(2)}"
    if m := re.fullmatch(r"UniTuple\(.* x (\d+)\)", kind):
        return f"a tuple of {m.group(1)}"
    if m := re.fullmatch(r"Tuple\((.*)\)", kind):
        return f"a tuple of {len(_split(m.group(1)))}"
    if kind in ("none", "NoneType"):
        return "None"
    if kind == "unicode_type" or kind.startswith("[unichr"):
        return "a text"
    if kind in ("bool", "boolean"):
        return "a bool"
    if re.fullmatch(r"(float|u?int|complex)\d+", kind):
        return f"{'an' if kind[0] == 'i' else 'a'} {kind}"
    return "a value of another kind" if re.search(r"\$|<|Function|type\(", kind) else f"a {kind}"


def _split(text: str) -> list[str]:
    """Arguments separated by commas outside parentheses."""
    out, depth, start = [], 0, 0
    for k, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            out.append(text[start:k].strip())
            start = k + 1
    last = text[start:].strip()
    return [*out, last] if last else out
