"""What becomes of each function that numba knows by name: has a derivative, is constant, or is refused.

The names are those that numba gives a type. Run as a script, this prints how many there are of each kind.
"""
from __future__ import annotations

import cmath
import linecache
import math
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
from numba.core import types
from numba.core.registry import cpu_target

from s2sad import driver
from s2sad.array_functions import declared
from s2sad.errors import S2sadError
from s2sad.frontend.library import meaning
from s2sad.frontend.source import Library, UserFunction
from s2sad.ir.draws import ARRANGING, NUMPY, PARAMETERS
from s2sad.rules import CONSTANT, lookup
from s2sad.rules.calls import library_rule

SPACES = {"math": math, "cmath": cmath, "np": np, "np.linalg": np.linalg, "np.random": np.random}
X, M = np.array([0.7, 1.3, 2.1, 0.4]), np.array([[0.3, -1.2, 0.8], [1.7, 0.45, -0.9]])

WITHOUT_DERIVATIVE = frozenset("""np.all np.allclose np.any np.argmax np.argmin np.argpartition np.argsort np.argwhere
    np.array_equal np.bartlett np.blackman np.count_nonzero np.digitize np.eye np.flatnonzero np.hamming np.hanning
    np.identity np.indices np.iscomplexobj np.isin np.isrealobj np.isscalar np.nanargmax np.nanargmin np.nonzero
    np.searchsorted np.tri np.tril_indices np.tril_indices_from np.triu_indices np.triu_indices_from np.shape
    np.size np.random.seed""".split())
"""Functions whose values are counts, places or tests, or that have no operand with a derivative."""

MOVING = frozenset({"loc", "scale", "mean", "sigma", "low", "high"})
"""Parameters of distributions that a draw follows."""

SAMPLES = {
    "cmath.polar": "cmath.polar(x[0] + 1j)[0] * x[0]", "math.frexp": "math.frexp(x[0])[0] * x[0]",
    "np.array": "np.array([x[0], x[1]])[0] * x[0]", "np.copy": "np.copy(x)[0] * x[0]",
    "np.divmod": "np.divmod(x, 0.3)[1][0] * x[0]", "np.dot": "np.dot(x, x)", "np.vdot": "np.vdot(x, x)",
    "np.empty": "np.empty(4).size * x[0]", "np.empty_like": "np.empty_like(x).size * x[0]",
    "np.zeros": "np.sum(np.zeros(4) + x)", "np.zeros_like": "np.sum(np.zeros_like(x) + x)",
    "np.ones": "np.sum(np.ones(4) * x)", "np.ones_like": "np.sum(np.ones_like(x) * x)",
    "np.full": "np.sum(np.full(3, x[0]) * x[1])", "np.full_like": "np.sum(np.full_like(x, x[0]) * x)",
    "np.expand_dims": "np.sum(np.expand_dims(x, 1) * x)", "np.fliplr": "np.fliplr(m)[0, 0] * x[0]",
    "np.flipud": "np.flipud(m)[0, 0] * x[0]", "np.moveaxis": "np.moveaxis(m, 0, 1)[0, 0] * x[0]",
    "np.permute_dims": "np.permute_dims(m, (1, 0))[0, 0] * x[0]", "np.transpose": "np.transpose(m)[0, 0] * x[0]",
    "np.ravel": "np.ravel(m)[0] * x[0]", "np.reshape": "np.sum(np.reshape(x, (2, 2)) * x[0])",
    "np.swapaxes": "np.swapaxes(m, 0, 1)[0, 0] * x[0]", "np.shape": "np.shape(x)[0] * x[0]",
    "np.size": "np.size(x) * x[0]",
    "np.random.seed": "x[0] * x[1]", "math.nextafter": "math.nextafter(x[0], 3.0)",
    "np.nextafter": "np.nextafter(x, 3.0)[0]", "np.broadcast_shapes": "np.broadcast_shapes((2, 1), (3,))[0] * x[0]",
    "np.frombuffer": "np.frombuffer(x)[0] * x[0]", "np.isnat": "np.isnat(x)[0] * x[0]",
    "np.kaiser": "np.kaiser(4, x[0])[1]", "np.roots": "np.roots(x)[0].real",
    "np.random.dirichlet": "np.random.dirichlet(x)[0] * x[0]",
    "np.random.multinomial": "np.random.multinomial(3, x)[0] * x[0]",
    "np.dtype": "np.dtype(np.float64).itemsize * x[0]",
    "np.finfo": "np.finfo(np.float64).eps * x[0]", "np.iinfo": "np.iinfo(np.int64).max * x[0]",
    "np.ndindex": "np.sum(np.array([x[i] for i in np.ndindex(4)]))",
    "np.ndenumerate": "np.sum(np.array([v for i, v in np.ndenumerate(x)]))",
    "np.nditer": "np.sum(np.array([v.item() for v in np.nditer(x)]))",
}
"""An expression over a vector and a matrix for each function that is in no table."""


