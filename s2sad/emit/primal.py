"""The user's function and its callees as text that stands alone: as written, minus what only its own module gives.

Decorators and annotations are dropped. Module constants are written out as assignments, names of libraries become
``np`` and ``math``, and defaults become literals, or disappear where their value is not known. All else, comments and
formatting included, stays.
"""
from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import gast
import numpy as np

from s2sad.errors import S2sadError, UnsupportedSyntax
from s2sad.frontend.ruled import rule_of
from s2sad.frontend.scopes import COMPREHENSIONS, assigned_names, targets
from s2sad.frontend.source import Constant, Library, Meaning, Module, Several, UserFunction
from s2sad.ir.names import Names
from s2sad.runtime.helpers import HELPERS

RESERVED = frozenset({"np", "math", "cmath", "njit", "prange", "cuda"} | vars(builtins).keys())


@dataclass(frozen=True)
class PrimalFunction:
    """The text of one function, the numba options its own decorator gives, and what it was."""

    name: str
    text: str
    options: Mapping[str, object]
    user: UserFunction


@dataclass(frozen=True)
class Primal:
    """The pieces of a module that holds a user's function: callees before their callers, the function itself last.

    ``imports`` are the names the text needs among ``np``, ``math``, ``cmath`` and ``prange``, ``helpers`` those of
    runtime helpers.
    """

    constants: tuple[str, ...]
    functions: tuple[PrimalFunction, ...]
    imports: frozenset[str]
    helpers: frozenset[str] = frozenset()
    ruled: frozenset[str] = frozenset()
    """Names of functions whose derivative is not that of their text."""


@dataclass
class _Reference:
    """A name, or a dotted one, in a function's text, and what it means."""

    node: gast.AST
    text: str
    meaning: object


@dataclass
class _Found:
    user: UserFunction
    local: frozenset[str]
    references: list[_Reference] = field(default_factory=list)


def primal_text(user: UserFunction, taken: Iterable[str] = ()) -> Primal:
    """The text of a function and of all it needs.

    Parameters
    ----------
    user : UserFunction
    taken : iterable of str
        Names the module uses for something else; a callee or constant called so is renamed.

    Raises
    ------
    UnsupportedSyntax
        Where the text cannot be had, or the function's own name is taken.

    Examples
    --------
    >>> import numpy as xp
    >>> SCALE = 2.0
    >>> def f(x: float, n=3):
    ...     return SCALE * xp.sin(x) ** n   # kept
    >>> primal = primal_text(UserFunction.from_callable(f))
    >>> print(*primal.constants, primal.functions[0].text, sep="\\n")
    SCALE = 2.0
    def f(x, n=3):
        return SCALE * np.sin(x) ** n   # kept
    """
    if not user.name.isidentifier():
        raise UnsupportedSyntax("the source of a lambda cannot be written as a function", code="S2S006",
                                loc=user.loc(user.node), hint="define it with 'def'")
    taken = {*RESERVED, *taken}
    if user.name in taken:
        raise UnsupportedSyntax(f"a module with the derivative of '{user.name}' has another use for that name",
                                loc=user.loc(user.node), code="S2S009", hint="rename the function")
    found: list[_Found] = []
    _collect(user, found, {})
    globals_ = _Globals(user, found, taken)
    texts = [_Text(f, globals_).rewritten() for f in found]
    functions = [PrimalFunction(globals_.function(f.user), text, f.user.options, f.user)
                 for f, text in zip(found, texts)]
    return Primal(tuple(globals_.constants), tuple(functions), frozenset(globals_.imports), globals_.helpers,
                  frozenset(globals_.function(f.user) for f in found if rule_of(f.user) is not None))


# ---------------------------------------------------------------------------- what the functions refer to

def _collect(user: UserFunction, found: list[_Found], seen: dict[object, None]) -> None:
    seen[user.key] = None
    local = frozenset(_names_of(user.node))
    inside = [n for s in user.node.body for n in gast.walk(s)]
    inner = [_names_of(n) for n in inside if isinstance(n, (gast.FunctionDef, gast.Lambda))]
    inner += [targets(n.target) for n in inside if isinstance(n, gast.comprehension)]
    here = _Found(user, local.union(*inner))
    for statement in user.node.body:
        _references(here, statement, local)
    for r in here.references:
        if isinstance(r.meaning, UserFunction) and r.meaning.key not in seen:
            _collect(r.meaning, found, seen)
    found.append(here)


