"""Sparse Jacobians and Hessians: the pattern from index sets, columns without common rows in one direction."""
from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba.np.numpy_support import as_dtype

from s2sad import driver
from s2sad.analysis.fixed_flow import depends_on_values
from s2sad.api.argtypes import fingerprint
from s2sad.api.arguments import Wrt, WrtLike
from s2sad.api.gradient import gradient_of
from s2sad.api.memory import owned, refuse_overlap
from s2sad.api.program import Program, program_of
from s2sad.api.results import leaves, normal
from s2sad.api.specialisation import Specialisation
from s2sad.api.statics import separate
from s2sad.api.structures import flat_arguments
from s2sad.errors import BadCall, S2sadError, UnsupportedFunction
from s2sad.frontend.layout import Layout
from s2sad.ir.types import is_array, is_complex, is_differentiable
from s2sad.operators.patterns import colours_of_columns, rows_of_sets, seed_columns, take_elements

WIDEST = 8


def sparse_jacobian(f: Callable[..., object], wrt: WrtLike = None, sparsity: object = "detect",
                    output: str | None = None) -> SparseJacobian:
    """The Jacobian of a function as a sparse matrix.

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher, or an object made by :func:`differentiate` or :func:`grad`, that returns
        an array or a number.
    wrt : int or str, optional
        The parameter to differentiate by: an array or a number. Default: as for :func:`jacobian`.
    sparsity : "detect" or matrix
        Which elements may not be zero: found out by running the function on sets of indices, or a sparse or dense
        matrix that is true there. A matrix given is compared with a derivative in a random direction when it is first
        used.
    output : str, optional
        The parameter that ``f`` writes its result to, where it does not return it.

    Returns
    -------
    SparseJacobian
        A callable with the parameters of ``f``. It returns a ``scipy.sparse.csr_array`` with a row for each element of
        the output and a column for each of the argument, both in C order.

    Notes
    -----
    Columns without a common row are computed in one direction, several directions at once. Pattern and colouring are
    kept for arguments of the same shapes and integers; a new pattern is compared with a derivative in a random
    direction. Where branches, trip counts or indices depend on floating-point values, another point may have another
    pattern: it is found out anew in each call.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def residual(x):
    ...     r = x ** 2
    ...     r[1:] -= x[:-1]
    ...     return r
    >>> s2sad.sparse_jacobian(residual)(np.array([1.0, 2.0, 3.0])).toarray()
    array([[ 2.,  0.,  0.],
           [-1.,  4.,  0.],
           [ 0., -1.,  6.]])
    """
    return SparseJacobian(program_of(f), wrt, sparsity, output, "sparse_jacobian")


def sparse_hessian(f: Callable[..., object], wrt: WrtLike = None, sparsity: object = "detect") -> SparseJacobian:
    """The Hessian of a function that returns one number, as a sparse matrix: the sparse Jacobian of its gradient.

    Parameters and result are those of :func:`sparse_jacobian`.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def f(x):
    ...     return np.sum(x[1:] * x[:-1] ** 2)
    >>> s2sad.sparse_hessian(f)(np.array([1.0, 2.0, 3.0])).toarray()
    array([[4., 2., 0.],
           [2., 6., 4.],
           [0., 4., 0.]])
    """
    program = program_of(f)
    chosen = _single(program, wrt)
    gradient = gradient_of(program, chosen.names[0], "grad")
    return SparseJacobian(gradient._program, chosen.names[0], sparsity, None, "sparse_hessian")


def _single(program: Program, wrt: WrtLike) -> Wrt:
    chosen = program.wrt(wrt)
    if not chosen.single:
        raise BadCall(f"a sparse matrix of {program.name} is by one argument, not by {', '.join(chosen.names)}",
                      code="S2S043", hint="put the arguments into one array")
    return chosen


@dataclass(frozen=True)
class Pattern:
    """Where a matrix may not be zero, by rows, and the colour of each column."""

    indptr: np.ndarray
    indices: np.ndarray
    colours: np.ndarray

    @property
    def directions(self) -> int:
        return int(self.colours.max(initial=-1)) + 1


