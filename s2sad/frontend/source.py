"""A user's function: its syntax tree, where it stands, and what the names in it mean."""
from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeAlias

import gast

from s2sad.errors import UnsupportedFunction, UnsupportedSyntax
from s2sad.ir.nodes import Arg, Container, Loc


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


Meaning: TypeAlias = "Library | Constant | Module | Several | TupleClass | UserFunction"


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

    def lookup(self, name: str, loc: Loc | None = None) -> Meaning:
        """What a name that is not local to the function means."""
        try:
            if self.scope is None:
                raise LookupError(name)
            return self.scope(name)  # type: ignore[return-value]
        except LookupError:
            raise UnsupportedSyntax(f"the name '{name}' is not defined", loc=loc, code="S2S003") from None
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
            text, first = (inspect.findsource(f.__code__)[0], 1) if whole else inspect.getsourcelines(f.__code__)
        except (OSError, TypeError) as e:
            raise UnsupportedSyntax(f"the source of '{f.__name__}' is not available", code="S2S006",
                                    hint="define the function in a file") from e
        node = _definition("".join(text), f, first)
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
    raise UnsupportedSyntax(f"the source of '{f.__name__}' is not where Python says it is", loc=where, code="S2S006")


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
    # Imported here: the table of library names needs numba, which is slow to import.
    from s2sad.frontend.library import meaning

    def scope(name: str) -> object:
        if name in f.__code__.co_freevars:
            cell = (f.__closure__ or ())[f.__code__.co_freevars.index(name)]
            try:
                return meaning(cell.cell_contents, name)
            except ValueError:
                raise LookupError(name) from None
        if name in f.__globals__:
            return meaning(f.__globals__[name], name)
        builtin = f.__globals__.get("__builtins__", {})
        table = vars(builtin) if isinstance(builtin, ModuleType) else builtin
        return meaning(table[name], name)

    return scope
