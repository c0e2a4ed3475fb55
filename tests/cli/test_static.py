"""Input is read, never executed; what reading cannot tell is an error that says so."""
from __future__ import annotations

import time

import numpy as np
import pytest

from s2sad.errors import S2sadError
from s2sad.frontend.source import Constant, Library, UserFunction
from s2sad.frontend.static import StaticModule

CANARIES = """
    import math
    import atexit
    import numpy as np
    from numba import njit

    open("canary", "w").close()

    class Loud:
        open("canary-class", "w").close()

    def loud(f):
        open("canary-decorator", "w").close()
        return f

    def touch(name):
        open(name, "w").close()
        return 1.0

    @loud
    @njit(cache=touch("canary-option"))
    def helper(x: touch("canary-annotation"), k=touch("canary-helper-default")) -> touch("canary-result"):
        y: touch("canary-local") = x * k
        return y

    @loud
    def f(x: touch("canary-annotation"), n: int = 2, extra=touch("canary-default")):
        return helper(x, 2.0) * n

    for _ in range(1):
        touch("canary-loop")

    value = [touch("canary-comprehension") for _ in range(3)]
    if touch("canary-if"):
        other = 1
    math.sin(touch("canary-argument"))
    SCALE = touch("canary-constant") * 2
"""


def test_nothing_is_executed(run, written, tmp_path):
    file = written(CANARIES)
    status, text, err = run("emit", f"{file}:f", "--signature", "float64, int64, float64", "--no-jit")
    assert status == 0, err
    assert [p.name for p in tmp_path.iterdir()] == ["model.py"]
    assert "touch" not in text and "loud" not in text
    assert "note: @loud of f is not evaluated" in err
    status, _, err = run("check", f"{file}:f", "--signature", "float64, int64, float64")
    assert status == 0, err
    assert [p.name for p in tmp_path.iterdir()] == ["model.py"]


def module(text: str) -> StaticModule:
    return StaticModule(text, "model.py")


@pytest.mark.parametrize("expression, value", [
    ("math.sqrt(2.0)", 2.0 ** 0.5),
    ("2 ** 10 - 1", 1023),
    ("-A * 2.5", -7.5),
    ("np.exp(1.0) + np.float64(1)", np.exp(1.0) + 1),
    ("(1, (2.0, True))", (1, (2.0, True))),
    ("float('inf')", np.inf),
    ("1e-3 if A > 2 else math.pi", 1e-3),
    ("T[1] + T[-1]", 9.0),
    ("max(1, A) // 2", 1),
    ("1 << 4 | 1", 17),
    ("A == 3 and not False", True),
    ("math.fsum([0.1] )", 0.1),
    ("math.factorial(5)", 120),
    ("None", None),
])
def test_constant_expressions(expression, value):
    m = module(f"import math\nimport numpy as np\nA = 3\nT = (4.0, 5.0, 4.0)\nC = {expression}\n")
    found = m.lookup("C")
    assert isinstance(found, Constant)
    value = value.item() if isinstance(value, np.generic) else value
    assert found.value == value and type(found.value) is type(value)


def test_constant_arrays():
    m = module("import numpy as np\nW = np.array([1, 4, 1], dtype=np.float32) / 2\nV = W\n")
    np.testing.assert_array_equal(m.lookup("W").value, np.float32([0.5, 2, 0.5]))
    assert m.lookup("V").value is m.lookup("W").value


@pytest.mark.parametrize("expression", [
    "2 ** 10 ** 10", "9 ** 9 ** 9", "1 << 10 ** 10", "(1,) * 10 ** 10", "'a' * 10 ** 10", "'%999999999d' % 1",
    "math.factorial(10 ** 8)", "math.comb(10 ** 7, 10 ** 6)", "round(1, -10 ** 9)", "np.power(10 ** 30, 10 ** 8)",
    "np.zeros(10 ** 10)", "10.0 ** 400", "1 / 0", "open('x')", "__import__('os')", "math.__loader__", "(1).__class__",
    "math.sin.__self__", "[1, 2]", "{1: 2}", "f'{1}'", "undefined", "np.random.rand()", "int('1', base=2)",
    "math.sqrt(x=2.0)", "__name__", "__debug__", "(yield)", "sum(range(10 ** 10))",
])
def test_what_is_not_folded(expression):
    start = time.monotonic()
    m = module(f"import math\nimport numpy as np\nC = {expression}\ndef f(x):\n    return x * C\n")
    with pytest.raises(S2sadError, match="C") as e:
        m.lookup("C")
    assert "--import" in e.value.hint
    assert time.monotonic() - start < 1.0


def test_doubling_stays_bounded():
    text = "A = (1.0, 2.0)\n" + "A = A + A\n" * 60 + "B = 3\n" + "B = B * B\n" * 60
    m = module(text)
    for name in "AB":
        with pytest.raises(S2sadError):
            m.lookup(name)