def _names_of(node: gast.AST) -> set[str]:
    """Names local to a function."""
    a = node.args
    given = (*a.posonlyargs, *a.args, *a.kwonlyargs, *(p for p in (a.vararg, a.kwarg) if p is not None))
    return assigned_names(node) | {p.id for p in given}


def _references(f: _Found, node: gast.AST, local: frozenset[str]) -> None:
    if isinstance(node, (gast.Name, gast.Attribute)):
        known = _resolved(f, node, local)
        if known is not None:
            f.references.append(_Reference(node, *known))
            return
    inside = local
    if isinstance(node, (gast.FunctionDef, gast.Lambda)):
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                _references(f, default, local)
        for s in node.body if isinstance(node.body, list) else [node.body]:
            _references(f, s, local | _names_of(node))
        return
    if isinstance(node, COMPREHENSIONS):
        inside = local.union(*(targets(g.target) for g in node.generators))
    for child in gast.iter_child_nodes(node):
        if not (isinstance(node, gast.AnnAssign) and child is node.annotation):
            _references(f, child, inside)


def _resolved(f: _Found, node: gast.AST, local: frozenset[str]) -> tuple[str, Meaning] | None:
    """A name that is not local, with as many attributes as lead on from module to module: its text and meaning."""
    if isinstance(node, gast.Name):
        return None if node.id in local else (node.id, f.user.lookup(node.id, f.user.loc(node)))
    if isinstance(node, gast.Attribute):
        owner = _resolved(f, node.value, local)
        if owner is not None and isinstance(owner[1], Module):
            return f"{owner[0]}.{node.attr}", owner[1].member(node.attr)  # type: ignore[return-value]
    return None


class _Globals:
    """The names of the new module: one for each function and constant, as in the user's where possible."""

    def __init__(self, user: UserFunction, found: list[_Found], taken: set[str]) -> None:
        self.constants: list[str] = []
        self.imports: set[str] = set()
        self._hidden: dict[object, set[str]] = {}
        spelled: set[str] = set()
        for f in found:
            for r in f.references:
                # A global of that name could not be seen where it is needed.
                self._hidden.setdefault(_key(r.text, r.meaning), set()).update(f.local)
                spelled |= {r.text.partition(".")[0], *f.local}
        used = {r.meaning.name for f in found for r in f.references if isinstance(r.meaning, Library)}
        self.helpers = frozenset(used & HELPERS.keys())
        taken = taken | self.helpers
        self._names = Names({*taken, *spelled})
        self._given: dict[object, str] = {user.key: user.name} | {("taken", name): name for name in taken}

    def function(self, user: UserFunction) -> str:
        return self._given.get(user.key) or self._new(user.key, user.name)

    def constant(self, text: str, value: object) -> str:
        key = _key(text, Constant(value))
        if key not in self._given:
            written = literal(value)
            self.constants.append(f"{self._new(key, text.rpartition('.')[2])} = {written}")
            self.imports |= {m for m in ("np", "math") if f"{m}." in written}
        return self._given[key]

    def _new(self, key: object, name: str) -> str:
        if name in self._given.values() or name in self._hidden.get(key, ()):
            name = self._names.fresh(name)
        self._given[key] = name
        return name


def _key(text: str, meaning: object) -> object:
    """What makes two references mean the same function or constant."""
    match meaning:
        case UserFunction() as f:
            return f.key
        case Constant(value):
            # 1, 1.0 and True are equal but different constants.
            return text.rpartition(".")[2], literal(value)
    return text


def literal(value: object) -> str:
    """A constant as an expression over ``np`` and ``math``.

    >>> literal((1, -0.0, float("inf"), np.array([1.0, 2.0])))
    '(1, -0.0, math.inf, np.array([1.0, 2.0]))'
    """
    match value:
        case tuple():
            items = ", ".join(literal(v) for v in value)
            return f"({items},)" if len(value) == 1 else f"({items})"
        case np.ndarray():
            default = np.array(value.tolist()).dtype == value.dtype
            return f"np.array({_listed(value.tolist())}{'' if default else f', dtype=np.{value.dtype.name}'})"
        case np.floating() if np.isfinite(value):
            return f"np.{value.dtype.name}({value!s})"
        case np.generic():
            return f"np.{value.dtype.name}({literal(value.item())})"
        case float() if not math.isfinite(value):
            return "math.nan" if math.isnan(value) else "math.inf" if value > 0 else "-math.inf"
        case complex() if not (math.isfinite(value.real) and math.isfinite(value.imag)):
            return f"complex({literal(value.real)}, {literal(value.imag)})"
    return repr(value)


