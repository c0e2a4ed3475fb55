"""Linear algebra against differences of the programs themselves, forward mode against reverse mode."""
from pathlib import Path

import numba
import numpy as np
import pytest

import s2sad
from s2sad import numeric
from s2sad.api.modules import load
from s2sad.errors import S2sadError
from s2sad.rules.calls import library_rules
from tests.execution import copied, execute, generate, tangent_arguments
from tests.rules import linear_algebra as programs
from tests.rules.linear_algebra import CASES, DIFFERENTIATED, SPD, A, B


def parameters(f):
    return f.__code__.co_varnames[:f.__code__.co_argcount]


def independent(name):
    f, args = CASES[name]
    floating = (p for p, a in zip(parameters(f), args) if isinstance(a, (float, np.ndarray)))
    return DIFFERENTIATED.get(name) or tuple(floating)


MADE = {}


def made(f, args, kind, wrt):
    """The generated module and its functions, made once."""
    key = f, tuple(numba.typeof(a) for a in args), kind, wrt
    if key not in MADE:
        generated = generate(f, args, kind, wrt)
        MADE[key] = generated, execute(generated)
    return MADE[key]


def gradient(f, args, wrt):
    generated, space = made(f, args, "grad", wrt)
    given = copied(args)
    found = space[generated.name](*given)
    assert all(np.array_equal(a, b) for a, b in zip(given, args)), "the caller's arrays are untouched"
    return found if len(wrt) > 1 else (found,)


def tangent(f, args, tangents):
    generated, space = made(f, args, "tangent", tuple(tangents))
    return space[generated.name](*tangent_arguments(generated, args, tangents))


def close(got, want, tolerance):
    error = np.max(np.abs(np.asarray(got) - want), initial=0.0)
    return not not error <= tolerance * (1.0 + np.max(np.abs(want), initial=0.0))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CASES)
def test_both_modes(name):
    f, args = CASES[name]
    wrt = independent(name)
    found = gradient(f, args, wrt)
    want = numeric.gradient(f, copied(args), wrt=wrt if len(wrt) > 1 else wrt[0]).value
    for p, got, right in zip(wrt, found, want if len(wrt) > 1 else (want,)):
        a = args[parameters(f).index(p)]
        assert np.shape(got) == np.shape(a) and np.asarray(got).dtype == np.asarray(a).dtype
        assert close(got, right, 1e-8), (p, got, right)
    rng = np.random.default_rng(7)
    tangents = {p: rng.normal(size=np.shape(args[parameters(f).index(p)]))[()] for p in wrt}
    value, d_value = tangent(f, args, tangents)
    assert value == pytest.approx(f(*copied(args)), rel=1e-13)
    assert close(d_value, sum(np.sum(tangents[p] * g) for p, g in zip(wrt, found)), 1e-11)


@pytest.mark.parametrize("name", ["solve", "in_branches", "time_loop"])
def test_one_argument_alone(name):
    f, args = CASES[name]
    together = gradient(f, args, independent(name))
    for p, want in zip(independent(name), together):
        assert np.allclose(gradient(f, args, (p,))[0], want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["time_loop", "factors_in_a_loop", "svd"])
def test_pullback_is_repeatable(name):
    f, args = CASES[name]
    wrt = independent(name)
    generated = generate(f, args, "vjp", wrt)
    forward, reverse = (execute(generated)[e] for e in generated.entries)
    given = copied(args)
    _, saved = forward(*given)
    for a in given:
        if isinstance(a, np.ndarray):
            a[...] = np.nan
    first, again, twice = reverse(saved, (1.0,)), reverse(saved, (1.0,)), reverse(saved, (2.0,))
    for a, b, c, want in zip(first, again, twice, gradient(f, args, wrt)):
        assert np.array_equal(a, b) and np.allclose(c, 2.0 * a, rtol=1e-13) and np.allclose(a, want, rtol=1e-12)


# ---------------------------------------------------------------------------- single precision and complex numbers

@pytest.mark.parametrize("name", ["solve", "inv", "det", "cholesky", "qr", "eigh", "svd", "pinv", "norm", "cube"])
def test_single_precision(name):
    f, args = CASES[name]
    wrt = independent(name)
    single = [a.astype(np.float32) for a in args]
    for got, want in zip(gradient(f, single, wrt), gradient(f, args, wrt)):
        assert got.dtype == np.float32 and close(got, want, 2e-3)


Z = A + 1j * np.random.default_rng(5).normal(size=(3, 3))
ZB = B + 1j * np.cos(B)
HERMITIAN = Z @ np.conj(Z.T) + np.eye(3)


