"""Types by numba itself.

Where :mod:`s2sad.frontend.direct_types` knows everything in a function, numba is asked for each operation; otherwise
the function is printed, and numba's type inference (no code generation) is asked for all of it.
"""
from __future__ import annotations

import ast
import cmath
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import CodeType, FunctionType
from typing import Any

import numpy as np
from numba.core import compiler, errors, registry, types
from numba.core.compiler import CompilerBase, DefaultPassBuilder, Flags
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.typed_passes import NopythonTypeInference
from numba.core.types.misc import unliteral
from numba.core.untyped_passes import (
    DeadBranchPrune,
    InlineClosureLikes,
    LiteralPropagationSubPipelinePass,
    ReconstructSSA,
)

from s2sad.emit.pyast import ToPython
from s2sad.errors import TypeProblem
from s2sad.frontend.device import without_barriers
from s2sad.frontend.direct_types import direct_types
from s2sad.frontend.operations import Operations
from s2sad.frontend.remembered import Remembered
from s2sad.frontend.type_errors import holds, located, summary
from s2sad.ir.nodes import Function
from s2sad.ir.walk import all_names

_serial = itertools.count(1)

check_types = False
"""Ask numba for the whole function in any case, and insist on the same answer (tests do)."""


@dataclass
class _Typed:
    typemap: dict[str, types.Type]
    return_type: types.Type


@register_pass(mutates_CFG=False, analysis_only=True)
class _Collect(AnalysisPass):
    """Ends the pipeline with what inference found."""

    _name = "s2sad_collect_types"

    def __init__(self) -> None:
        pass

    def run_pass(self, state: Any) -> bool:
        state.cr = _Typed(dict(state.typemap), state.return_type)
        return False


class _TypesOnly(CompilerBase):
    prunes = True

    def define_pipelines(self) -> list:
        pm = DefaultPassBuilder.define_untyped_pipeline(self.state)
        if not any(isinstance(c, CodeType) for c in self.state.func_id.code.co_consts):
            pm.passes = [p for p in pm.passes if p[0] is not InlineClosureLikes]    # there are none
        if not self.prunes:
            ssa = next(k for k, (p, _) in enumerate(pm.passes) if p is ReconstructSSA)
            late = (DeadBranchPrune, LiteralPropagationSubPipelinePass)
            pm.passes = [p for k, p in enumerate(pm.passes) if k < ssa or p[0] not in late]
        pm.add_pass(NopythonTypeInference, "types")
        pm.add_pass(_Collect, "collect")
        pm.finalize()
        return [pm]


class _WithoutPruning(_TypesOnly):
    """numba stumbles over a name that is left undefined where it has pruned a branch after SSA."""

    prunes = False


def infer(fn: Function, argtypes: Mapping[str, types.Type],
          helpers: Mapping[str, object] | None = None) -> tuple[dict[str, types.Type], types.Type]:
    """Types of all the names of a function, and of its result.

    Parameters
    ----------
    fn : Function
        Any stage of the pipeline.
    argtypes : mapping
        A numba type for each parameter.
    helpers : mapping, optional
        Functions the printed code calls by name, besides ``math``, ``cmath`` and ``np``.

    Returns
    -------
    (dict, numba type)
        A name that numba prunes away with a dead branch has no entry.

    Examples
    --------
    >>> from numba import float64, int64
    >>> from s2sad.frontend import UserFunction, lower_function
    >>> def f(x, n):
    ...     return x ** n
    >>> names, result = infer(lower_function(UserFunction.from_callable(f)), {"x": float64, "n": int64})
    >>> names["n"], result
    (int64, float64)
    """
    fn = without_barriers(fn)
    found = directly(fn, argtypes, helpers)
    if found is None:
        return by_printing(fn, argtypes, helpers)
    if check_types:
        asked = by_printing(fn, argtypes, helpers)
        assert found == asked, f"types of {fn.name}: {found}, and numba says {asked}"
    return found


