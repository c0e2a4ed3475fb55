"""``explain``: what a gradient keeps and computes again, and which statements carry derivatives."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba.core.compiler_lock import global_compiler_lock

from s2sad.api import modules
from s2sad.api.arguments import WrtLike
from s2sad.api.program import program_of
from s2sad.api.statics import separate
from s2sad.api.structures import flat_arguments
from s2sad.explaining.explained import Counting, explained
from s2sad.explaining.report import Explanation
from s2sad.frontend.layout import Layout
from s2sad.frontend.ruled import settling


def explain(f: Callable[..., object], *args: object, wrt: WrtLike = None, value: bool = False) -> Explanation:
    """Tell how the gradient of a function is made: what is stored, what is computed again, what carries derivatives.

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher, or an object made by :func:`differentiate` or :func:`grad`.
    *args
        Arguments as for the gradient. The function is run once with copies of them, to count iterations.
    wrt : int, str, or tuple of them, optional
        As for :func:`grad`.
    value : bool, optional
        Explain :func:`value_and_grad` rather than :func:`grad`: loops whose result is wanted are fused less often.

    Returns
    -------
    Explanation
        Its text has the function's lines. A line that carries derivatives is marked ``*``. Beside loops stands how
        they are reversed, below lines what is stored there, under which name in the derivative's source, and what is
        computed again. ``bytes`` is what the tapes hold in all, ``plan`` has the facts.

    Raises
    ------
    S2sadError
        Where the function, or this use of it, is not supported.

    Notes
    -----
    Arrays of the function itself, and their shadows, each as large as its array, are not counted.

    Examples
    --------
    >>> import math, s2sad
    >>> def f(x, n):
    ...     for i in range(n):
    ...         x = math.sin(x) * x
    ...     return x
    >>> s2sad.explain(f, 0.5, 100).bytes
    1600
    """
    program = program_of(f)
    program, args = separate(program, program.parameters.in_order(args))
    argtypes = program.types_of(args)
    names = program.wrt(wrt).names
    program.require_differentiable(argtypes, names)
    layout = program.layout(argtypes)
    with global_compiler_lock, settling():
        found = explained(layout.user, layout.types, layout.leaves(names, floating=True), value=value,
                          numba_options=program.options, math=program.math)
    counts = None if found.counting is None else _counted(found.counting, layout, args)
    return found.told(names, counts)


def _counted(source: Counting, layout: Layout, args: tuple[object, ...]) -> tuple[int, ...]:
    run = modules.load(source.source, source.name)[source.name]
    given = (np.copy(a) if isinstance(a, np.ndarray) else a for a in flat_arguments(layout, args))
    return tuple(run(*given))                                   # type: ignore[operator]
