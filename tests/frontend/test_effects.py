"""A call for its effect is one that is known, or refused: nothing that writes to an array goes unnoticed."""
import numpy as np
import pytest

from s2sad.errors import S2sadError
from tests.execution import execute, generate

X = np.array([1.3, 0.7, 1.7, 0.4])


def clipped(x):
    y = np.zeros(4)
    np.clip(x, 0.5, 1.0, y)
    return np.sum(y)


def clipped_by_its_method(x):
    y = np.zeros(4)
    x.clip(0.5, 1.0, y)
    return np.sum(y * x)


def clipped_by_keyword(x):
    y = np.zeros(4)
    x.clip(0.5, 1.0, out=y)
    return np.sum(y * x)


def rounded_by_its_method(x):
    y = x * x
    x.round(0, y)
    return np.sum(y)


def product(x):
    a = x.reshape(2, 2)
    y = np.zeros((2, 2))
    np.dot(a, a, y)
    return np.sum(y)


def product_as_a_value(x):
    a = x.reshape(2, 2)
    y = np.zeros((2, 2))
    return np.sum(np.dot(a, a, y)) + y[0, 0]


def copied_to(x):
    y = np.zeros(4)
    np.copyto(y, x)
    return np.sum(y)


@pytest.mark.parametrize("kind", ["grad", "tangent"])
@pytest.mark.parametrize("f", [clipped, clipped_by_its_method, clipped_by_keyword, rounded_by_its_method, product,
                               product_as_a_value, copied_to])
def test_functions_that_fill_an_output_are_refused(f, kind):
    with pytest.raises(S2sadError) as e:
        generate(f, (X,), kind, ("x",))
    assert e.value.code == "S2S011" and "y[...] = " in e.value.hint
    assert e.value.loc.line > f.__code__.co_firstlineno


def values_nobody_uses(x):
    y = x * x
    y.clip(0.5, 1.0)
    np.sum(y)
    y.round(1)
    return np.sum(y)


def test_values_nobody_uses_are_accepted():
    generated = generate(values_nobody_uses, (X,), "grad", ("x",))
    assert np.array_equal(execute(generated)[generated.name](X), 2.0 * X)