@pytest.mark.parametrize("text", [
    "C = 1\nC += 1\n",
    "C = 1\nif input():\n    C = 2\n",
    "C = 1\nfor C in range(3): pass\n",
    "C = 1\ntry:\n    import C\nexcept ImportError: pass\n",
    "C = 1\ndel C\n",
    "C = 1\nwith open('x') as C: pass\n",
    "C = 1\n(C := 2)\n",
    "C = 1\ndef set_it():\n    global C\n    C = 2\nset_it()\n",
    "C = 1\nfrom elsewhere import *\n",
    "C = 1\nexec('C = 2')\n",
    "C = 1\nglobals()['C'] = 2\n",
    "from elsewhere import C\n",
    "from . import C\n",
    "import elsewhere as C\n",
    "class C: pass\n",
    "async def C(): pass\n",
    "import numpy as np\nC = np.array([1.0])\nC[0] = 2.0\n",
    "import numpy as np\nC = np.array([1.0])\nD = C\nD.sort()\n",
    "import numpy as np\nC = np.array([1.0])\nT = (C, 1.0)\nshuffle(T)\n",
    "import numpy as np\nC = np.array([1.0])\ndef g():\n    C[0] = 2.0\n",
    "import numpy as np\nC = np.array([1.0])\nfor i in range(1):\n    C[i] = 2.0\n",
    "a, C = pair()\n",
    "a, *C = 1, 2\n",
    "match 1:\n    case C: pass\n",
    "try: pass\nexcept ValueError as C: pass\n",
])
def test_names_whose_value_cannot_be_told(text):
    m = module(text + "def f(x):\n    return x * C\n")
    with pytest.raises(S2sadError) as e:
        m.function("f").lookup("C")
    assert "--import" in e.value.hint and e.value.code == "S2S003"


def test_a_changed_module_is_not_trusted():
    m = module("import math\nmath.sin = math.cos\ndef f(x):\n    return math.sin(x)\n")
    with pytest.raises(S2sadError, match="'math'"):
        m.lookup("math")


def test_the_last_binding_counts_and_earlier_values_are_used_where_they_are_earlier():
    m = module("N = 2\nM = N * 10\nN = 3\ndef f(x): return x\ndef f(x, y): return y\n")
    assert (m.lookup("N").value, m.lookup("M").value) == (3, 20)
    assert m.function("f").params == ("x", "y")


def test_what_is_not_executed_on_import_is_skipped():
    m = module("N = 2\nif __name__ == '__main__':\n    N = 5\n    import elsewhere\nfrom typing import TYPE_CHECKING\n"
               "if TYPE_CHECKING:\n    N = 7\nelse:\n    M = 1\n")
    assert m.lookup("N").value == 2 and m.lookup("M").value == 1


def test_imports():
    m = module("import numpy\nimport numpy.linalg as la\nfrom math import sin as s, pi\nimport numba as nb\n"
               "from numpy import *\nfrom numba import prange, float64\nimport s2sad\n")
    assert m.lookup("s") == Library("math.sin")
    assert m.lookup("pi").value == np.pi
    assert m.lookup("la").member("norm") == Library("np.linalg.norm")
    assert m.lookup("cos") == Library("np.cos")
    assert m.lookup("prange") == m.lookup("nb").member("prange") == Library("numba.prange")
    assert m.lookup("s2sad").member("stop_gradient") == Library("stop_gradient")
    assert m.lookup("numpy").member("sin") == Library("np.sin")


def test_functions_keep_what_their_decorators_say_literally():
    m = module("import s2sad, functools\nfrom numba import njit\nFM = True\n"
               "@s2sad.differentiate(wrt=('y', 0), error_model='numpy')\n@njit(nogil=True, fastmath=FM)\n"
               "@functools.lru_cache\ndef f(x, y=1.5): return x\ng = njit(boundscheck=True)(f)\nh = f\n")
    assert m.function("f").options == {"nogil": True, "error_model": "numpy"}
    assert m.function("f").defaults == {"y": 1.5}
    assert m.ignored_decorators() == [("f", "fastmath=FM")]
    assert isinstance(m.lookup("g"), UserFunction) and m.lookup("g").options["boundscheck"] is True
    assert m.lookup("h") is m.lookup("f")


@pytest.mark.parametrize("decorator", [
    "numba.vectorize", "numba.stencil", "numba.cuda.jit", "np.vectorize", "numba.cfunc('x')", "cuda.jit",
    "overload(abs)"])
def test_decorators_that_make_something_else_are_refused(decorator):
    m = module("import numba; from numba import cuda; from numba.extending import overload\nimport numpy as np\n"
               f"@{decorator}\ndef f(x): return x\n")
    with pytest.raises(S2sadError, match="'f'") as e:
        m.function("f")
    assert "--import" in e.value.hint and e.value.loc.line == 3


def test_a_default_that_is_not_folded_may_be_passed_but_not_left_out(run, written):
    file = written("""
        def h(x, k=load()):
            return x * k
        def good(x): return h(x, 2.0)
        def bad(x): return h(x)
    """)
    assert run("show", f"{file}:good", "--signature", "float64")[0] == 0
    status, _, err = run("show", f"{file}:bad", "--signature", "float64")
    assert status == 2 and "default of 'k'" in err and "--import" in err and "model.py:2:" in err