def of_complex(x):
    """A real number that does not depend on the phases of columns."""
    s = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            s += np.real(x[i, j] * np.conj(x[i, j])) * np.sin(1.0 + i + 2.0 * j)
    return s


def general(x):
    s = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            s += np.real(x[i, j] * (np.sin(1.0 + i + 2.0 * j) + 0.4j * (i + 1.0)))
    return s


def complex_solve(a, b):
    x = np.linalg.solve(a, b)
    return np.real(x[0]) + 2.0 * np.imag(x[1]) + np.real(x[2] * x[2])


def complex_inv(a):
    return general(np.linalg.inv(a))


def complex_det(a):
    d = np.linalg.det(a)
    return np.real(d) + 2.0 * np.imag(d)


def complex_slogdet(a):
    sign, log = np.linalg.slogdet(a)
    return np.real(sign) + 2.0 * np.imag(sign) + log * log


def complex_cholesky(a):
    return general(np.linalg.cholesky(a))


def complex_qr(a):
    q, r = np.linalg.qr(a)
    return general(q) + general(r)


def complex_eigh(a):
    w, v = np.linalg.eigh(a)
    return w[0] * w[0] + 3.0 * w[1] + of_complex(v)


def complex_eig(a):
    w, v = np.linalg.eig(a)
    return np.real(w[0] * w[0]) + 3.0 * np.imag(w[1]) + of_complex(v)


def complex_svd(a):
    u, s, vh = np.linalg.svd(a, False)
    return s[0] * s[0] + 3.0 * s[1] + of_complex(u) + of_complex(vh) + general(np.dot(u, vh))


def complex_pinv(a):
    return general(np.linalg.pinv(a))


def complex_norms(a):
    return np.linalg.norm(a) + 2.0 * np.linalg.norm(a, 1) + np.linalg.norm(a, 2)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("f, args", [
    (complex_solve, (Z, ZB)), (complex_inv, (Z,)), (complex_det, (Z,)), (complex_slogdet, (Z,)),
    (complex_cholesky, (HERMITIAN,)), (complex_qr, (Z,)), (complex_qr, (Z[:, :2].copy(),)),
    (complex_eigh, (HERMITIAN,)), (complex_eig, (Z,)), (complex_svd, (Z,)), (complex_svd, (Z[:, :2].copy(),)),
    (complex_pinv, (Z[:, :2].copy(),)), (complex_norms, (Z,))], ids=lambda x: getattr(x, "__name__", ""))
def test_complex(f, args):
    wrt = parameters(f)
    found = gradient(f, args, wrt)
    rng = np.random.default_rng(3)
    for _ in range(2):
        moves = {p: rng.normal(size=a.shape) + 1j * rng.normal(size=a.shape) for p, a in zip(wrt, args)}

        def at(t):
            return f(*(a + t * moves[p] for p, a in zip(wrt, args)))  # noqa: B023

        h = 1e-4
        want = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h)
        reverse = sum(np.sum(np.real(np.conj(g) * moves[p])) for p, g in zip(wrt, found))
        assert close(reverse, want, 1e-8), (reverse, want)
        _, forward = tangent(f, args, moves)
        assert close(forward, reverse, 1e-11)


def phase_of_an_eigenvector(a):
    w, v = np.linalg.eigh(a)
    return np.real(v[1, 0])


def test_what_depends_on_a_phase_is_nan():
    assert np.isnan(gradient(phase_of_an_eigenvector, (HERMITIAN,), ("a",))[0][np.tril_indices(3)]).all()


# ---------------------------------------------------------------------------- equal eigenvalues, singular matrices

EQUAL = np.diag([2.0, 2.0, 5.0])


def sum_of_squares(a):
    return np.sum(np.linalg.eigvalsh(a) ** 2)


def sum_of_squares_with_vectors(a):
    w, v = np.linalg.eigh(a)
    return np.sum(w ** 2)


def nuclear(a):
    u, s, vh = np.linalg.svd(a)
    return np.sum(s)


def first_vector(a):
    w, v = np.linalg.eigh(a)
    return v[1, 0]


def tall_with_all_vectors(a):
    u, s, vh = np.linalg.svd(a)
    return u[0, 3] + s[0]


def test_symmetric_functions_of_equal_eigenvalues():
    rng = np.random.default_rng(2)
    q = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    for a in (EQUAL, q @ EQUAL @ q.T, np.eye(3)):
        # of the lower triangle: elements beside the diagonal count twice
        want = 2.0 * (np.tril(a) + np.tril(a, -1))
        for f in (sum_of_squares, sum_of_squares_with_vectors):
            assert np.allclose(gradient(f, (a,), ("a",))[0], want, atol=1e-12)
            d = rng.normal(size=(3, 3))
            assert tangent(f, (a,), {"a": d})[1] == pytest.approx(np.sum(want * d), rel=1e-12)
    assert np.allclose(gradient(nuclear, (q,), ("a",))[0], q, atol=1e-13)


