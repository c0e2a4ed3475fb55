"""``source``: the text of generated code, exactly as it runs."""
from __future__ import annotations

from collections.abc import Callable

from s2sad.api.arguments import WrtLike
from s2sad.api.outputs import OutputsLike, leaves_written, resolve
from s2sad.api.program import Program, Types, program_of
from s2sad.api.signatures import completed, from_annotations, parse_signature
from s2sad.api.statics import separate
from s2sad.api.structures import of_python
from s2sad.errors import BadCall, UnsupportedFunction
from s2sad.ir.trees import tree_of_type
from s2sad.transform.splitting import NotSplit

KINDS = ("primal", "tangent", "adjoint", "grad", "value_and_grad", "vjp", "linearized", "vector_tangent", "jacfwd",
         "jacrev")


def source(f: Callable[..., object], kind: str, *example_args: object, signature: object = None, wrt: WrtLike = None,
           outputs: OutputsLike = None) -> str:
    """The source of the derivative code that runs for arguments of some types.

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher, or an object made by :func:`differentiate` or :func:`grad`.
    kind : {"primal", "tangent", "adjoint", "grad", "value_and_grad", "vjp", "linearized", "vector_tangent", "jacfwd",
            "jacrev"}
        What to show; ``"vjp"`` has both sweeps, ``"linearized"`` both parts of :func:`linearize`,
        ``"vector_tangent"`` several directions. A Hessian is the ``"jacfwd"`` of a gradient.
    *example_args
        Arguments whose types the code is generated for.
    signature : str, optional
        Types instead: ``"float64[::1], float64, int64"``, or a numba signature.
    wrt : int, str, or tuple of them, optional
        As for the derivative itself.
    outputs : tuple of str, optional
        As for :func:`vjp` and :func:`jacobian`.

    Returns
    -------
    str
        A Python module. It imports nothing but ``math``, ``numpy`` and ``numba``.

    Notes
    -----
    Types are taken from the example arguments, else from ``signature``, else from annotations (numba types, ``float``,
    ``int``, ``bool`` or text such as ``"float64[::1]"``), else from the last call.

    Examples
    --------
    >>> import s2sad
    >>> def f(x):
    ...     return x * x
    >>> "def f_adjoint(x, " in s2sad.source(f, "adjoint", 2.0)
    True
    >>> s2sad.source(f, "adjoint", signature="float64") == s2sad.source(f, "adjoint", 2.0)
    True
    """
    return source_of(program_of(f), kind, example_args, signature, wrt, outputs)


def source_of(program: Program, kind: str, example_args: tuple[object, ...], signature: object, wrt: WrtLike,
              outputs: OutputsLike) -> str:
    if kind not in KINDS:
        raise BadCall(f"there is no source of kind {kind!r}", hint=f"kinds are: {', '.join(KINDS)}")
    if example_args:
        program, example_args = separate(program, program.parameters.in_order(example_args))
    argtypes = tuple(map(tree_of_type, _types(program, example_args, signature)))
    if wrt is None and program.chooses_freely and kind == "vjp":
        layout = program.layout(argtypes)
        names = tuple(n for n in program.parameters.names if layout.differentiable(n))
    else:
        names = program.wrt(wrt).names
    if kind == "primal" and any(map(of_python, argtypes)):
        kind = "flat"
    if kind not in ("primal", "flat"):
        program.require_differentiable(argtypes, names)
    flags: dict[str, object] = {}
    if outputs is not None and kind in ("vjp", "linearized", "jacfwd", "jacrev"):
        layout = program.layout(argtypes)
        wanted = resolve(program, layout, program.interface(argtypes, names), outputs)
        flags["outputs"] = leaves_written(layout, program.interface(argtypes, names), wanted)
    try:
        return program.specialise(kind, argtypes, names, **flags).generated.source
    except NotSplit as e:
        raise UnsupportedFunction(f"the tangent of {program.name} cannot be taken apart: {e}", code="S2S010",
                                  hint="linearize computes its values again for each direction") from None


def _types(program: Program, example_args: tuple[object, ...], signature: object) -> Types:
    parameters = program.parameters
    if example_args or not parameters.names:
        return program.types_of(example_args)
    if signature is not None:
        return completed(parse_signature(signature), parameters.signature.parameters, program.name)
    found = from_annotations(parameters.signature) or program.last_types
    if found is None:
        raise BadCall(f"the argument types of {program.name} are not known", code="S2S044",
                      hint='give example arguments, or signature="float64[::1], float64", or annotations, or call it')
    return found
