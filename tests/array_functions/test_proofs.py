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
