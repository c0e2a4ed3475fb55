"""A module of kernels that stands alone: the author's, its derivatives, and how to launch those with tapes."""
from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from textwrap import fill, indent

import numpy as np

from s2sad.cuda.kernels import KernelCode, adjoint_kernel, prepare_kernel, tangent_kernel
from s2sad.cuda.text import module_text
from s2sad.emit.primal import Primal
from s2sad.frontend.source import UserFunction
from s2sad.ir.names import Names

MAKE = {"tangent": tangent_kernel, "adjoint": adjoint_kernel}
"""The kinds of derivative of a kernel, in the order of a module."""

WHAT = {
    "tangent": ("Tangent kernel of {f} by {wrt}.", "Tangents stand after active arrays and numbers."),
    "adjoint": ("Adjoint kernel of {f} by {wrt}.",
                "Shadows stand after active arrays; those of numbers are arrays of one element. A shadow holds the "
                "cotangent of what its array holds after the launch, and then the gradient by what it held before; "
                "those of arrays that are only read are added to. The arrays are given as they are before the launch."),
    "trips": ("Counts the rows of the tapes of {f}_adjoint.", "It writes to {written}."),
}
"""What the docstring of a kernel of each kind says."""

LAUNCH = '''def {name}({parameters}):
    """Launch {kernel}: find out what its tapes hold, and make them."""
    {rows} = cuda.to_device(np.zeros({counts}, np.int64))
    {trips}[{blocks}, {threads}]({counted}, {rows})
    {rows} = {rows}.copy_to_host()
    {columns} = int(np.prod({blocks}) * np.prod({threads}))
{tapes}
    {told} = cuda.to_device(np.zeros({counts}, np.int64))
    {kernel}[{blocks}, {threads}]({given}, {tape_names}, {told})
    if {told}.copy_to_host().any():
        raise RuntimeError("{kernel}: more iterations than were counted; the shadows are invalid")'''


def standalone(user: UserFunction, kinds: Iterable[str], argtypes: tuple[object, ...], wrt: tuple[str, ...], *,
               options: Mapping[str, object], strong_zero: bool = True, header: str = "",
               primal: Primal | None = None) -> str:
    """The text of a module with the kernels of some kinds; it imports nothing of ours and is made without a GPU."""
    kernel = prepare_kernel(user, argtypes, wrt)
    wanted = [k for k in MAKE if k in set(kinds)]
    codes = {k: MAKE[k](kernel, strong_zero=strong_zero, options=options) for k in wanted}
    functions = [_documented(f, k, code, user.name, wrt) for k, code in codes.items() for f in code.functions]
    hosts = [_launcher(code, [a.arg for a in code.functions[0].args.args])
             for code in codes.values() if code.trips is not None]
    return module_text(functions, options, header=header, primal=primal, hosts=hosts)


def _documented(f: ast.FunctionDef, kind: str, code: KernelCode, name: str, wrt: tuple[str, ...]) -> ast.FunctionDef:
    kind = "trips" if f.name == code.trips else kind
    written = ", ".join(code.trips_write) or "no array of the author's"
    parts = [t.format(f=name, wrt=", ".join(wrt), written=written) for t in WHAT[kind]]
    if kind != "trips":
        wanted = [*(f"{o} = 1" for o in code.ones), *(f"{o} <= {n}" for o, n in code.limits.extents.items())]
        launch = [f"Launch it with {', '.join(wanted)}."] if wanted else []
        if code.trips is not None:
            launch.append(f"{code.name}_launch makes its tapes and launches it.")
        parts.append(" ".join([*launch, "No two arrays may overlap."]))
    text = "\n\n".join(fill(p, 112) for p in parts) + "\n"
    new = ast.FunctionDef(f.name, f.args, [ast.Expr(ast.Constant(text)), *f.body], f.decorator_list)
    return ast.fix_missing_locations(new)


def _launcher(code: KernelCode, parameters: list[str]) -> str:
    last = [*code.tapes, parameters[-1]]
    given = [p for p in parameters if p not in last]
    names = Names(parameters)
    blocks, threads, rows, columns, told = map(names.fresh, ("blocks", "threads", "rows", "columns", "told"))
    own = [p for p in code.params]
    copies = {p: f"{p}.copy_to_host() if hasattr({p}, 'copy_to_host') else {p}" for p in code.trips_write}
    tapes = "\n".join(f"{t} = cuda.device_array((max(int({rows}[{code.rows[t]}]), 1), {columns}), "
                      f"np.{_dtype(kind)})" for t, kind in code.tapes.items())
    return LAUNCH.format(
        name=f"{code.name}_launch", parameters=", ".join([blocks, threads, *given]), kernel=code.name, rows=rows,
        counts=max(code.rows.values()) + 1, trips=code.trips, blocks=blocks, threads=threads, columns=columns,
        counted=", ".join(f"cuda.to_device(np.copy({copies[p]}))" if p in copies else p for p in own),
        tapes=indent(tapes, "    "), told=told, given=", ".join(given), tape_names=", ".join(code.tapes))


def _dtype(kind: object) -> str:
    name = np.dtype(str(kind)).name
    return "bool_" if name == "bool" else name