def _listed(value: object) -> str:
    return f"[{', '.join(map(_listed, value))}]" if isinstance(value, list) else literal(value)


# ---------------------------------------------------------------------------- the text of one function

class _Text:
    """The text of a function under edits, each a range of positions and what replaces it."""

    def __init__(self, found: _Found, globals_: _Globals) -> None:
        self.found, self.user, self.globals = found, found.user, globals_
        self.node = _as_ast(found.user)
        # Positions are in bytes of UTF-8.
        self.lines = [line.encode() for line in self.user.lines]
        self.edits: list[tuple[tuple[int, int], tuple[int, int], str]] = []

    def rewritten(self) -> str:
        for r in self.found.references:
            self._reference(r)
        self._header()
        for s in ast.walk(self.node):
            if isinstance(s, ast.AnnAssign):
                self._annotated(s)
            elif isinstance(s, ast.FunctionDef) and s is not self.node:
                self._plain_inside(s)
        return self._applied()

    # -- names

    def _reference(self, r: _Reference) -> None:
        new = self._spelling(r)
        if new != r.text:
            node = r.node
            self.edits.append(((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset), new))

    def _spelling(self, r: _Reference) -> str:
        root = r.text.partition(".")[0]
        match r.meaning:
            case UserFunction() as f:
                return self.globals.function(f)
            case Library(name) if name in self.globals.helpers:
                return self._free(name, r)
            case Library("numba.prange"):
                self.globals.imports.add("prange")
                return self._free("prange", r)
            case Library(name):
                return self._library(name, r) if "." in name else r.text
            case Constant(value):
                if "." in r.text and self._names_module(root):
                    return self._library(self._canonical(r), r)
                return self.globals.constant(r.text, value)
            case Several():
                raise UnsupportedSyntax(f"the tuple of functions '{r.text}' cannot be written into a module",
                                        loc=self.user.loc(r.node), code="S2S023",
                                        hint="write the tuple in the function that uses it")
        return r.text

    def _library(self, name: str, r: _Reference) -> str:
        # What is already spelled with the usual names of the modules stays: they may have several for one function.
        root, dot, rest = r.text.partition(".")
        if dot and self._names_module(root) in ("np", "math", "cmath"):
            name = self._canonical(r)
        self.globals.imports.add(name.partition(".")[0])
        self._free(name.partition(".")[0], r)
        return name

    def _names_module(self, root: str) -> str | None:
        """The canonical name of the library module a name stands for."""
        held = self.user.lookup(root)
        known = isinstance(held, Module) and held.name.partition(".")[0] in ("np", "math", "cmath")
        return held.name if known else None  # type: ignore[union-attr]

    def _canonical(self, r: _Reference) -> str:
        root, _, rest = r.text.partition(".")
        return f"{self._names_module(root)}.{rest}"

    def _free(self, name: str, r: _Reference) -> str:
        if name in self.found.local:
            raise UnsupportedSyntax(f"'{r.text}' is written '{name}' in the module, where a local has that name",
                                    loc=self.user.loc(r.node), code="S2S009", hint=f"rename the local '{name}'")
        return name

    # -- parameters

    def _header(self) -> None:
        new = self.globals.function(self.user)
        start = (self.node.lineno, self.node.col_offset)
        head = self._slice(start, (self.node.lineno, 10**9))
        if not head.lstrip().startswith(b"def "):
            raise UnsupportedSyntax("the source of a lambda cannot be written as a function", code="S2S006",
                                    loc=self.user.loc(self.user.node), hint="define it with 'def'")
        at = head.index(self.node.name.encode(), 4)
        name_end = self.node.col_offset + at + len(self.node.name.encode())
        if new != self.node.name:
            self.edits.append(((self.node.lineno, self.node.col_offset + at), (self.node.lineno, name_end), new))
        a = self.node.args
        positional = [*a.posonlyargs, *a.args]
        with_default = positional[len(positional) - len(a.defaults):]
        defaults: dict[str, ast.expr] = {p.arg: d for p, d in zip(with_default, a.defaults)}
        defaults |= {p.arg: d for p, d in zip(a.kwonlyargs, a.kw_defaults) if d is not None}
        kept = False
        for p in (*positional, *a.kwonlyargs):
            kept = self._parameter(p, defaults.get(p.arg), kept and p not in a.kwonlyargs) or kept
        if self.node.returns is not None:
            self._drop_result(self.node.returns)

    def _parameter(self, p: ast.arg, default: ast.expr | None, must_have: bool) -> bool:
        """Edit one parameter; whether it still has a default."""
        name_end = (p.lineno, p.col_offset + len(p.arg.encode()))
        if default is None:
            if p.annotation is not None:
                self.edits.append((name_end, _end(p), ""))
            return False
        value = self._default(p.arg, default)
        if value is None and must_have:
            # Python wants a default after one that has been kept; numba refuses None where a number is needed.
            value = "None"
        if value is None:
            self.edits.append((name_end, _closing(self, default), ""))
        elif p.annotation is not None or value != self._slice(_start(default), _end(default)).decode():
            self.edits.append((name_end, _closing(self, default), f"={value}"))
        return value is not None

    def _default(self, name: str, node: ast.expr) -> str | None:
        """The default as a literal; ``None`` where there is none."""
        try:
            ast.literal_eval(node)
            return self._slice(_start(node), _end(node)).decode()
        except (ValueError, TypeError):
            pass
        try:
            value = self.user.defaults[name]
        except (KeyError, S2sadError):
            return None
        text = literal(value) if _is_literal(value) else None
        if text is not None and "math." in text:
            self.globals.imports.add("math")
        return text

    def _plain_inside(self, s: ast.FunctionDef) -> None:
        """A function inside loses its annotations."""
        a = s.args
        for p in (*a.posonlyargs, *a.args, *a.kwonlyargs, *(v for v in (a.vararg,) if v is not None)):
            if p.annotation is not None:
                self.edits.append(((p.lineno, p.col_offset + len(p.arg.encode())), _end(p), ""))
        if s.returns is not None:
            self._drop_result(s.returns)

    def _drop_result(self, returns: ast.expr) -> None:
        """Remove ``-> annotation``, looking for the arrow backwards from the annotation."""
        line, col = _start(returns)
        while b"->" not in self.lines[line - 1][:col]:
            line, col = line - 1, len(self.lines[line - 2])
        arrow = self.lines[line - 1].rindex(b"->", 0, col)
        arrow = len(self.lines[line - 1][:arrow].rstrip())
        self.edits.append(((line, arrow), _closing(self, returns), ""))

    def _annotated(self, s: ast.AnnAssign) -> None:
        after = _end(s.target) if s.simple else _closing(self, s.target)
        if s.value is not None:
            self.edits.append((after, _closing(self, s.annotation), ""))
        else:
            self.edits.append((_start(s), _closing(self, s.annotation), "pass"))

    # -- text

    def _slice(self, start: tuple[int, int], end: tuple[int, int]) -> bytes:
        if start[0] == end[0]:
            return self.lines[start[0] - 1][start[1]:end[1]]
        middle = self.lines[start[0]:end[0] - 1]
        return b"\n".join([self.lines[start[0] - 1][start[1]:], *middle, self.lines[end[0] - 1][:end[1]]])

    def _applied(self) -> str:
        first, last = self.node.lineno, self.node.end_lineno or self.node.lineno
        parts, at = [], (first, 0)
        for start, end, new in sorted(self.edits):
            parts += [self._slice(at, start), new.encode()]
            at = end
        parts.append(self._slice(at, (last, len(self.lines[last - 1]))))
        indent = self.node.col_offset
        lines = b"".join(parts).decode().split("\n")
        return "\n".join(line[indent:].rstrip() if not line[:indent].strip() else line.rstrip() for line in lines)


def _as_ast(user: UserFunction) -> ast.FunctionDef:
    node = gast.gast_to_ast(user.node)
    assert isinstance(node, ast.FunctionDef)
    return node


def _is_literal(value: object) -> bool:
    if isinstance(value, tuple):
        return all(_is_literal(v) for v in value)
    return value is None or type(value) in (bool, int, float, complex, str)


def _start(node: ast.expr | ast.stmt) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: ast.expr | ast.arg) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _closing(text: _Text, node: ast.expr) -> tuple[int, int]:
    """The end of an expression with the parentheses around it, which its own positions leave out."""
    line, col = _end(node)
    opened = text._slice((_start(node)[0], 0), _start(node)).rstrip()
    while opened.endswith(b"(") and text.lines[line - 1][col:].lstrip().startswith(b")"):
        before = opened[:-1].rstrip()
        if not before.endswith((b"=", b":", b">", b"(")):
            break
        col = text.lines[line - 1].index(b")", col) + 1
        opened = before
    return line, col
