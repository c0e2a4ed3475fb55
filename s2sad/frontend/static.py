"""Functions of a file that is read but not executed.

The module's statements are followed from top to bottom, as Python would execute them, but only those that bind a name
to a library, a function or a constant expression mean anything; a name bound by any other statement is unresolved, and
it is an error to use it. Decorators, annotations and defaults that are no constant expressions are never evaluated.
"""
from __future__ import annotations

import ast
import builtins
import cmath
import math
import sys
import tokenize
from dataclasses import dataclass, field
from types import ModuleType
from typing import NoReturn

import gast
import numba
import numpy as np

from s2sad import numerics, vmath
from s2sad.errors import UnsupportedFunction, UnsupportedSyntax
from s2sad.frontend.binding import bound_names, global_stores, never_true_on_import, outside_functions
from s2sad.frontend.device import MODULES, device_module
from s2sad.frontend.folding import NotFoldable, fold
from s2sad.frontend.library import SPACES, meaning
from s2sad.frontend.rule_mentions import RuleMentions
from s2sad.frontend.ruled import lose_rule
from s2sad.frontend.source import Constant, Library, Meaning, Module, Several, UserFunction, as_definition, parameters
from s2sad.ir.nodes import Loc

IMPORT_HINT = "--import allows the module to be imported, and so executed"
# What can bind names, or change modules, behind the back of whoever reads the statements.
HIDDEN_BINDING = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "delattr", "__import__"})
COMPILES = frozenset({"numba.njit", "numba.jit", "s2sad.differentiate"})
HARMLESS = frozenset({"functools.lru_cache", "functools.cache", "numba.extending.register_jitable"})


@dataclass(frozen=True)
class Unresolved:
    """What a name means whose value only executing the module would tell."""

    why: str
    line: int


@dataclass(eq=False)
class Definition:
    """A function of the file, with what its decorators say."""

    node: ast.FunctionDef
    defaults: dict[str, object]
    options: dict[str, object] = field(default_factory=dict)
    wrt: ast.expr | None = None
    ignored: list[str] = field(default_factory=list)
    user: UserFunction | None = None


class Defaults(dict):
    """Values of defaults; of those that are not constant expressions it knows only that they are there."""

    def __init__(self, function: str) -> None:
        super().__init__()
        self.function = function
        self.unknown: dict[str, tuple[str, Loc]] = {}

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.unknown

    def __missing__(self, name: str) -> NoReturn:
        why, loc = self.unknown[name]
        raise UnsupportedFunction(f"the default of '{name}' of {self.function} is not evaluated", loc=loc, why=why,
                                  code="S2S003", hint=f"pass it in the call; {IMPORT_HINT}")


