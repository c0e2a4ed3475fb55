"""``FILE:FUNCTION``: the function meant, found by reading the file or, where that is allowed, by importing it."""
from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from s2sad.api.arguments import Parameters, WrtLike
from s2sad.api.options import chosen_math, chosen_memory, merged
from s2sad.api.program import FunctionProgram, Program, program_of
from s2sad.errors import BadCall, S2sadError
from s2sad.frontend.folding import NotFoldable, fold
from s2sad.frontend.source import Constant, UserFunction
from s2sad.frontend.static import Definition, StaticModule
from s2sad.frontend.syntax import check_syntax


@dataclass(frozen=True)
class Target:
    """A function, and what its file says about how to differentiate it.

    ``default_wrt`` is what its decorator says, ``None`` where it says nothing, or the error that it cannot be told.
    ``notes`` are remarks for the person at the command line.
    """

    user: UserFunction
    parameters: Parameters
    options: Mapping[str, object]
    default_wrt: WrtLike | S2sadError
    module: StaticModule | None = None
    math: str = "libm"

    def notes(self) -> list[str]:
        """What was taken not to matter; complete after the function has been compiled."""
        if self.module is None:
            return []
        return [f"{text} of {function} is not evaluated: the function is taken as it is written"
                for function, text in self.module.ignored_decorators()]


def find(spec: str, *, execute: bool = False, kernels: bool = False) -> Target:
    """The function that ``FILE:FUNCTION`` names.

    Parameters
    ----------
    spec : str
    execute : bool
        Import the file instead of only reading it.
    kernels : bool
        The function is a kernel of ``numba.cuda``.

    Raises
    ------
    S2sadError
        Where there is no such file or function, or what it is cannot be told.
    """
    file, colon, name = spec.rpartition(":")
    # Python reads identifiers in this form; several characters look like one another.
    name = unicodedata.normalize("NFKC", name)
    if not colon or not file or not name:
        raise BadCall(f"{spec!r} does not name a function", code="S2S060",
                      hint="write FILE:FUNCTION, as in heat.py:misfit")
    if not Path(file).is_file():
        raise BadCall(f"there is no file {file}", code="S2S060",
                      hint="give the path from the directory you are in, as in src/heat.py:misfit")
    if not name.isidentifier():
        raise BadCall(f"'{name}' is not the name of a function at module level", code="S2S060",
                      hint="write FILE:FUNCTION, as in heat.py:misfit")
    try:
        return _imported(file, name, kernels) if execute else _read(file, name, kernels)
    except OSError as e:
        raise BadCall(f"{file} cannot be read: {e.strerror}", code="S2S060",
                      hint="name a file you may read") from None


# ---------------------------------------------------------------------------- without executing it

def _read(file: str, name: str, kernels: bool) -> Target:
    module = StaticModule.read(file, kernels=kernels)
    user = module.function(name)
    user = replace(user, memory=chosen_memory(user.options.get("memory")))
    check_syntax(user)
    definition = module.definition(name)
    return Target(user, Parameters(user.name, user.params, _signature(user)), merged(None, user.options),
                  _decorator_wrt(module, definition), module, chosen_math(user.options.get("math", "libm")))


def _signature(user: UserFunction) -> inspect.Signature:
    a = user.node.args
    kinds: list[tuple] = [(p, inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in (*a.posonlyargs, *a.args)]
    kinds += [(p, inspect.Parameter.KEYWORD_ONLY) for p in a.kwonlyargs]
    empty = inspect.Parameter.empty
    # Iterating finds the known defaults only. One before a parameter without would be no default in Python.
    known = dict(user.defaults.items())
    for k, (p, kind) in enumerate(kinds):
        if p.id not in known and kind is not inspect.Parameter.KEYWORD_ONLY:
            for q, _ in kinds[:k]:
                known.pop(q.id, None)
    return inspect.Signature([
        inspect.Parameter(p.id, kind, default=known.get(p.id, empty), annotation=user.annotations.get(p.id, empty))
        for p, kind in kinds])


def _decorator_wrt(module: StaticModule, d: Definition) -> WrtLike | S2sadError:
    if d.wrt is None:
        return None
    try:
        found = fold(d.wrt, module.lookup)
    except NotFoldable as e:
        return BadCall(f"the wrt of '{d.node.name}' is not evaluated: {e.why}", loc=module.loc(d.wrt), code="S2S041",
                       hint="give --wrt; --import allows the module to be imported, and so executed")
    return found.value if isinstance(found, Constant) else None  # type: ignore[return-value]


# ---------------------------------------------------------------------------- by importing it

def _imported(file: str, name: str, kernels: bool) -> Target:
    module = _import(Path(file).resolve())
    if not hasattr(module, name):
        raise BadCall(f"{file} has no '{name}'", code="S2S060",
                      hint="name a function that the module has once it is imported")
    if kernels:
        return _imported_kernel(getattr(module, name))
    program: Program = program_of(getattr(module, name))
    if not isinstance(program, FunctionProgram):
        raise BadCall(f"'{name}' of {file} is a derivative already", code="S2S060", hint="name the function itself")
    default: WrtLike = None
    if program.default is not None:
        default = program.default.names[0] if program.default.single else program.default.names
    user = replace(UserFunction.from_callable(program.python), memory=program.memory)
    return Target(user, program.parameters, program.options, default,
                  math=program.math)


def _imported_kernel(found: object) -> Target:
    from s2sad.cuda import CudaKernel

    default = found.wrt if isinstance(found, CudaKernel) else None
    user = UserFunction.from_callable(found)
    f = inspect.unwrap(getattr(found, "py_func", found))  # type: ignore[arg-type]
    options = {k: v for k, v in user.options.items() if k == "fastmath"}
    if isinstance(found, CudaKernel):
        options = dict(found.options)
    return Target(user, Parameters.of(f), options, default)


def _import(path: Path) -> ModuleType:
    """Import a file, as part of its package if it is in one."""
    root, dotted = path.parent, path.stem
    while (root / "__init__.py").is_file():
        root, dotted = root.parent, f"{root.name}.{dotted}"
    sys.path.insert(0, str(root))
    try:
        # What it prints is not part of what we print.
        with contextlib.redirect_stdout(sys.stderr):
            return _executed(path, dotted)
    except S2sadError:
        raise
    except (Exception, SystemExit) as e:
        # Whatever a user's module does when it is imported, it is not our error.
        raise BadCall(f"importing {path.name} raises {type(e).__name__}: {e}", code="S2S060",
                      hint="put the function into a module that can be imported, or mend this one") from e
    finally:
        sys.path.remove(str(root))


def _executed(path: Path, dotted: str) -> ModuleType:
    if "." in dotted:
        return importlib.import_module(dotted)
    # By its path: a module of that name may have been imported from elsewhere.
    spec = importlib.util.spec_from_file_location(dotted, path)
    if spec is None or spec.loader is None:
        raise BadCall(f"{path.name} is not a Python file", code="S2S060", hint="name a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(dotted, module)
    spec.loader.exec_module(module)
    return module