class SparseJacobian:
    """What :func:`sparse_jacobian` and :func:`sparse_hessian` return; call it like its function."""

    def __init__(self, of: Program, wrt: WrtLike, sparsity: object, output: str | None, name: str) -> None:
        self._of, self._wrt, self._output = of, _single(of, wrt), output
        if isinstance(sparsity, str) and sparsity != "detect":
            raise BadCall(f"the sparsity is {sparsity!r}", code="S2S043", hint='give "detect" or a matrix')
        self._given = None if isinstance(sparsity, str) else sparsity
        self.__name__ = f"{of.name}_{name}"
        self.__signature__ = of.parameters.signature.replace(return_annotation=inspect.Signature.empty)
        self._plans: dict[object, _Plan] = {}

    def __repr__(self) -> str:
        return f"<{self.__name__} by {', '.join(self._wrt.names)}>"

    def __call__(self, *args: object, **kwargs: object) -> Any:
        plan, flat = self._plan(args, kwargs)
        return plan.matrix(flat)

    def pattern(self, *args: object, **kwargs: object) -> Pattern:
        """Where the matrix for these arguments may not be zero, and the colours of its columns."""
        plan, flat = self._plan(args, kwargs)
        return plan.pattern(flat)

    def _plan(self, args: tuple[object, ...], kwargs: dict[str, object]) -> tuple[_Plan, tuple[object, ...]]:
        of, rest = separate(self._of, self._of.parameters.bind(args, kwargs))
        key = id(of), fingerprint(rest)
        if key not in self._plans:
            layout = of.layout_for(rest, key[1])
            self._plans[key] = _Plan(of, layout, self._wrt.names[0], self._output, self._given)
        plan = self._plans[key]
        of.last_types = plan.layout.argtypes
        flat = flat_arguments(plan.layout, rest)
        refuse_overlap(of.name, plan.layout.user.params, flat, plan.written)
        return plan, flat