class StaticModule:
    """The functions of a file, found by reading it.

    Examples
    --------
    >>> m = StaticModule('''
    ... import math
    ... SQ2 = math.sqrt(2.0)
    ... def f(x):
    ...     return SQ2 * x
    ... ''', "model.py")
    >>> m.function("f").params, m.function("f").lookup("SQ2").value
    (('x',), 1.4142135623730951)
    """

    def __init__(self, text: str, file: str, *, kernels: bool = False) -> None:
        self.file = file
        self.compiles = COMPILES | {"cuda.jit"} if kernels else COMPILES
        self.lines = tuple(text.split("\n"))
        self.names: dict[str, object] = {}
        self.hidden: Unresolved | None = None
        self.ruled: set[int] | None = set()
        """Which definitions have derivative rules, by their nodes; ``None`` if any may."""
        try:
            tree = ast.parse(text)
            self._changed_inside = dict(global_stores(tree))
            self._rules = RuleMentions(tree)
            for statement in tree.body:
                self._statement(statement)
        except SyntaxError as e:
            where = Loc(file, e.lineno or 1, (e.offset or 1) - 1, (e.text or "").rstrip("\n"))
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise UnsupportedSyntax(f"this is not Python {version}: {e.msg}", code="S2S001", loc=where,
                                    hint=f"write what Python {version} reads") from None
        except (ValueError, RecursionError, MemoryError) as e:
            raise UnsupportedSyntax(f"{file} cannot be parsed: {e}", code="S2S001",
                                    hint="see what `python -m py_compile` says of it") from None

    @classmethod
    def read(cls, file: str, *, kernels: bool = False) -> StaticModule:
        """Read a file; its encoding is the one it declares. ``kernels``: what ``cuda.jit`` compiles is a function."""
        try:
            with tokenize.open(file) as f:
                return cls(f.read(), file, kernels=kernels)
        except SyntaxError as e:
            raise UnsupportedSyntax(f"{file}: {e.msg}", code="S2S001",
                                    hint="declare the encoding that the file is in, as in `# coding: utf-8`") from None
        except UnicodeDecodeError as e:
            raise UnsupportedSyntax(f"{file} is not text in {e.encoding}", code="S2S001",
                                    hint="save it as UTF-8, or declare its encoding in the first line") from None

    # ------------------------------------------------------------------ what the compiler asks

    def function(self, name: str) -> UserFunction:
        """The function of that name at the end of the module."""
        found = self.names.get(name)
        if isinstance(found, Unresolved):
            raise self._unresolved(name, found, IMPORT_HINT, Loc(self.file, found.line, 0, self.lines[found.line - 1]))
        if not isinstance(found, Definition):
            functions = {n: v.node.lineno for n, v in self.names.items() if isinstance(v, Definition)}
            known = ", ".join(sorted(functions, key=functions.__getitem__))
            raise UnsupportedFunction(f"{self.file} has no function '{name}'", code="S2S060",
                                      hint=f"its functions are: {known}" if known else "it has none at module level")
        return self._user(found)

    def definition(self, name: str) -> Definition:
        """The function with what its decorators say; after :meth:`function` has found it."""
        found = self.names[name]
        assert isinstance(found, Definition)
        return found

    def ignored_decorators(self) -> list[tuple[str, str]]:
        """Decorators that are taken not to matter, for the functions that were asked for: (function, decorator)."""
        done = {id(v): v for v in self.names.values() if isinstance(v, Definition) and v.user is not None}
        return [(d.node.name, text) for d in done.values() for text in d.ignored]

    def loc(self, node: ast.AST) -> Loc:
        line = getattr(node, "lineno", 1)
        return Loc(self.file, line, getattr(node, "col_offset", 0), self.lines[line - 1])

    def lookup(self, name: str) -> Meaning:
        """The meaning of a global or builtin name."""
        if name in self.names:
            found = self.names[name]
            if isinstance(found, Unresolved):
                raise self._unresolved(name, found)
            return self._user(found) if isinstance(found, Definition) else found  # type: ignore[return-value]
        if self.hidden is not None:
            raise self._unresolved(name, self.hidden)
        # The builtins module has a __name__ of its own.
        if hasattr(builtins, name) and not name.startswith("__"):
            return meaning(getattr(builtins, name), name)
        raise UnsupportedFunction(f"the name '{name}' is not defined in {self.file}", code="S2S003", hint=IMPORT_HINT)

    def _unresolved(self, name: str, u: Unresolved, hint: str = f"pass it as an argument; {IMPORT_HINT}",
                    loc: Loc | None = None) -> UnsupportedFunction:
        return UnsupportedFunction(f"what '{name}' is cannot be told without executing {self.file}", code="S2S003",
                                   why=f"line {u.line}: {u.why}", hint=hint, loc=loc)

    def _user(self, d: Definition) -> UserFunction:
        if d.user is None:
            node = gast.ast_to_gast(d.node)
            d.user = UserFunction(d.node.name, node, self.file, 1, self.lines, parameters(node), d.defaults, d.options,
                                  ast.get_docstring(d.node, clean=False), self.lookup, _annotations(d.node))
        if self.ruled is None or id(d.node) in self.ruled:
            what = "may be declared where it is not read" if self.ruled is None else f"is not read from {self.file}"
            lose_rule(d.user, what, IMPORT_HINT)
        return d.user

    # ------------------------------------------------------------------ statements

    def _statement(self, s: ast.stmt) -> None:
        for name in self._rules.of(s):
            found = None if name is None else self.names.get(name)
            if self.ruled is not None and isinstance(found, Definition):
                self.ruled.add(id(found.node))
            elif not isinstance(found, Library):
                self.ruled = None
        if isinstance(s, ast.FunctionDef):
            self._bind(s.name, self._function(s), s)
            return
        if isinstance(s, (ast.AsyncFunctionDef, ast.ClassDef)):
            what = "a class" if isinstance(s, ast.ClassDef) else "an async function"
            self._bind(s.name, Unresolved(f"'{s.name}' is {what}", s.lineno), s)
            return
        if isinstance(s, ast.Import):
            self._import(s)
            return
        if isinstance(s, ast.ImportFrom):
            self._import_from(s)
            return
        if isinstance(s, ast.If) and never_true_on_import(s.test):
            for other in s.orelse:
                self._statement(other)
            return
        simple = isinstance(s, ast.Assign) or isinstance(s, ast.AnnAssign) and s.value is not None
        if simple and not any(isinstance(n, ast.NamedExpr) for n in ast.walk(s)):
            self._assign(s)  # type: ignore[arg-type]
            return
        self._opaque(s)

    def _assign(self, s: ast.Assign | ast.AnnAssign) -> None:
        targets = s.targets if isinstance(s, ast.Assign) else [s.target]
        assert s.value is not None
        try:
            value = self._value(s.value)
        except NotFoldable as e:
            self._used(s.value)
            value = Unresolved(e.why, s.lineno)
        for target in targets:
            self._bind_target(target, value, s)

    def _value(self, node: ast.expr) -> object:
        compiled = self._compiled_function(node)
        if compiled is not None:
            return compiled
        if isinstance(node, ast.Name) and isinstance(self.names.get(node.id), Definition):
            return self.names[node.id]
        if isinstance(node, ast.Lambda):
            made = gast.gast_to_ast(as_definition(gast.ast_to_gast(node)))
            assert isinstance(made, ast.FunctionDef)
            return Definition(made, self._defaults(made))
        if isinstance(node, ast.Tuple) and any(self._names_function(e) for e in node.elts):
            parts = [self._value(e) for e in node.elts]
            return Several(tuple(self._user(p) if isinstance(p, Definition) else p for p in parts))
        return fold(node, self.lookup)

    def _names_function(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name) and isinstance(self.names.get(node.id), Definition):
            return True
        named = isinstance(node, (ast.Name, ast.Attribute))
        return isinstance(node, ast.Lambda) or named and self._dotted(node) is not None

    def _bind_target(self, target: ast.expr, value: object, s: ast.stmt) -> None:
        if isinstance(target, ast.Name):
            self._bind(target.id, value, s)
        elif isinstance(target, (ast.Tuple, ast.List)):
            parts = value.value if isinstance(value, Constant) else None
            fits = isinstance(parts, tuple) and len(parts) == len(target.elts)
            plain = fits and not any(isinstance(t, ast.Starred) for t in target.elts)
            for k, t in enumerate(target.elts):
                part = meaning(parts[k], "this") if plain else Unresolved("it is unpacked", s.lineno)  # type: ignore[index]
                self._bind_target(t.value if isinstance(t, ast.Starred) else t, part, s)
        else:
            # `np.pi = 3`, `TABLE[0] = 1.0`: whatever the name stands for is not what it was.
            self._used(target)

    def _bind(self, name: str, value: object, s: ast.stmt) -> None:
        if name in self._changed_inside:
            value = Unresolved("a function assigns it", self._changed_inside[name])
        self.names[name] = value

    def _opaque(self, s: ast.stmt) -> None:
        """A statement that is not followed: names bound in it are unresolved from here on."""
        for name in bound_names(s):
            self._bind(name, Unresolved(f"it is bound inside '{_keyword(s)}'", s.lineno), s)
        self._used(s)

    def _used(self, node: ast.AST) -> None:
        """An expression or statement of unknown effect: arrays named in it may be changed by it."""
        for n in outside_functions(node):
            match n:
                case ast.Name(id=name) if name in HIDDEN_BINDING and name not in self.names:
                    self._forget(Unresolved(f"'{name}' may bind any name", n.lineno))
                case ast.Name(id=name) if _holds_array(self.names.get(name)):
                    self._changed(name, Unresolved("the array may be changed here", n.lineno))
                case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name in self.names:
                    self._changed(name, Unresolved("it is changed here", n.lineno))

    def _changed(self, name: str, why: Unresolved) -> None:
        """What a name stands for is changed, under all its names."""
        held = self.names[name]
        for other, value in self.names.items():
            if value is held or _share(value, held):
                self.names[other] = why

    def _forget(self, why: Unresolved) -> None:
        """Anything bound so far, builtin names included, may have been bound anew."""
        self.hidden = why
        for name in self.names:
            self.names[name] = why

    # ------------------------------------------------------------------ imports

    def _import(self, s: ast.Import) -> None:
        for alias in s.names:
            root = alias.name.partition(".")[0]
            bound, whole = alias.asname or root, alias.name if alias.asname else root
            try:
                found: object = _module(whole)
            except LookupError:
                found = Unresolved(f"the module '{whole}' is not read", s.lineno)
            self._bind(bound, found, s)

    def _import_from(self, s: ast.ImportFrom) -> None:
        if s.module == "__future__":
            return
        whole = "." * s.level + (s.module or "")
        try:
            source: Module | None = _module(whole)
        except LookupError:
            source = None
        for alias in s.names:
            if alias.name == "*":
                self._import_all(s, whole, source)
                continue
            found: object = Unresolved(f"the module '{whole}' is not read", s.lineno)
            self._bind(alias.asname or alias.name, _member(source, alias.name, s) if source else found, s)

    def _import_all(self, s: ast.ImportFrom, whole: str, source: Module | None) -> None:
        module = {"math": math, "cmath": cmath, "numpy": np}.get(whole)
        if module is None or source is None:
            self._forget(Unresolved(f"'from {whole} import *' may bind any name", s.lineno))
            return
        for name in getattr(module, "__all__", [n for n in vars(module) if not n.startswith("_")]):
            self._bind(name, _member(source, name, s), s)

    # ------------------------------------------------------------------ functions

    def _function(self, s: ast.FunctionDef) -> Definition | Unresolved:
        d = Definition(s, self._defaults(s))
        for decorator in reversed(s.decorator_list):
            problem = self._decorated(d, decorator)
            if problem is not None:
                return problem
        return d

    def _defaults(self, s: ast.FunctionDef) -> Defaults:
        found = Defaults(s.name)
        positional = [*s.args.posonlyargs, *s.args.args]
        given = list(zip(positional[len(positional) - len(s.args.defaults):], s.args.defaults))
        given += [(p, e) for p, e in zip(s.args.kwonlyargs, s.args.kw_defaults) if e is not None]
        for p, e in given:
            try:
                value = fold(e, self.lookup)
                if not isinstance(value, Constant):
                    raise NotFoldable("it is no number")
                found[p.arg] = value.value
            except NotFoldable as problem:
                self._used(e)
                found.unknown[p.arg] = problem.why, self.loc(e)
        return found

    def _decorated(self, d: Definition, decorator: ast.expr) -> Unresolved | None:
        """Note what one decorator says, without evaluating it. Not all of a function's decorators can be ignored."""
        called = decorator if isinstance(decorator, ast.Call) else None
        name = self._dotted(called.func if called else decorator)
        if name in self.compiles:
            self._options(d, called)
        elif name in HARMLESS or name == "s2sad.rule_for":
            pass
        elif name is not None and name.startswith(("numba.", "cuda.", "np.", "math.", "cmath.", "s2sad.")):
            return Unresolved(f"the decorator '@{name}' makes something else of the function", decorator.lineno)
        else:
            d.ignored.append(f"@{ast.unparse(decorator)}")
            self._used(decorator)
        return None

    def _options(self, d: Definition, call: ast.Call | None) -> None:
        for k in call.keywords if call else ():
            if k.arg == "wrt":
                d.wrt = k.value
            elif k.arg is not None:
                try:
                    d.options[k.arg] = ast.literal_eval(k.value)
                except (ValueError, TypeError, SyntaxError):
                    d.ignored.append(f"{k.arg}={ast.unparse(k.value)}")

    def _compiled_function(self, node: ast.expr) -> Definition | None:
        """``njit(f)`` and ``njit(...)(f)``, where ``f`` is a function of the file, mean ``f`` with these options."""
        if not isinstance(node, ast.Call) or len(node.args) != 1 or not isinstance(node.args[0], ast.Name):
            return None
        inner = self.names.get(node.args[0].id)
        maker = node if not isinstance(node.func, ast.Call) else node.func
        if not isinstance(inner, Definition) or self._dotted(maker.func) not in self.compiles:
            return None
        if maker is not node and maker.args:
            return None
        made = Definition(inner.node, inner.defaults, dict(inner.options), inner.wrt, list(inner.ignored))
        self._options(made, maker)
        return made

    def _dotted(self, node: ast.expr) -> str | None:
        """The canonical name of what a decorator names, where it is something of a library."""
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return None
        try:
            found = fold(node, self.lookup)
        except NotFoldable:
            return None
        return found.name if isinstance(found, Library) else None


