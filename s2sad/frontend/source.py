"""A user's function: its syntax tree, where it stands, and what the names in it mean."""
from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeAlias

import gast
import numpy as np

from s2sad.errors import UnsupportedFunction, UnsupportedSyntax
from s2sad.ir.nodes import Arg, Container, Loc

LARGEST_KEPT = 4096
LIBRARIES = frozenset({"numpy", "math", "cmath", "numba", "builtins"})
CONSTANTS = (int, float, complex, str, tuple, np.ndarray, np.generic, ModuleType)


@dataclass(frozen=True)
class Library:
    """A function or type known by its canonical dotted name: ``np.sin``, ``math.sin``, ``abs``, ``stop_gradient``."""

    name: str


@dataclass(frozen=True, eq=False)
class Constant:
    """A number, bool, string, None, a (nested) tuple of them, or an array."""

    value: object


@dataclass(frozen=True, eq=False)
class Module:
    """Something whose attributes resolve further; ``member`` gives the meaning of one."""

    name: str
    member: Callable[[str], object]


@dataclass(frozen=True, eq=False)
class Several:
    """A tuple that has functions in it."""

    parts: tuple[object, ...]


@dataclass(frozen=True)
class TupleClass:
    """A class of namedtuples: calling it holds values under names."""

    container: Container
    defaults: Mapping[str, object]


@dataclass(frozen=True)
class Static:
    """A function of ours that runs when the compiler does: it tells shapes, axes and types of the bodies in
    :mod:`s2sad.array_functions`."""

    function: Callable[..., Any]


Meaning: TypeAlias = "Library | Constant | Module | Several | TupleClass | Static | UserFunction"


@dataclass(eq=False)
class UserFunction:
    """A function written by the user, not yet lowered.

    Examples
    --------
    >>> def f(x, n=2):
    ...     return x ** n
    >>> g = UserFunction.from_callable(f)
    >>> g.name, g.params, g.defaults
    ('f', ('x', 'n'), {'n': 2})
    """

    name: str
    node: gast.FunctionDef
    file: str
    first_line: int
    lines: tuple[str, ...]
    params: tuple[str, ...]
    defaults: dict[str, object] = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)
    doc: str | None = None
    scope: Callable[[str], object] | None = None
    """Gives the meaning of a name that is not local to the function; raises ``LookupError`` where there is none."""
    annotations: Mapping[str, object] = field(default_factory=dict)
    identity: object = None
    """The live function, or whatever else tells this one from others of the same name and line."""
    fixed: Mapping[str, object] = field(default_factory=dict)
    """What parameters mean that are functions or texts: they are no parameters of what is generated."""
    frame: object = None
    """Of a function defined inside another: where the variables of that one are found."""
    arguments: Mapping[str, Arg] | None = None
    """What the parameters that are no single value hold, once types are known (see :mod:`s2sad.frontend.layout`)."""
    known: Mapping[str, Any] | None = None
    """The types of its parameters, where the function is written for those (see :mod:`s2sad.frontend.known`)."""
    rule: Any = None
    """The derivative rule that the source declares for it (``s2sad.rule_for``); ``False``: it is meant without any."""
    memory: int | None = None
    """How many bytes tapes and snapshots of a gradient may take (see :mod:`s2sad.kinds.budget`)."""
    target: str = "cpu"
    """Where it runs: what a kernel finds around it exists for ``"cuda"`` only."""
    layouts: dict[object, Any] = field(default_factory=dict, init=False, repr=False)
    """The layouts made for types of arguments."""

    @property
    def key(self) -> object:
        """What makes two descriptions the same function (recursion is found by it)."""
        return self.identity if self.identity is not None else (self.file, self.first_line, self.name)

    def loc(self, node: gast.AST) -> Loc:
        """The position of a node of this function in the user's file."""
        line = getattr(node, "lineno", 1)
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Loc(self.file, self.first_line + line - 1, getattr(node, "col_offset", 0), text)

    def freeze(self) -> None:
        """Take the values of all names as they are now."""
        with suppress(LookupError, UnsupportedFunction, UnsupportedSyntax):
            if self.scope is not None:
                self.scope("")

    def lookup(self, name: str, loc: Loc | None = None) -> Meaning:
        """What a name that is not local to the function means."""
        try:
            if self.scope is None:
                raise LookupError(name)
            return self.scope(name)  # type: ignore[return-value]
        except LookupError:
            raise UnsupportedSyntax(f"the name '{name}' is not defined", loc=loc, code="S2S003",
                                    hint="define or import it where the function is, or pass it in the call") from None
        except UnsupportedFunction as e:
            if e.loc is None:
                e.loc = loc
            raise

    @classmethod
    def from_callable(cls, f: object) -> UserFunction:
        """Describe a live function, a numba dispatcher, or an object of ours that wraps one.

        Names are resolved when they are looked up, so a helper may be defined after its caller.
        """
        known = getattr(f, "user_function", None)
        if isinstance(known, UserFunction):
            return known
        options: dict[str, object] = {}
        while not isinstance(f, FunctionType):
            inner = getattr(f, "py_func", None)
            if inner is not None:
                options = dict(getattr(f, "targetoptions", {}))
            else:
                inner = getattr(f, "__wrapped__", None)
            if inner is None:
                what = getattr(f, "__name__", type(f).__name__)
                raise UnsupportedFunction(f"'{what}' is not a Python function with source",
                                          hint="pass a plain function or one compiled by numba's jit")
            f = inner
        try:
            # A lambda stands anywhere in a statement: it is looked for in the whole file.
            whole = f.__name__ == "<lambda>"
            lines, start = inspect.findsource(f.__code__)
            text, first = (lines, 1) if whole else (inspect.getblock(lines[start:]), start + 1)
        except (OSError, TypeError) as e:
            raise UnsupportedSyntax(f"the source of '{f.__name__}' is not available", code="S2S006",
                                    hint="define the function in a file") from e
        node = _definition("".join(text), f, first)
        if not is_source_of("".join(lines), f):
            where = Loc(f.__code__.co_filename, f.__code__.co_firstlineno, 0, text[f.__code__.co_firstlineno - first])
            raise UnsupportedSyntax(f"the source of '{f.__name__}' is not what runs", loc=where, code="S2S006",
                                    why="the file has changed since the function was made, or something rewrote it",
                                    hint="import or define it again")
        signature = inspect.signature(f, follow_wrapped=False)
        defaults = {n: p.default for n, p in signature.parameters.items() if p.default is not p.empty}
        return cls(f.__name__, node, f.__code__.co_filename, first, tuple(line.rstrip("\n") for line in text),
                   parameters(node), defaults, options, f.__doc__, _live_scope(f), dict(f.__annotations__), f)


