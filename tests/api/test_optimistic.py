"""Plain products first: the same gradients, strong zeros where they count, nothing done twice that may not be."""
import math

import numpy as np
import pytest

import s2sad
from s2sad.api.optimistic import has_nan, with_plain_products
from s2sad.api.program import program_of


def specialisation(f, *args):
    """What the gradient of a function runs on."""
    (made,) = (m for m in program_of(f)._done.values() if m.generated.kind == "grad")
    return made


def guarded(x, y):
    s = 0.0
    for i in range(x.size):
        r = math.sqrt(x[i])
        if x[i] > 0.0:
            s += r * y[i]
        y[i] *= 2.0
    return s


def test_strong_zeros_are_computed_where_plain_products_give_nan():
    x, y = np.array([0.0, 4.0]), np.array([3.0, 5.0])
    gradient = s2sad.grad(guarded, wrt=("x", "y"))
    by_x, by_y = gradient(np.array([1.0, 4.0]), y)
    assert by_x.tolist() == [1.5, 1.25] and by_y.tolist() == [1.0, 2.0]
    by_x, by_y = gradient(x, y)
    assert by_x.tolist() == [0.0, 1.25] and by_y.tolist() == [0.0, 2.0]
    assert x.tolist() == [0.0, 4.0] and y.tolist() == [3.0, 5.0]


def test_only_plain_products_are_compiled_until_then():
    def weighted(x, w):
        return math.exp(x * w) * w

    assert s2sad.grad(weighted)(0.5, 2.0) == 4.0 * math.exp(1.0)
    made = specialisation(weighted)
    assert "def zmul" in made.generated.source
    assert made._namespace is None, "the module as it is written was not needed"


def test_nan_of_the_function_itself_stays():
    def logarithm(x):
        return x[0] * math.log(x[1])

    by_x = s2sad.grad(logarithm)(np.array([2.0, -1.0]))
    assert math.isnan(by_x[0]) and by_x[1] == -2.0


def test_third_derivatives_are_computed_as_written():
    def fourth(x):
        return x * x * x * x

    first = s2sad.grad(fourth)
    twice = s2sad.grad(first)
    assert twice(2.0) == 48.0 and math.isnan(twice(math.nan)) and s2sad.grad(twice)(2.0) == 48.0
    second, third = specialisation(first), specialisation(twice)
    assert "def zmul" in second.generated.source and second.gradient is not second.entry
    assert "def zmul" in third.generated.source and third.gradient is third.entry


def printing(x):
    print("once")
    return x * x * x


def drawing(x):
    return x * x * np.random.standard_normal()


def complex_inside(x):
    z = complex(x, 1.0)
    return abs(z * z)


def own_strong_zero(x):
    y = x * x
    return 0.0 if x == 0.0 else x * y


@pytest.mark.parametrize("f", [printing, drawing, complex_inside, own_strong_zero])
def test_what_may_not_be_repeated_or_hides_a_nan_is_computed_as_written(f):
    s2sad.grad(f)(2.0)
    made = specialisation(f)
    assert not made.interface.products_show
    assert made.gradient is made.entry


def test_effects_happen_once(capfd):
    s2sad.grad(printing)(math.inf)
    assert capfd.readouterr().out == "once\n"


def test_user_fastmath_keeps_the_source_as_it_is():
    @s2sad.differentiate(fastmath=True)
    def squared(x, y):
        return x * x * y

    assert squared.grad(3.0, 2.0) == 12.0
    (made,) = (m for m in squared._program._done.values() if m.generated.kind == "grad")
    assert made.gradient is made.entry


def test_modules_without_strong_zeros_are_left_alone():
    assert with_plain_products("def f(x):\n    return x\n") is None


@pytest.mark.parametrize("value, found", [
    (1.0, False), (math.nan, True), (math.inf, False), (3, False), (None, False), (np.array([1.0, math.inf]), False),
    (np.array([[1.0, 2.0], [math.nan, 3.0]]).T, True), (np.array([1.0, math.nan, 2.0])[::2], False),
    ((1.0, (np.zeros(3), np.array([math.nan], np.float32))), True), (np.array([1, 2]), False), ((), False)])
def test_has_nan(value, found):
    assert has_nan(value) is found
