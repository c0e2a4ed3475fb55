"""Types of calls that stay calls: numba infers them in the functions as they are written, and generates no code."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from numba.core import typing
from numba.core.compiler import CompilerBase, DefaultPassBuilder, compile_result
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.funcdesc import PythonFunctionDescriptor
from numba.core.typed_passes import NopythonTypeInference

from s2sad.emit.module import assemble
from s2sad.emit.primal import primal_text
from s2sad.frontend.source import UserFunction

_recent: OrderedDict[object, tuple[UserFunction, Any]] = OrderedDict()
RECENT = 32


@register_pass(mutates_CFG=False, analysis_only=True)
class _Sign(AnalysisPass):
    """Ends the pipeline with the signature, as what a dispatcher keeps of a compilation."""

    _name = "s2sad_sign"

    def __init__(self) -> None:
        pass

    def run_pass(self, state: Any) -> bool:
        descriptor = PythonFunctionDescriptor.from_specialized_function(
            state.func_ir, state.typemap, state.return_type, state.calltypes, mangler=state.targetctx.mangler,
            inline=False, noalias=False, abi_tags=())
        state.cr = compile_result(
            typing_context=state.typingctx, target_context=state.targetctx, entry_point=_not_compiled,
            typing_error=None, objectmode=False, fndesc=descriptor,
            signature=typing.signature(state.return_type, *state.args))
        return False


_not_compiled: Any = {}.__getitem__
"""What a dispatcher takes for compiled code; nothing calls it."""


class _SignatureOnly(CompilerBase):
    def define_pipelines(self) -> list:
        pm = DefaultPassBuilder.define_untyped_pipeline(self.state)
        pm.add_pass(NopythonTypeInference, "types")
        pm.add_pass(_Sign, "sign")
        pm.finalize()
        return [pm]


def typed(callees: Mapping[str, UserFunction]) -> dict[str, Any]:
    """The functions as numba dispatchers that can be typed, not called."""
    return {name: _dispatcher(user) for name, user in callees.items()}


def _dispatcher(user: UserFunction) -> Any:
    found = _recent.get(_key(user))
    if found is None:
        primal = primal_text(user)
        functions = tuple(replace(f, options={k: v for k, v in f.options.items() if k == "error_model"})
                          for f in primal.functions)
        space: dict[str, Any] = {}
        # the user's own functions, written out
        exec(compile(assemble((), primal=replace(primal, functions=functions)), f"<{user.name}>", "exec"), space)
        for f in functions:
            # Functions that call each other are compiled as one: of some, numba finds the types from one of them only.
            dispatcher = space[f.name]
            dispatcher._compiler.pipeline_class = _SignatureOnly
            _recent.setdefault(_key(f.user), (f.user, dispatcher))
        found = _recent[_key(user)]
        while len(_recent) > RECENT:
            _recent.popitem(last=False)
    return found[1]


def _key(user: UserFunction) -> object:
    return id(user) if user.identity is None else user.key