# ---------------------------------------------------------------------------- libraries

def _module(name: str) -> Module:
    """A module whose members are known without executing anything of the user's."""
    spaces = {"numpy" + key[2:] if key.startswith("np") else key: value for key, value in SPACES.items()}
    if name in spaces:
        found = meaning(spaces[name], name)
        assert isinstance(found, Module)
        return found
    if name == "numba":
        return Module("numba", _numba_member)
    if name in MODULES:
        return device_module()
    if name.startswith("numba."):
        return Module(name, lambda attr: Library(f"{name}.{attr}"))
    if name in ("s2sad.numerics", "s2sad.vmath"):
        return meaning(numerics if name == "s2sad.numerics" else vmath, name)  # type: ignore[return-value]
    if name in ("s2sad", "functools"):
        # Named here for their decorators.
        return Module(name, lambda attr: _own_member(f"{name}.{attr}"))
    raise LookupError(name)


def _own_member(name: str) -> Meaning:
    if name in ("s2sad.numerics", "s2sad.vmath"):
        return _module(name)
    return Library(name.removeprefix("s2sad.") if name in ("s2sad.stop_gradient", "s2sad.checkpointed") else name)


def _member(module: Module, name: str, s: ast.stmt) -> object:
    try:
        return module.member(name)
    except (LookupError, UnsupportedFunction, TypeError):
        # A TypeError comes from abstract types such as np.floating.
        return Unresolved(f"'{module.name}.{name}' is not known", s.lineno)