@dataclass(frozen=True)
class Standing:
    """``kind`` is one of :data:`KINDS`: of ``lowered`` functions the compiler itself knows the meaning."""

    kind: str
    detail: str = ""


@cache
def names() -> tuple[str, ...]:
    """The functions and types of `math`, `cmath` and `numpy` that numba has a type for."""
    context = cpu_target.typing_context
    context.refresh()
    found = []
    for space, module in SPACES.items():
        for attr in sorted(dir(module)):
            known = None if attr.startswith("_") else getattr(module, attr, None)
            if callable(known) and not isinstance(known, ModuleType) and context._lookup_global(known) is not None:
                found.append(f"{space}.{attr}")
    return tuple(found)


def of_name(name: str) -> object:
    space, _, attr = name.rpartition(".")
    return getattr(SPACES[space], attr)


@cache
def standing(name: str) -> Standing:
    """What becomes of a function."""
    known = of_name(name)
    if isinstance(known, type) and issubclass(known, np.generic):
        of = np.dtype(known)
        return Standing("rule", "a conversion") if of.kind in "fc" else Standing("constant", "a conversion")
    try:
        found = meaning(known, name)
    except S2sadError:
        return _sampled(name)
    canonical = found.name if isinstance(found, Library) else name
    if canonical in WITHOUT_DERIVATIVE:
        return Standing("constant")
    if declared(canonical) is not None:
        return Standing("program")
    rule = lookup(canonical) or lookup(canonical, on_complex=True)
    if rule is not None:
        return Standing("constant") if rule is CONSTANT else Standing("rule")
    call = library_rule(canonical)
    if call is not None:
        return Standing("constant") if call.constant else Standing("rule", "a tangent and an adjoint")
    short = canonical.removeprefix(NUMPY)
    if canonical.startswith(NUMPY) and (short in PARAMETERS or short in ARRANGING or short in ("rand", "randn")):
        moving = short in ARRANGING or MOVING.intersection(PARAMETERS.get(short, ())) and short not in (
            "gamma", "randint", "rayleigh", "wald")
        return Standing("lowered", "a draw") if moving else Standing("constant", "a draw")
    if canonical == "np.clip":
        return Standing("lowered")
    return _sampled(name)


def function(name: str) -> Callable[..., object]:
    """A function of `x` and `m` that uses the one of this name."""
    text = f"import cmath\nimport math\nimport numpy as np\n\n\ndef f(x, m):\n    return {SAMPLES[name]}\n"
    file = f"<sample of {name}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    space: dict[str, object] = {"__name__": "samples"}
    exec(compile(text, file, "exec"), space)
    return space["f"]  # type: ignore[return-value]


def _sampled(name: str) -> Standing:
    vector, matrix = types.Array(types.float64, 1, "C"), types.Array(types.float64, 2, "C")
    try:
        driver.generate(UserFunction.from_callable(function(name)), "grad", (vector, matrix), ("x",))
    except S2sadError as e:
        return Standing("refused", f"`{e.code}`")
    return Standing("constant" if name in WITHOUT_DERIVATIVE else "lowered")


def counted() -> dict[str, Counter[str]]:
    """How many functions of each module there are of each kind."""
    out: dict[str, Counter[str]] = {space: Counter() for space in SPACES}
    for name in names():
        out[name.rpartition(".")[0]][standing(name).kind] += 1
    return out


KINDS = {"rule": "a rule", "program": "a program", "lowered": "the compiler itself", "constant": "constant",
         "refused": "refused"}


def table() -> str:
    """The counts, and the names of each kind."""
    rows = counted()
    rows["all"] = sum(rows.values(), Counter())
    text = "| | names | " + " | ".join(KINDS.values()) + " |\n" + "|---" * (len(KINDS) + 2) + "|\n"
    for space, of in rows.items():
        label = "all" if space == "all" else f"`{space.replace('np', 'numpy')}`"
        text += f"| {label} | {of.total()} | " + " | ".join(str(of[k]) for k in KINDS) + " |\n"
    for kind, title in KINDS.items():
        found = [n for n in names() if standing(n).kind == kind]
        listed = ", ".join(f"`{n}`" + (f" ({d})" if (d := standing(n).detail) and kind == "refused" else "")
                           for n in found)
        text += f"\n**{title[0].upper() + title[1:]}** ({len(found)}): {listed}\n"
    return text


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    print(table())
