"""``x.dtype``: what is made of it has the type of the array of each call, and no other use is let through."""
import ast

import numpy as np
import pytest

import s2sad
from s2sad.errors import S2sadError
from tests.derivatives import programs_element_types as programs
from tests.execution import execute, generate

ONE_ARGUMENT = [programs.arrays_of_its_type, programs.type_of_what_a_name_held, programs.number_of_its_type,
                programs.literals_of_its_type, programs.type_handed_to_a_helper]


def gradient(f, *args):
    """The value and the gradient by the first argument, by the module that is written out."""
    made = generate(f, args, "value_and_grad", ("x",))
    return execute(made)[made.name](*args)


@pytest.mark.parametrize("f", ONE_ARGUMENT)
def test_single_precision_is_kept(f):
    x = programs.X.astype(np.float32)
    source = ast.unparse(ast.parse(generate(f, (x,), "value_and_grad", ("x",)).source))      # without comments
    assert ".dtype" not in source and "float64" not in source
    _, got = gradient(f, x)
    _, want = gradient(f, programs.X.copy())
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, want, rtol=1e-5)


def rounded(x, y):
    return (x * x).astype(y.dtype).sum()


def test_rounds_to_the_others_type():
    x = np.array([0.1, 0.7])
    value, g = gradient(rounded, x, np.ones(1, np.float32))
    assert value == (x * x).astype(np.float32).sum() != (x * x).sum()
    np.testing.assert_array_equal(g, (2.0 * x).astype(g.dtype))


def whole_numbers(x, k):
    n = np.zeros(2, k.dtype)
    for i in range(len(x)):
        n[i % 2] += np.int64(x[i])
    return x[n[0]] * x[n[1]]


def test_of_integers():
    x = np.array([0.25, 1.5, 0.5, 0.75])
    _, g = gradient(whole_numbers, x, np.ones(1, np.int64))
    np.testing.assert_array_equal(g, [1.5, 0.25, 0.0, 0.0])


def returned(x):
    return x.dtype


def returned_early(x):
    if x[0] > 0.0:
        return x.dtype
    return x.dtype


def compared(x):
    return x[0] if x.dtype == np.float32 else x[1]


def operand(x):
    return np.sin(x.dtype)


def of_a_number(x):
    return np.zeros(2, x[0].dtype).sum() + x[0]


@pytest.mark.parametrize("f", [returned, returned_early, compared, operand, of_a_number])
def test_other_uses_are_refused(f):
    with pytest.raises(S2sadError) as e:
        s2sad.grad(f)(np.ones(2))
    assert e.value.loc is not None and e.value.hint