def _numba_member(attr: str) -> Meaning:
    found = getattr(numba, attr, None)
    if isinstance(found, numba.types.Type) or found is numba.prange:
        return meaning(found, f"numba.{attr}")
    # Parts of numba that are not loaded until they are imported are modules.
    return _module(f"numba.{attr}") if found is None or isinstance(found, ModuleType) else Library(f"numba.{attr}")


def _keyword(s: ast.stmt) -> str:
    names: dict[type, str] = {ast.AugAssign: "an augmented assignment", ast.Expr: "an expression", ast.Delete: "del"}
    return names.get(type(s), type(s).__name__.lower())


def _holds_array(value: object) -> bool:
    if isinstance(value, Constant):
        return _holds_array(value.value)
    return isinstance(value, np.ndarray) or isinstance(value, tuple) and any(_holds_array(v) for v in value)


def _share(a: object, b: object) -> bool:
    """Whether two constants hold an array in common."""
    a, b = (v.value if isinstance(v, Constant) else v for v in (a, b))
    if isinstance(a, tuple):
        return any(_share(v, b) for v in a)
    if isinstance(b, tuple):
        return any(_share(a, v) for v in b)
    return a is b and isinstance(a, np.ndarray)


def _annotations(node: ast.FunctionDef) -> dict[str, object]:
    """Annotations as text; ``from __future__ import annotations`` makes the same of them."""
    found: dict[str, object] = {}
    for p in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        if p.annotation is not None:
            quoted = isinstance(p.annotation, ast.Constant) and isinstance(p.annotation.value, str)
            found[p.arg] = p.annotation.value if quoted else ast.unparse(p.annotation)  # type: ignore[attr-defined]
    return found