def parameters(node: gast.FunctionDef) -> tuple[str, ...]:
    """Names of all the parameters, in order."""
    a = node.args
    return tuple(p.id for p in (*a.posonlyargs, *a.args, *a.kwonlyargs))


def parse(text: str) -> gast.Module:
    """Parse source that may be indented; lines and columns are kept."""
    if text[:1] in " \t":
        tree = ast.parse("if 1:\n" + text)
        tree.body = tree.body[0].body  # type: ignore[attr-defined]
        ast.increment_lineno(tree, -1)
    else:
        tree = ast.parse(text)
    return gast.ast_to_gast(tree)


def _definition(text: str, f: FunctionType, first: int) -> gast.FunctionDef:
    where = Loc(f.__code__.co_filename, first, 0, text.split("\n", 1)[0])
    try:
        tree = parse(text)
    except SyntaxError:
        raise UnsupportedSyntax("the source of this function cannot be parsed", loc=where, code="S2S006",
                                hint="define it in a file of its own") from None
    if f.__name__ == "<lambda>":
        found = lambda_of(tree, f.__code__)
        if found is None:
            where = Loc(where.file, f.__code__.co_firstlineno, 0, text.split("\n")[f.__code__.co_firstlineno - 1])
            raise UnsupportedSyntax("which lambda of this line is meant cannot be told", loc=where, code="S2S006",
                                    hint="define it with 'def'")
        return as_definition(found)
    for n in gast.walk(tree):
        if isinstance(n, (gast.FunctionDef, gast.AsyncFunctionDef)) and n.name == f.__code__.co_name:
            return n
    raise UnsupportedSyntax(f"the source of '{f.__name__}' is not where Python says it is", loc=where, code="S2S006",
                            hint="define it with 'def' in a file that was not changed since")


