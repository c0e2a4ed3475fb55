"""Every program of ``programs*.py``: both modes, against differences or complex step of the program itself."""
import importlib
import pkgutil
from pathlib import Path

import numpy as np
import pytest

import s2sad
import tests.derivatives.programs_draws  # noqa: F401  # adds its cases
import tests.derivatives.programs_functions  # noqa: F401  (adds its cases)
import tests.derivatives.programs_syntax  # noqa: F401  (adds its cases)
from s2sad import numeric
from tests.derivatives.programs import CASES
from tests.execution import copied, execute, generate, tangent_arguments

COMPILED = ["power_by_loop", "power_by_while", "halving", "leaves_by_count", "leaves_by_value", "skips",
            "fibonacci_like", "returns_early", "triangle", "strides_down", "both_operands", "argument_squared_in_place",
            "prefix_products", "view_written", "scatter", "swapped_arguments", "rows_and_columns", "products_in_a_loop",
            "newton", "draws_of_every_form", "draws_decide_a_while", "located_and_scaled", "shuffled_while_active",
            "chosen", "metropolis", "linked_selection", "row_or_vector", "rotation_with_a_view_alive",
            "row_of_the_iteration_before", "written_then_bound_anew", "leap_fresh", "through_helper"]
BOTH_WAYS = frozenset(COMPILED)

# Modules beside this one add their cases when they are imported, and name those to compile.
for _found in pkgutil.iter_modules([str(Path(__file__).parent)]):
    if _found.name.startswith("programs_"):
        COMPILED += getattr(importlib.import_module(f"tests.derivatives.{_found.name}"), "COMPILED", [])


def as_tuple(value, wrt):
    return value if len(wrt) > 1 else (value,)


def parameters(f):
    return f.__code__.co_varnames[:f.__code__.co_argcount]


def close(got, want, tolerance):
    error = np.max(np.abs(np.asarray(got) - want), initial=0.0)
    return not not error <= tolerance * (1.0 + np.max(np.abs(want), initial=0.0))


@pytest.fixture(scope="module")
def reference():
    known = {}

    def of(name):
        if name not in known:
            f, args, wrt = CASES[name]
            known[name] = as_tuple(numeric.gradient(f, copied(args), wrt=wrt if len(wrt) > 1 else wrt[0]).value, wrt)
        return known[name]

    return of


@pytest.mark.parametrize("name", CASES)
def test_reverse(name, reference):
    f, args, wrt = CASES[name]
    generated = generate(f, args, "value_and_grad", wrt)
    arguments = copied(args)
    value, gradient = execute(generated)[generated.name](*arguments)
    assert value == pytest.approx(f(*copied(args)), rel=1e-13, abs=1e-13)
    for before, after in zip(args, arguments):
        assert np.array_equal(before, after), "the caller's arrays are untouched"
    for got, want in zip(as_tuple(gradient, wrt), reference(name)):
        assert np.shape(got) == np.shape(want)
        assert close(got, want, 1e-8), (got, want)


@pytest.mark.parametrize("name", CASES)
def test_forward_agrees_with_reverse(name):
    f, args, wrt = CASES[name]
    rng = np.random.default_rng(7)
    places = [parameters(f).index(w) for w in wrt]
    tangents = {w: rng.normal(size=np.shape(args[k]))[()] for w, k in zip(wrt, places)}
    forward = generate(f, args, "tangent", wrt)
    value, d_value = execute(forward)[forward.name](*tangent_arguments(forward, args, tangents))
    backward = generate(f, args, "grad", wrt)
    gradient = as_tuple(execute(backward)[backward.name](*copied(args)), wrt)
    want = sum(np.sum(tangents[w] * g) for w, g in zip(wrt, gradient))
    assert value == pytest.approx(f(*copied(args)), rel=1e-13, abs=1e-13)
    assert close(d_value, want, 1e-12), (d_value, want)


@pytest.mark.parametrize("name", CASES)
def test_pullback_is_repeatable(name, reference):
    f, args, wrt = CASES[name]
    generated = generate(f, args, "vjp", wrt)
    forward, reverse = (execute(generated)[entry] for entry in generated.entries)
    arguments = copied(args)
    _, saved = forward(*arguments)
    for a in arguments:
        if isinstance(a, np.ndarray):
            a[...] = np.nan if a.dtype.kind in "fc" else 0
    first, second, doubled = reverse(saved, (1.0,)), reverse(saved, (1.0,)), reverse(saved, (2.0,))
    for got, again, twice, want in zip(first, second, doubled, reference(name)):
        assert close(got, want, 1e-8), (got, want)
        assert np.array_equal(got, again)
        assert close(twice, 2.0 * np.asarray(want), 1e-8)


@pytest.mark.parametrize("name", COMPILED)
def test_compiled(name, reference):
    f, args, wrt = CASES[name]
    value, gradient = s2sad.value_and_grad(f, wrt=wrt)(*copied(args))
    assert value == pytest.approx(f(*copied(args)), rel=1e-13, abs=1e-13)
    for got, right in zip(gradient, reference(name)):
        assert close(got, right, 1e-8), (got, right)
    if name not in BOTH_WAYS:
        return
    rng = np.random.default_rng(3)
    tangents = [rng.normal(size=np.shape(a)) if p in wrt and isinstance(a, np.ndarray) else 0.3 if p in wrt else None
                for p, a in zip(parameters(f), args)]
    _, d_value = s2sad.jvp(f, tuple(copied(args)), tuple(tangents))
    want = sum(np.sum(np.asarray(tangents[parameters(f).index(w)]) * got) for w, got in zip(wrt, gradient))
    assert close(d_value, want, 1e-12), (d_value, want)


@pytest.mark.parametrize("name", CASES)
def test_each_float_parameter_alone(name):
    """Other activities than the case's own: by one parameter at a time, forward against reverse."""
    f, args, _ = CASES[name]
    for k, p in enumerate(parameters(f)):
        a = args[k] if k < len(args) else None
        if not (isinstance(a, float) or isinstance(a, np.ndarray) and a.dtype == np.float64):
            continue
        direction = np.cos(np.arange(1.0, 1.0 + np.size(a))).reshape(np.shape(a)) if isinstance(a, np.ndarray) else 1.0
        forward = generate(f, args, "tangent", (p,))
        _, d_value = execute(forward)[forward.name](*tangent_arguments(forward, args, {p: direction}))
        backward = generate(f, args, "grad", (p,))
        gradient = execute(backward)[backward.name](*copied(args))
        assert close(d_value, np.sum(direction * gradient), 1e-12), p