def test_vectors_of_equal_eigenvalues_are_nan():
    assert np.isnan(gradient(first_vector, (EQUAL,), ("a",))[0]).any()
    assert np.isnan(tangent(first_vector, (EQUAL,), {"a": A})[1])
    assert np.isnan(gradient(tall_with_all_vectors, (programs.TALL,), ("a",))[0]).all()


def test_singular_determinants():
    for a, want in ((np.zeros((2, 2)), np.zeros((2, 2))), (np.diag([0.0, 3.0]), np.diag([3.0, 0.0])),
                    (np.array([[1.0, 2.0], [2.0, 4.0]]), np.array([[4.0, -2.0], [-2.0, 1.0]]))):
        assert np.allclose(gradient(np_det, (a,), ("a",))[0], want, atol=1e-14)
        assert tangent(np_det, (a,), {"a": np.ones((2, 2))})[1] == pytest.approx(np.sum(want))


def np_det(a):
    return np.linalg.det(a)


def test_no_rows():
    assert gradient(np_det, (np.zeros((0, 0)),), ("a",))[0].shape == (0, 0)


def test_conventions_of_norms():
    assert np.array_equal(gradient(programs.norm, (np.zeros(3),), ("x",))[0], np.zeros(3))
    tied = gradient(programs.norm_inf, (np.array([2.0, -2.0, 1.0]),), ("x",))[0]
    assert np.allclose(tied, [2.0, -2.0, 0.0])


# ---------------------------------------------------------------------------- second derivatives

@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["solve", "inv", "det", "cholesky", "qr", "eigh", "svd", "norm", "pinv", "slogdet"])
def test_forward_over_reverse(name):
    f, args = CASES[name]
    wrt = independent(name)
    space = load(generate(f, args, "grad", wrt[:1], jit=False).source, f"{f.__name__}_gradient")
    first = space[f"{f.__name__}_grad"]
    rng = np.random.default_rng(11)
    d = rng.normal(size=args[0].shape)
    _, got = tangent(first, args, {wrt[0]: d})

    def at(t):
        return first(args[0] + t * d, *args[1:])

    h = 1e-4
    want = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h)
    assert close(got, want, 1e-7), (got, want)


# ---------------------------------------------------------------------------- compiled, and refused

@pytest.mark.parametrize("name", ["slogdet"])
def test_compiled(name):
    f, args = CASES[name]
    wrt = independent(name)
    value, found = s2sad.value_and_grad(f, wrt=wrt)(*copied(args))
    assert value == pytest.approx(f(*copied(args)), rel=1e-12)
    for got, want in zip(found if len(wrt) > 1 else (found,), gradient(f, args, wrt)):
        assert np.allclose(got, want, rtol=1e-10, atol=1e-10)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name, dtype", [
    ("inv", np.complex128), ("cholesky", np.float32), ("slogdet", np.complex64), ("det", np.float32),
    ("eigh", np.complex64), ("eigvalsh", np.complex128), ("eig", np.complex128), ("eigvals", np.float64),
    ("svd", np.complex64), ("pinv", np.float64), ("qr", np.float64), ("norm", np.float32), ("cond", np.complex64)])
def test_declared_types_are_those_of_numba(name, dtype):
    given = numba.typeof(SPD.astype(dtype))
    declared = library_rules()[f"np.linalg.{name}"].types(given)
    compiled = numba.njit([(given,)])(eval(f"lambda a: np.linalg.{name}(a)", {"np": np}))
    found = compiled.nopython_signatures[0].return_type
    assert declared is None or declared == found, (declared, found)


def sizes_change(a, n):
    s = 0.0
    for k in range(1, n):
        s += np.linalg.inv(a[:k, :k])[0, 0]
    return s


def full_in_a_loop(a, n):
    s = 0.0
    for _ in range(n):
        s += np.linalg.svd(a)[0][0, 0]
    return s


@pytest.mark.parametrize("f", [sizes_change, full_in_a_loop])
def test_arrays_of_unknown_size_in_a_loop_are_refused(f):
    with pytest.raises(S2sadError) as e:
        generate(f, (SPD, 3), "grad", ("a",))
    assert e.value.code == "S2S018" and e.value.loc is not None and e.value.hint


def test_every_function_is_tested():
    text = "".join(p.read_text() for p in Path(__file__).parent.glob("*linear_algebra.py"))
    ours = [n for n, r in library_rules().items() if not r.by_user]
    assert len(ours) >= 18
    for name in ours:
        assert f"{name}(" in text, name