def lambda_of(tree: gast.Module, code: CodeType) -> gast.Lambda | None:
    """The lambda of a file that this is the code of: the innermost one whose body holds all of its instructions."""
    places = [((line, col), (last, end)) for line, last, col, end in code.co_positions()
              if None not in (line, last, col, end) and (line, col) != (last, end)]
    around = [n for n in gast.walk(tree) if isinstance(n, gast.Lambda) and places and all(
        (n.body.lineno, n.body.col_offset) <= start and end <= (n.body.end_lineno, n.body.end_col_offset)
        for start, end in places)]
    return max(around, key=lambda n: (n.body.lineno, n.body.col_offset), default=None)


def as_definition(node: gast.Lambda) -> gast.FunctionDef:
    """A lambda as a function definition that returns its value."""
    body = gast.copy_location(gast.Return(value=node.body), node.body)
    made = gast.FunctionDef(name="lambda_", args=node.args, body=[body], decorator_list=[], returns=None,
                            type_comment=None, type_params=[])
    return gast.copy_location(made, node)


def _live_scope(f: FunctionType) -> Callable[[str], object]:
    """What names mean to a function: as they are at the first look at any of them, like what numba compiles."""
    # Imported here: the table of library names needs numba, which is slow to import.
    from s2sad.frontend.library import meaning
    builtin = f.__globals__.get("__builtins__", {})
    table = vars(builtin) if isinstance(builtin, ModuleType) else builtin
    held: dict[str, object] = {}
    known: dict[str, object] = {}

    def scope(name: str) -> object:
        if not held:
            held.update({"": None}, **_names_now(f))
        if name not in known:
            value = held[name] if name in held else f.__globals__[name] if name in f.__globals__ else table[name]
            known[name] = meaning(value, name)
        return known[name]

    return scope


def _names_now(f: FunctionType) -> dict[str, object]:
    """The values of all names a function and those inside it refer to; arrays are copied."""
    names = _referred(f.__code__)
    found = {name: frozen(value, names) for name, value in f.__globals__.items() if name in names}
    for name, cell in zip(f.__code__.co_freevars, f.__closure__ or ()):
        found.pop(name, None)
        with suppress(ValueError):
            found[name] = frozen(cell.cell_contents, names)
    return found


def frozen(value: object, names: Collection[str] = (), depth: int = 3) -> object:
    """A value that later changes do not reach: those of arrays, and of the constants of these names in modules.

    Large arrays are no constants and stay as they are, and so do the modules of libraries.
    """
    if isinstance(value, np.ndarray) and value.size <= LARGEST_KEPT:
        return value.copy(order="K")
    if type(value) is tuple:
        return tuple(map(frozen, value))
    if isinstance(value, ModuleType) and names and depth and value.__name__.partition(".")[0] not in LIBRARIES:
        held = {n: v for n, v in vars(value).items() if n in names and isinstance(v, CONSTANTS)}
        new = {n: frozen(v, names, depth - 1) for n, v in held.items()}
        if new:
            copy = ModuleType(value.__name__, value.__doc__)
            vars(copy).update(vars(value), **new)
            return copy
    return value


def _referred(code: CodeType) -> set[str]:
    inside = (c for c in code.co_consts if isinstance(c, CodeType))
    return {*code.co_names, *code.co_freevars}.union(*map(_referred, inside))


def is_source_of(text: str, f: FunctionType) -> bool:
    """Whether a function's code is what the text of its file compiles to: files change, and cells share names."""
    code = f.__code__
    if any(name.startswith("@py") for name in (*code.co_names, *code.co_varnames)):
        return True                     # pytest has rewritten its assertions
    return any(_equal_code(c, code) for c in _compiled(text) if c.co_name == code.co_name)


@lru_cache(maxsize=32)
def _compiled(text: str) -> tuple[CodeType, ...]:
    """The code of all the functions of a file."""
    try:
        return tuple(_codes(compile(text, "<again>", "exec", dont_inherit=True)))
    except (SyntaxError, ValueError):
        return ()


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for c in code.co_consts:
        if isinstance(c, CodeType):
            yield from _codes(c)


def _equal_code(a: CodeType, b: CodeType) -> bool:
    """Whether two pieces of code do the same; where they stand does not matter."""
    if (a.co_code, a.co_names, a.co_varnames, a.co_freevars, a.co_cellvars, len(a.co_consts)) != (
            b.co_code, b.co_names, b.co_varnames, b.co_freevars, b.co_cellvars, len(b.co_consts)):
        return False
    return all(_equal_code(x, y) if isinstance(x, CodeType) and isinstance(y, CodeType)
               else type(x) is type(y) and repr(x) == repr(y) for x, y in zip(a.co_consts, b.co_consts))
