"""Names of changing shape beyond first derivatives of results: second order, and what a shape may not do."""
import importlib.util

import numpy as np
import pytest

import s2sad
from tests.derivatives import programs_shapes
from tests.derivatives.programs_shapes import B, N, X, Z
from tests.execution import copied, execute, generate, tangent_arguments


@pytest.mark.parametrize("name, args", [("pyramid", (X,)), ("matrix_grows", (X,)), ("every_second", (Z,)),
                                        ("shrinks_in_a_branch", (X, 3)), ("one_path_empty", (X, 1)),
                                        ("swapped_and_shrunk", (X, 3))], ids=lambda a: a if isinstance(a, str) else "")
def test_the_gradient_is_a_program_again(name, args, tmp_path):
    """The tangent of the gradient, from its source, against differences of the gradient."""
    first = generate(getattr(programs_shapes, name), args, "grad", ("x",))
    path = tmp_path / f"gradient_of_{name}.py"
    path.write_text(first.source)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    second = generate(getattr(module, first.name), args, "tangent", ("x",))
    d = np.cos(np.arange(1.0, 1.0 + len(args[0])))
    _, product = execute(second)[second.name](*tangent_arguments(second, args, {"x": d}))
    h = 1e-5
    gradient = execute(first)[first.name]
    want = (gradient(args[0] + h * d, *args[1:]) - gradient(args[0] - h * d, *args[1:])) / (2 * h)
    np.testing.assert_allclose(product, want, rtol=1e-6, atol=1e-7)


def test_compiled_second_order():
    gradient = s2sad.grad(programs_shapes.pyramid)
    d = np.cos(X)
    _, product = s2sad.jvp(gradient, (X.copy(),), (d,))
    h = 1e-5
    np.testing.assert_allclose(product, (gradient(X + h * d) - gradient(X - h * d)) / (2 * h), rtol=1e-6, atol=1e-7)


def test_the_size_is_an_integer_and_there_are_no_references():
    source = generate(programs_shapes.pyramid, (X,), "grad", ("x",)).source
    assert "which_" not in source and "n_a = " in source


def result_of_another_size(x, n):
    v = np.zeros(1) * x[0]
    for t in range(n):
        w = np.empty(len(v) + 2)
        w[1:-1] = v
        w[0] = x[t]
        w[-1] = v[0] * x[t + 1]
        v = w
    return v


@pytest.mark.parametrize("n", [0, 2])
def test_an_array_of_changing_size_is_a_result(n):
    f = result_of_another_size
    generated = generate(f, (X, n), "vjp", ("x",))
    forward, reverse = (execute(generated)[entry] for entry in generated.entries)
    value, saved = forward(*copied((X, n)))
    np.testing.assert_array_equal(value, f(X.copy(), n))
    weights = np.arange(1.0, 1.0 + len(value))
    got = reverse(saved, (weights,))[0]
    h = 1e-6
    want = [(weights @ f(X + h * e, n) - weights @ f(X - h * e, n)) / (2 * h) for e in np.eye(len(X))]
    np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-8)


def stretched(x, v, n):
    for _ in range(n):
        x = x + v
    return np.sum(x * x)


def mapped(x, A, n):
    y = x
    for _ in range(n):
        y = A @ y
    return np.sum(y * y)


@pytest.mark.parametrize("f, args, line", [(stretched, (np.ones(1), N, 2), 2), (mapped, (N, B[:, :3].copy(), 1), 3)])
def test_what_is_taken_to_keep_its_shape_is_an_error_that_names_the_line(f, args, line):
    generated = generate(f, args, "grad", ("x",))
    with pytest.raises(ValueError, match=f"line {f.__code__.co_firstlineno + line}: .* changes its shape"):
        execute(generated)[generated.name](*copied(args))
