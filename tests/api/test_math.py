"""The option ``math``: which elementary functions derivatives use, and that they are right with either."""
from __future__ import annotations

import ast
import math

import numpy as np
import pytest

import s2sad
from s2sad import numeric
from s2sad.cli.command import main
from tests.execution import execute, generate

X = np.array([0.4, -1.3, 2.2, 0.1])


def curved(x, a):
    y = np.exp(a * np.tanh(x)) + np.log1p(x * x)
    s = 0.0
    for i in range(y.shape[0]):
        s += math.log(y[i]) * math.erf(x[i]) + math.expm1(a * x[i])
    return s


def helper(x):
    return math.exp(-x * x)


def with_helper(x, n):
    for _ in range(n):
        x = helper(x) + 0.5 * x
    return x


def recursive(x, n):
    if n == 0:
        return math.exp(x)
    return x * recursive(math.tanh(x), n - 1)


def mixed(x, n):
    return math.exp(x) + math.exp(n) * x + np.exp(2.0)


def power(x, y):
    return x ** y * math.exp(x) + x ** 3 + x ** 1.5 + math.pow(x, y + 1.0) + 2.0 ** y


def of_complex(x):
    z = np.exp(complex(x, 2.0 * x))
    return z.real * math.exp(x)


CASES = [(curved, (X, 0.7), ("x", "a")), (with_helper, (0.3, 4), ("x",)), (recursive, (0.7, 3), ("x",)),
         (mixed, (0.4, 2), ("x",)), (power, (0.4, 1.3), ("x", "y")), (of_complex, (0.3,), ("x",))]


def of(kind, args):
    return tuple(a.astype(kind) if isinstance(a, np.ndarray) else kind(a) if isinstance(a, float) else a for a in args)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("f, args, wrt", CASES, ids=lambda c: getattr(c, "__name__", ""))
def test_gradients(f, args, wrt, kind):
    found = []
    for choice in ("libm", "vector"):
        made = generate(f, of(kind, args), "value_and_grad", wrt, math=choice)
        assert ("vector_exp(" in made.source) is (choice == "vector")
        assert "s2sad" not in made.source
        value, gradient = execute(made)[made.name](*of(kind, args))
        found.append((value, *(gradient if len(wrt) > 1 else (gradient,))))
    want = numeric.gradient(f, args, wrt=wrt).value
    for libm, vector, right in zip(*found, (f(*args), *(want if len(wrt) > 1 else (want,))), strict=True):
        np.testing.assert_allclose(vector, libm, rtol=1e-13 if kind is np.float64 else 1e-5)
        np.testing.assert_allclose(vector, right, rtol=1e-9 if kind is np.float64 else 1e-4)


@pytest.mark.parametrize("kind", ["tangent", "vjp", "jacfwd", "vector_tangent"])
def test_kinds(kind):
    made = generate(curved, (X, 0.7), kind, ("x", "a"), math="vector")
    called = {n.attr for n in ast.walk(ast.parse(made.source)) if isinstance(n, ast.Attribute)}
    assert "vector_exp(" in made.source and not called & {"exp", "log", "log1p", "tanh", "erf", "expm1"}


def test_gradients_of_gradients():
    inner = generate(with_helper, (0.3, 2), "grad", ("x",), math="vector")
    assert "vector_exp(" in inner.source
    found = s2sad.grad(s2sad.grad(with_helper, math="vector"))(0.3, 2)
    assert found == pytest.approx(s2sad.grad(s2sad.grad(with_helper))(0.3, 2), rel=1e-13)


def short(x, a):
    s = 0.0
    for i in range(x.shape[0]):
        s += math.exp(a * x[i])
    return s


def test_entry_points():
    decorated = s2sad.differentiate(short, math="vector")
    want, value = 0.7 * np.exp(0.7 * X), np.sum(np.exp(0.7 * X))
    v, pullback = s2sad.vjp(short, X, 0.7, wrt="x", math="vector")
    for found in ((value, s2sad.grad(decorated)(X, 0.7)), s2sad.value_and_grad(short, math="vector")(X, 0.7),
                  (v, pullback(1.0)[0])):
        assert found[0] == pytest.approx(value, rel=1e-14)
        np.testing.assert_allclose(found[1], want, rtol=1e-14)
    assert s2sad.jvp(short, (X, 0.7), (X, None), math="vector") == pytest.approx((value, want @ X), rel=1e-14)
    for again in (decorated, s2sad.differentiate(decorated, wrt="a")):
        assert "vector_exp(" in again.source("grad", X, 0.7)
    assert "vector_exp(" not in s2sad.differentiate(decorated, math="libm").source("grad", X, 0.7)
    assert decorated(X, 0.7) == s2sad.differentiate(short)(X, 0.7)      # the function is as it is written
    assert s2sad.explain(decorated, X, 0.7).bytes == s2sad.explain(short, X, 0.7).bytes == 0


def test_requests_are_remembered():
    assert s2sad.grad(short, math="vector") is s2sad.grad(short, math="vector") is not s2sad.grad(short)
    assert s2sad.grad(short, math="libm") is s2sad.grad(short)
    assert s2sad.grad(s2sad.differentiate(short, wrt="a"), math="vector")._wrt.names == ("a",)


def test_one_array_for_two_parameters():
    def f(x, y):
        for i in range(x.size):
            x[i] = math.exp(y[i]) * x[i]
        return x[0] + 2.0 * x[1]

    x = np.array([0.3, 0.5])
    found = s2sad.grad(f, math="vector")(x, x)
    np.testing.assert_allclose(found, [1.0, 2.0] * np.exp(x) * (1.0 + x), rtol=1e-14)


@pytest.mark.parametrize("call", [
    lambda: s2sad.grad(curved, math="fast"), lambda: s2sad.vjp(curved, X, 0.7, math="numpy"),
    lambda: s2sad.jvp(curved, (X, 0.7), (X, None), math=True), lambda: s2sad.differentiate(curved, math="svml"),
    lambda: s2sad.differentiate(curved, target="cuda", math="vector")])
def test_no_such_choice(call):
    with pytest.raises(s2sad.BadCall, match="math"):
        call()


def test_command_line(tmp_path):
    file = tmp_path / "model.py"
    file.write_text("import math\nimport s2sad\n\n\ndef f(x):\n    return math.exp(x) * x\n\n\n"
                    "@s2sad.differentiate(math='vector')\ndef g(x):\n    return math.exp(x) * x\n")
    for name, options, vector in (("f", [], False), ("f", ["--math", "vector"], True), ("g", [], True),
                                  ("g", ["--import"], True), ("g", ["--math", "libm"], False)):
        out = tmp_path / f"{name}{len(options)}{vector}.py"
        assert main(["emit", f"{file}:{name}", "--signature", "float64", *options, "--force", "-o", str(out)]) == 0
        text = out.read_text()
        assert ("vector_exp(" in text) is vector and ("vector math" in text) is vector
        space: dict = {}
        exec(compile(text, str(out), "exec"), space)  # noqa: S102
        assert space[f"{name}_grad"].py_func
    assert main(["emit", f"{file}:f", "--signature", "float64", "--math", "fast"]) == 2