class _Plan:
    """All there is for arguments of some types."""

    def __init__(self, of: Program, layout: Layout, wrt: str, output: str | None, given: object) -> None:
        self.of, self.layout, self.given = of, layout, given
        of.require_differentiable(layout.argtypes, (wrt,))
        names = layout.leaves((wrt,), floating=True)
        self.by = layout.positions(names)[0]
        interface = of.interface(layout.argtypes, (wrt,))
        self.written = of.written(layout, interface)
        self.mutated = layout.positions(interface.mutated)
        self.active = layout.positions(interface.active)
        self.into: int | None = None
        if output is not None:
            if output not in layout.names or layout.leaves((output,))[0] not in interface.mutated:
                raise BadCall(f"'{output}' is not an array that {of.name} writes to", code="S2S046",
                              hint="name a parameter that it writes to")
            self.into = layout.positions(layout.leaves((output,)))[0]
            kind = layout.types[self.into]
        else:
            kinds = list(leaves(normal(interface.result)))
            kind = kinds[0] if len(kinds) == 1 else None
        if len(names) != 1 or not is_differentiable(kind) or is_complex(kind) or is_complex(layout.types[self.by]):
            raise BadCall(f"a sparse matrix of {of.name} is of one real array by another", code="S2S043",
                          hint="return one array or number, and name one array or number in wrt; or name the parameter "
                               "written to: output=")
        self.dtype = as_dtype(kind.dtype if is_array(kind) else kind)
        self.names = names
        self.fixed: bool | None = None
        self.known: dict[object, Pattern] = {}
        self.width = 0

    # ------------------------------------------------------------------ patterns

    def pattern(self, flat: tuple[object, ...]) -> Pattern:
        if self.fixed is None:
            analysed = driver.analyse(self.layout.user, self.layout.types, self.names)
            self.fixed = self.given is not None or depends_on_values(analysed.fn) is None
        key = tuple(map(_identity, flat)) if self.given is None else None
        found = self.known.get(key) if self.fixed else None
        if found is None:
            found = self._detected(flat) if self.given is None else self._from_matrix()
            self._compare(found, flat)
            self.known[key] = found
        return found

    def _detected(self, flat: tuple[object, ...]) -> Pattern:
        made = self.of.specialise_leaves("index_sets", self.layout, self.names)
        n = self._columns(flat)
        room = 2 * n + 1000
        while True:
            sets = np.zeros((room, 2), np.int64)
            sets[0, 1] = n
            found = self._run(made, flat, lambda a, _: np.zeros(np.shape(a), np.int64), np.arange(1, n + 1), sets)
            if sets[0, 0] < room:
                break
            room = int(sets[0, 0]) + 1
        tops = np.ascontiguousarray(found, np.int64).ravel()
        indptr, indices = rows_of_sets(tops, sets, n)
        return Pattern(indptr, indices, colours_of_columns(indptr, indices, n))

    def _from_matrix(self) -> Pattern:
        matrix = _scipy().csr_array(self.given, dtype=bool)
        matrix.sum_duplicates()
        indptr, indices = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64)
        return Pattern(indptr, indices, colours_of_columns(indptr, indices, matrix.shape[1]))

    def _compare(self, pattern: Pattern, flat: tuple[object, ...]) -> None:
        """Raise where a pattern does not fit, or lacks an element, as far as a random direction shows it."""
        v = np.random.default_rng(0).normal(size=self._columns(flat))
        made = self.of.specialise_leaves("tangent", self.layout, self.names)
        want = np.ravel(self._run(made, flat, lambda a, t: np.zeros(np.shape(a), t), v)[-1])
        shape = pattern.indptr.size - 1, pattern.colours.size
        if shape != (want.size, v.size):
            raise BadCall(f"the pattern has shape {shape}, the Jacobian {(want.size, v.size)}", code="S2S043",
                          hint="a row for each element of the output, a column for each of the argument")
        found = self._matrix(pattern, flat)
        bound = abs(found) @ abs(v)
        wrong = abs(found @ v - want) > (1e-2 if self.dtype == np.float32 else 1e-6) * bound
        if np.any(wrong & np.isfinite(want) & np.isfinite(bound)):
            if self.given is None:
                raise S2sadError("the pattern that was found lacks elements: a mistake of s2sad; please report it")
            raise BadCall("the pattern lacks elements that are not zero", code="S2S043",
                          hint='give all of them, or sparsity="detect"')

    def _columns(self, flat: tuple[object, ...]) -> int:
        return int(np.size(flat[self.by]))  # type: ignore[arg-type]

    # ------------------------------------------------------------------ elements

    def matrix(self, flat: tuple[object, ...]) -> Any:
        return self._matrix(self.pattern(flat), flat)

    def _matrix(self, pattern: Pattern, flat: tuple[object, ...]) -> Any:
        n, m = self._columns(flat), pattern.indptr.size - 1
        made, width = self._directions(pattern.directions)
        data = np.zeros(pattern.indices.size, self.dtype)
        seeds = np.zeros((n, width))
        for start in range(0, pattern.directions, width):
            seed_columns(seeds, pattern.colours, start)
            lanes = (width,) if made.generated.kind == "vector_tangent" else ()
            found = self._run(made, flat, lambda a, t, lanes=lanes: np.zeros((*np.shape(a), *lanes), t),  # type: ignore[misc]
                              seeds if lanes else seeds[:, 0])[-1]
            take_elements(data, np.reshape(found, (m, width)), pattern.indptr, pattern.indices, pattern.colours, start)
        return _scipy().csr_array((data, pattern.indices, pattern.indptr), shape=(m, n))

    def _directions(self, count: int) -> tuple[Specialisation, int]:
        """The tangent that is used, and its number of directions."""
        self.width = self.width or max(1, min(count, WIDEST))
        if self.width > 1:
            try:
                return self.of.specialise_leaves("vector_tangent", self.layout, self.names,
                                                 width=self.width), self.width
            except UnsupportedFunction as e:
                if e.code != "S2S010":
                    raise
                self.width = 1
        return self.of.specialise_leaves("tangent", self.layout, self.names), 1

    def _run(self, made: Specialisation, flat: tuple[object, ...], zeros: Callable[[Any, Any], np.ndarray],
             seeds: np.ndarray, *first: np.ndarray) -> Any:
        """Call a tangent; the last part of what is given back is the derivative of the output."""
        given: list[object] = list(first)
        moved: dict[int, Any] = {}
        for k, a in enumerate(flat):
            a = owned(a)
            given.append(a)
            if k in self.active:
                t = self.layout.types[k]
                d = zeros(a, as_dtype(t.dtype if is_array(t) else t))
                if k == self.by:
                    d[...] = np.reshape(seeds, d.shape)
                if is_array(t) and t.layout == "F" and d.ndim == t.ndim:
                    d = np.asfortranarray(d)
                moved[k] = d if is_array(t) or d.ndim else d[()]
                given.append(moved[k])
        found = made.entry(*given)
        if self.into is not None:
            return (moved[self.into],) if not first else moved[self.into]
        return found


def _identity(a: object) -> object:
    """What of an argument a pattern may depend on: shapes and integers."""
    if isinstance(a, np.ndarray):
        return a.shape, None if a.dtype.kind in "fc" else a.tobytes()
    return None if isinstance(a, float | complex | np.floating | np.complexfloating) else a


def _scipy() -> Any:
    try:
        import scipy.sparse
    except ImportError:
        raise BadCall("sparse matrices need SciPy, which is not installed", code="S2S040",
                      hint="install it: `pip install scipy`") from None
    return scipy.sparse
