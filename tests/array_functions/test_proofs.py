"""Every array function: its value by NumPy, its derivative by differences of NumPy, both modes against one another."""
import importlib
import pkgutil
from pathlib import Path

import numpy as np
import pytest

from s2sad.array_functions import table
from s2sad.numeric.complex_copy import complex_copy
from tests.array_functions.proofs import PROOFS
from tests.execution import copied, execute, generate, tangent_arguments
from tests.fuzz.program import define

for _found in pkgutil.iter_modules([str(Path(__file__).parent)]):
    if _found.name.startswith("proofs_"):
        importlib.import_module(f"tests.array_functions.{_found.name}")


def test_every_function_has_a_proof():
    assert set(table()) - {n for p in PROOFS.values() for n in p.names} == set()


def close(got, want, tolerance):
    error = np.abs(np.asarray(got) - want)
    scale = np.max(np.abs(want), initial=0.0, where=np.isfinite(want))
    both = np.isnan(got) & np.isnan(want)
    return np.shape(got) == np.shape(want) and bool(np.all((error <= tolerance * (1.0 + scale)) | both))


def strided(a):
    """The same elements in memory that is not contiguous."""
    if not isinstance(a, np.ndarray) or a.ndim == 0:
        return a
    wide = np.full((*a.shape[:-1], 2 * a.shape[-1]), 7, a.dtype)
    wide[..., ::2] = a
    return wide[..., ::2]


def moved(args, places, directions, h):
    out = copied(args)
    for k, d in zip(places, directions):
        out[k] = out[k] + h * d
    return out


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("name", PROOFS)
def test_proof(name):
    p = PROOFS[name]
    rng = np.random.default_rng(len(name))
    params = p.program.__code__.co_varnames[:p.program.__code__.co_argcount]
    places = [params.index(x) for x in p.wrt]
    want = p.program(*copied(p.args))
    assert isinstance(want, (float, np.floating, np.ndarray))
    directions = [rng.normal(size=np.shape(p.args[k])) for k in places]
    seed = rng.normal(size=np.shape(want))[()]

    generated = generate(p.program, p.args, "vjp", p.wrt)
    forward, reverse = (execute(generated)[entry] for entry in generated.entries)
    value, saved = forward(*copied(p.args))
    assert close(value, want, 1e-13), (value, want)
    assert np.asarray(value).dtype == np.asarray(want).dtype
    gradient = reverse(saved, (seed,))
    for k, g in zip(places, gradient):
        assert np.shape(g) == np.shape(p.args[k])
        assert np.asarray(g).dtype == np.asarray(p.args[k]).dtype
    for layout in (np.asfortranarray, strided):
        args = [layout(a) if isinstance(a, np.ndarray) else a for a in p.args]
        again, saved = forward(*args)
        assert close(again, want, 1e-13)
        assert all(close(g, h, 1e-12) for g, h in zip(reverse(saved, (seed,)), gradient))

    tangent = generate(p.program, p.args, "tangent", p.wrt)
    value, slope = execute(tangent)[tangent.name](*tangent_arguments(tangent, p.args, dict(zip(p.wrt, directions))))
    assert close(value, want, 1e-13)
    along = sum(np.sum(d * np.where(np.isnan(g), 0.0, g)) for d, g in zip(directions, gradient))
    finite = np.where(np.isnan(slope), 0.0, slope)
    assert close(np.sum(finite * np.where(np.isnan(slope), 0.0, seed)), along, 1e-11) or np.isnan(want).any()

    if not np.isnan(want).any() and not any(np.isnan(a).any() for a in p.args if isinstance(a, np.ndarray)):
        exact = np.imag(complex_copy(p.program)(*moved(p.args, places, directions, 1e-60j))) / 1e-60
        assert close(slope, exact, 1e-11), (slope, exact)

    def difference(h):
        ahead, behind = (p.program(*moved(p.args, places, directions, x)) for x in (h, -h))
        return (ahead - behind) / (2.0 * h)

    h = 2e-4
    expected = (4.0 * difference(h) - difference(2.0 * h)) / 3.0
    assert close(np.where(np.isnan(expected), np.nan, slope), expected, 2e-8), (slope, expected)


