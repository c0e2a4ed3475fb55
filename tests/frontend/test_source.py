"""What names mean: closures, globals, modules, dispatchers, objects that wrap a function."""
import linecache
import math

import numba
import numpy as np
import pytest

from s2sad.errors import S2sadError
from s2sad.frontend import Constant, Library, UserFunction
from s2sad.frontend.library import meaning

SCALE = 3.0


@pytest.mark.parametrize("obj, name", [
    (np.sin, "np.sin"), (np.abs, "np.abs"), (np.absolute, "np.abs"), (np.arcsin, "np.arcsin"), (np.max, "np.max"),
    (np.amax, "np.max"), (np.linalg.solve, "np.linalg.solve"), (math.erf, "math.erf"), (abs, "abs"), (max, "max"),
    (np.float32, "np.float32"), (np.bool_, "np.bool_"), (np.int64, "np.int64"), (numba.float64, "np.float64"),
    (numba.prange, "numba.prange"), (np.power, "np.power"), (np.mod, "np.remainder"), (np.conj, "np.conj"),
    (ValueError, "ValueError"), (np.random.rand, "np.random.rand"), (np.dtype("float32"), "np.float32"),
])
def test_canonical_names(obj, name):
    assert meaning(obj, "it") == Library(name)


def test_constants():
    assert meaning(np.float64(2.0), "c").value == 2.0 and type(meaning(np.float64(2.0), "c").value) is float
    assert type(meaning(np.float32(2.0), "c").value) is np.float32
    assert meaning((1, (2.0, None)), "c").value == (1, (2.0, None))
    assert isinstance(meaning(np.newaxis, "c"), Constant)


def test_closure_and_globals():
    inner = 2.0

    def f(x):
        return inner * x * SCALE * math.pi

    user = UserFunction.from_callable(f)
    assert user.lookup("inner").value == 2.0
    inner = 5.0
    assert user.lookup("inner").value == 2.0, "as it was at the first look"
    assert UserFunction.from_callable(f).lookup("inner").value == 5.0
    assert user.lookup("SCALE").value == 3.0
    assert user.lookup("math").member("pi").value == math.pi
    assert user.lookup("range") == Library("range")
    assert user.lookup("np").member("linalg").member("solve") == Library("np.linalg.solve")
    with pytest.raises(S2sadError, match="S2S003"):
        user.lookup("nothing")


def test_dispatcher_keeps_options():
    @numba.njit(fastmath=True, error_model="numpy")
    def f(x, *, k=2):
        """Doc."""
        return x * k

    user = UserFunction.from_callable(f)
    assert user.name == "f" and user.params == ("x", "k") and user.defaults == {"k": 2} and user.doc == "Doc."
    assert user.options["fastmath"] and user.options["error_model"] == "numpy"


def test_wrapped_object():
    def f(x):
        return x

    class Wrapper:
        pass

    wrapper = Wrapper()
    wrapper.__wrapped__ = f
    assert UserFunction.from_callable(wrapper).name == "f"
    known = UserFunction.from_callable(f)

    class Ours:
        user_function = known

    assert UserFunction.from_callable(Ours()) is known


def test_lambda_and_linecache():
    square = lambda x: x * x  # noqa: E731
    assert UserFunction.from_callable(square).params == ("x",)
    text = "def g(x):\n    return x + 1.0\n"
    linecache.cache["<made up>"] = (len(text), None, text.splitlines(True), "<made up>")
    space = {}
    exec(compile(text, "<made up>", "exec"), space)
    assert UserFunction.from_callable(space["g"]).lines == ("def g(x):", "    return x + 1.0")


def test_position():
    def f(x):
        y = 1
        return x + y

    user = UserFunction.from_callable(f)
    loc = user.loc(user.node.body[1])
    assert loc.text == "        return x + y" and loc.col == 8 and loc.line == f.__code__.co_firstlineno + 2