def directly(fn: Function, argtypes: Mapping[str, types.Type],
             helpers: Mapping[str, object] | None = None) -> tuple[dict[str, types.Type], types.Type] | None:
    """:func:`infer` on the IR, or ``None`` where that is not possible."""
    with global_compiler_lock:
        registry.cpu_target.typing_context.refresh()
        return direct_types(fn, argtypes, helpers or {}, _operations())


def by_printing(fn: Function, argtypes: Mapping[str, types.Type],
                helpers: Mapping[str, object] | None = None) -> tuple[dict[str, types.Type], types.Type]:
    """:func:`infer` by numba's inference of the printed function."""
    if fn.name in (helpers or {}):
        fn = replace(fn, name=f"{fn.name}_typed")                # it calls itself: the name means the callee
    printer = ToPython(fn)
    module = ast.fix_missing_locations(ast.Module(body=[printer.function()], type_ignores=[]))
    code = compile(module, f"<s2sad types {next(_serial)}>", "exec")
    space: dict[str, object] = {"np": np, "math": math, "cmath": cmath, **(helpers or {})}
    exec(code, space)  # the printed form of the IR, made here
    f = space[fn.name]
    assert isinstance(f, FunctionType)
    try:
        typed = _run(f, tuple(argtypes[p] for p in fn.params))
    except errors.NumbaError as e:
        raise located(e, printer.lines, fn) from e
    except errors.UnsupportedBytecodeError as e:
        raise TypeProblem(f"numba cannot compile a function that '{fn.name.removesuffix('_typed')}' calls", loc=fn.loc,
                          why=summary(str(e))[0], hint="write a function that calls itself as numba compiles it: no "
                          "`a, *b = c` among others") from e
    except AttributeError as e:
        # What numba 0.68 raises while it types `a *= b` with an array of real and one of complex numbers.
        raise TypeProblem("numba cannot type an operator of this function", loc=fn.loc,
                          why=f"it fails with an internal error: {e}",
                          hint="look for `a *= b` where `b` is complex and `a` is an array of real numbers") from e
    return _by_name(fn, typed.typemap), unliteral(typed.return_type)


def _run(f: FunctionType, args: tuple[types.Type, ...]) -> _Typed:
    target = registry.cpu_target
    flags: Any = Flags()
    flags.nrt = True

    def run(pipeline: type[_TypesOnly]) -> _Typed:
        return compiler.compile_extra(_remembered(), target.target_context, f, args, None, flags, {},
                                      pipeline_class=pipeline)

    with global_compiler_lock:
        target.typing_context.refresh()
        target.target_context.refresh()
        try:
            return run(_TypesOnly)
        except errors.NumbaError as e:
            if "Undefined" not in str(e):
                raise
            return run(_WithoutPruning)


@cache
def _remembered() -> Remembered:
    return Remembered(registry.cpu_target.typing_context)


@cache
def _operations() -> Operations:
    return Operations(_remembered())


def _by_name(fn: Function, typemap: Mapping[str, types.Type]) -> dict[str, types.Type]:
    names = all_names(fn)
    found: dict[str, list[types.Type]] = {}
    for version, t in typemap.items():
        base = version.removeprefix("arg.").split(".")[0]
        if base in names and not version.startswith("$"):
            t = unliteral(t)
            if t not in found.setdefault(base, []):
                found[base].append(t)
    out = {}
    for name in sorted(found):
        if len(found[name]) == 1:
            out[name] = found[name][0]
            continue
        one = registry.cpu_target.typing_context.unify_types(*found[name])
        if isinstance(one, types.Float) and all(isinstance(t, types.Integer) for t in found[name]):
            one = types.int64          # loops that share a counter's name, over signed and unsigned bounds
        if one is None or one is types.pyobject:
            raise holds(fn, name, [str(t) for t in found[name]])
        out[name] = unliteral(one)
    return out