def adjoint_of(p, args, seed, made):
    """The gradients of all that ``p`` differentiates by, of arrays and of numbers, from its adjoint."""
    params = p.program.__code__.co_varnames[:p.program.__code__.co_argcount]
    given, shadows = [], {}
    for name, a in zip(params, copied(args)):
        given.append(a)
        if name in p.wrt and isinstance(a, np.ndarray):
            shadows[name] = np.zeros_like(a)
            given.append(shadows[name])
    returned = execute(made)[made.name](*given, seed)
    numbers = iter(returned if isinstance(returned, tuple) else (returned,))
    return [shadows[name] if name in shadows else next(numbers) for name in p.wrt]


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("name", [n for n in sorted(PROOFS)[::8] if n != "of_a_kind"])
def test_single_precision(name):
    p = PROOFS[name]
    params = p.program.__code__.co_varnames[:p.program.__code__.co_argcount]
    found = []
    for kind in (np.float32, np.float64):
        args = [a.astype(kind) if isinstance(a, np.ndarray) and a.dtype == np.float64 else a for a in copied(p.args)]
        want = p.program(*copied(args))
        seed = np.cos(np.arange(np.size(want))).reshape(np.shape(want)).astype(np.asarray(want).dtype)[()]
        found.append(adjoint_of(p, args, seed, generate(p.program, args, "adjoint", p.wrt)))
    for x, single, double in zip(p.wrt, *found):
        a = p.args[params.index(x)]
        assert not isinstance(a, np.ndarray) or single.dtype == np.float32
        assert close(single, double, 2e-4)


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("name", sorted(PROOFS)[3::14])
def test_second_order(name):
    """The tangent of the adjoint, by differences of the adjoint."""
    p = PROOFS[name]
    params = p.program.__code__.co_varnames[:p.program.__code__.co_argcount]
    rng = np.random.default_rng(len(name))
    want = p.program(*copied(p.args))
    seed = rng.normal(size=np.shape(want))[()]
    made = generate(p.program, p.args, "adjoint", p.wrt)
    adjoint = define(made.source, made.name)
    args = [x for q, a in zip(params, copied(p.args))
            for x in ([a, np.zeros_like(a)] if q in p.wrt and isinstance(a, np.ndarray) else [a])] + [seed]
    names = adjoint.__code__.co_varnames[:adjoint.__code__.co_argcount]
    floating = tuple(n for n, a in zip(names, args) if np.asarray(a).dtype == np.float64)
    moves = {q: rng.normal(size=np.shape(a))[()] for q, a in zip(params, p.args) if q in p.wrt}
    twice = generate(adjoint, args, "tangent", floating)
    given = tangent_arguments(twice, args, moves)
    returned = execute(twice)[twice.name](*given)
    numbers = iter(np.atleast_1d(returned[1])) if any(not isinstance(moves[q], np.ndarray) for q in p.wrt) else iter(())
    slots = [n for n in twice.interface.params for _ in range(1 + (n in twice.interface.active))]
    found = [given[slots.index(names[names.index(q) + 1]) + 1] if isinstance(moves[q], np.ndarray) else next(numbers)
             for q in p.wrt]

    def at(t):
        moved = [a + t * moves[q] if q in moves else a for q, a in zip(params, copied(p.args))]
        return adjoint_of(p, moved, seed, made)

    h = 1e-4
    for got, a, b, c, d in zip(found, at(h), at(-h), at(2.0 * h), at(-2.0 * h)):
        expected = (8.0 * (np.asarray(a) - b) - (np.asarray(c) - d)) / (12.0 * h)
        assert close(got, expected, 1e-7), (got, expected)
