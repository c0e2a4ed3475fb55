"""Functions as values in files that are read and not executed."""
import pytest

MODEL = """
    import math
    import numpy as np
    from numba.extending import register_jitable
    SCALE = 2.0
    square = lambda v: v * v * SCALE
    TABLE = (math.sin, square)
    def helper(v: float, k=2.0) -> float:
        return v * k
    alias = helper
    @register_jitable
    def fifth(v):
        return v / 5.0
    def apply(f, v):
        return f(v)
    def nested(x):
        a = x * SCALE
        def g(v: float, k: float = 2.0) -> float:
            # kept
            def h(w): return w * a * k
            return h(v) + alias(v)
        a = a * x
        return g(x) + fifth(x) + apply(lambda v: v * v, x)
    def local_np(x):
        np = x * x
        return math.sin(np) * np
    def from_table(x):
        return TABLE[0](x) * TABLE[1](x)
    def escaping(x):
        return apply(lambda v: v * x, x)
    def integrate(f, x):
        return f(x)
"""


@pytest.mark.parametrize("name", ["nested", "local_np"])
def test_checked_and_written(run, written, name):
    written(MODEL)
    status, out, err = run("check", f"model.py:{name}", "--signature", "float64")
    assert status == 0 and "agree" in out, err
    status, out, _ = run("emit", f"model.py:{name}", "--signature", "float64")
    assert status == 0
    space = {}
    exec(out, space)
    f, h = space[name], 1e-5
    value, derivative = space[f"{name}_tangent"](1.3, 1.0)
    assert value == pytest.approx(f(1.3))
    assert derivative == pytest.approx((f(1.3 + h) - f(1.3 - h)) / (2 * h), rel=1e-8)
    assert "v: float" not in out and "->" not in out and ("# kept" in out) == (name == "nested")


@pytest.mark.parametrize("command, name, words", [
    ("emit", "from_table", ["model.py:28:", "S2S023", "TABLE"]),
    ("show", "integrate", ["model.py:32:", "S2S023"]),
    ("check", "escaping", ["model.py:29:", "S2S030", "Cannot capture"]),
])
def test_refused(run, written, command, name, words):
    written(MODEL)
    signature = "float64" if name != "integrate" else "float64, float64"
    status, _, err = run(command, f"model.py:{name}", "--signature", signature, "--wrt", "x")
    assert status == 2 and all(w in err for w in words), err


def test_shown(run, written):
    written(MODEL)
    status, out, err = run("show", "model.py:from_table", "--signature", "float64")
    assert status == 0 and "math.sin" in out, err
