"""Structured arguments and results: tuples, namedtuples, dicts, lists and dataclasses come back as they were."""
import runpy
import tempfile
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import pytest

import s2sad
from s2sad import numeric

Point = namedtuple("Point", "x y")
W1 = np.array([[0.3, -0.2], [0.5, 0.7], [-0.4, 0.1]])
B1 = np.array([0.1, -0.2, 0.3])
W2 = np.array([0.6, -0.5, 0.2])
V = np.array([0.7, -1.3])


class Layer(NamedTuple):
    weight: np.ndarray
    bias: np.ndarray
    gain: float


@dataclass
class Model:
    weight: np.ndarray
    bias: float
    name: str
    steps: int = 2


def dense(w, b, v):
    return np.tanh(w @ v + b)


def by_dict(params, v):
    h = dense(params["W1"], params["b1"], v)
    return np.sum(params["W2"] * h) * params["scale"]


def by_names(w1, b1, w2, scale, v):
    return np.sum(w2 * dense(w1, b1, v)) * scale


def by_dataclass(model, v):
    s = 0.0
    for _ in range(model.steps):
        s += np.sum(dense(model.weight, model.bias, v) ** 2)
    if model.name == "half":
        s *= 0.5
    return s


def by_layers(layers, v):
    h = v
    for layer in layers:
        h = dense(layer["W"], layer["b"], h)
    return np.sum(h * h)


def scalar_pair(t):
    (a, b), c = t
    return a * a * b + c[0] * c[1] * a


def norm(p):
    return p.x * p.x * p.y + np.sin(p.y)


def reference(f, args, wrt):
    return numeric.gradient(f, args, wrt=wrt, method="complex-step").value


def close(got, want):
    return np.shape(got) == np.shape(want) and not not np.max(np.abs(np.asarray(got) - want)) <= 1e-12


def test_a_dict_comes_back_as_a_dict():
    params = {"W1": W1, "b1": B1, "W2": W2, "scale": 1.5}
    value, g = s2sad.value_and_grad(by_dict)(params, V)
    want = reference(by_names, (W1, B1, W2, 1.5, V), ("w1", "b1", "w2", "scale"))
    assert list(g) == list(params)
    assert value == pytest.approx(by_names(W1, B1, W2, 1.5, V), rel=1e-14)
    assert all(close(a, b) for a, b in zip(g.values(), want))
    assert isinstance(g["scale"], float)
    # Another order of keys is another structure, and comes back in that order.
    assert list(s2sad.grad(by_dict)(dict(reversed(params.items())), V)) == list(params)[::-1]


def test_by_a_dict_and_an_array():
    params = {"W1": W1, "b1": B1, "W2": W2, "scale": 1.5}
    g, g_v = s2sad.grad(by_dict, wrt=("params", "v"))(params, V)
    want = reference(by_names, (W1, B1, W2, 1.5, V), ("v", "w1"))
    assert close(g_v, want[0]) and close(g["W1"], want[1])
    only, = s2sad.grad(by_dict, wrt=("params",))(params, V)
    assert close(only["W1"], want[1])


def test_forward_mode_takes_the_structure_with_gaps():
    params = {"W1": W1, "b1": B1, "W2": W2, "scale": 1.5}
    g = s2sad.grad(by_dict)(params, V)
    rng = np.random.default_rng(0)
    moved = {"b1": rng.normal(size=3), "scale": 0.5, "W1": None, "W2": None}
    value, d = s2sad.jvp(by_dict, (params, V), (moved, None))
    assert value == pytest.approx(by_dict(params, V))
    assert d == pytest.approx(g["b1"] @ moved["b1"] + 0.5 * g["scale"], rel=1e-13)
    assert s2sad.jvp(by_dict, (params, V), (None, V))[1] == pytest.approx(s2sad.grad(by_dict, "v")(params, V) @ V)
    with pytest.raises(s2sad.BadCall, match="the tangent of 'params' has to be a dict with W1, b1, W2, scale"):
        s2sad.jvp(by_dict, (params, V), ({"W1": W1}, None))
    with pytest.raises(s2sad.BadCall, match=r"the tangent of 'params'\['W1'\] has to be an array of shape \(3, 2\)"):
        s2sad.jvp(by_dict, (params, V), ({**moved, "W1": V}, None))


def test_pullback_of_a_dict():
    params = {"W1": W1, "b1": B1, "W2": W2, "scale": 1.5}
    value, pullback = s2sad.vjp(by_dict, params, V)
    g, g_v = pullback(1.0)
    assert close(g["W1"], s2sad.grad(by_dict)(params, V)["W1"]) and close(g_v, s2sad.grad(by_dict, "v")(params, V))
    assert close(pullback(2.0)[0]["b1"], 2.0 * g["b1"])


def test_layers_of_different_shapes():
    layers = [{"W": W1, "b": B1}, {"W": W1.T.copy(), "b": 0.3}, {"W": W1, "b": B1}]

    def flat(w, b, u, c, v):
        return np.sum(dense(w, b, dense(u, c, dense(w, b, v))) ** 2)

    g = s2sad.grad(by_layers)(layers, V)
    want = reference(flat, (W1, B1, W1.T.copy(), 0.3, V), ("u", "c", "w"))
    assert isinstance(g, list) and [list(layer) for layer in g] == [["W", "b"]] * 3
    assert close(g[1]["W"], want[0]) and close(g[1]["b"], want[1])
    # The same array twice is two independent values; shared, it would get the sum.
    assert close(g[0]["W"] + g[2]["W"], want[2])
    as_tuple = s2sad.grad(by_layers)(tuple(layers), V)
    assert isinstance(as_tuple, tuple) and close(as_tuple[1]["b"], want[1])


def test_a_dataclass_with_what_has_no_derivative():
    model = Model(W1, 0.2, "half")
    g = s2sad.grad(by_dataclass)(model, V)
    assert isinstance(g, Model) and g.name is None and g.steps is None

    def flat(w, b, v):
        return np.sum(dense(w, b, v) ** 2)

    want = reference(flat, (W1, 0.2, V), ("w", "b"))
    assert close(g.weight, want[0]) and close(g.bias, want[1])
    # Its string is part of the specialisation: another one compiles another branch.
    assert close(s2sad.grad(by_dataclass)(Model(W1, 0.2, "whole"), V).weight, 2.0 * want[0])
    assert close(s2sad.grad(by_dataclass)(Model(W1, 0.2, "half", 4), V).weight, 2.0 * want[0])


def test_nested_tuples():
    t = ((0.5, 1.5), np.array([2.0, 3.0]))
    g = s2sad.grad(scalar_pair)(t)
    assert isinstance(g, tuple) and isinstance(g[0], tuple)
    assert g[0] == (2 * 0.5 * 1.5 + 6.0, 0.25) and close(g[1], np.array([1.5, 1.0]))


def test_namedtuples_come_back_as_themselves():
    p = Point(1.5, 0.7)
    g = s2sad.grad(norm)(p)
    assert type(g) is Point and g == pytest.approx((2 * 1.5 * 0.7, 1.5 ** 2 + np.cos(0.7)))
    other = namedtuple("Point", "y x")
    assert s2sad.grad(norm)(other(y=0.7, x=1.5)).x == g.x, "another class of the same name"

    def moved(p, s):
        return Point(p.x * s, p.y + 1.0)

    value, d = s2sad.jvp(moved, (p, 2.0), (Point(1.0, 0.0), 3.0))
    assert type(value) is Point and type(d) is Point and value == (3.0, 1.7) and d == (2.0 + 1.5 * 3.0, 0.0)
    value, pullback = s2sad.vjp(moved, p, 2.0)
    g, g_s = pullback(Point(1.0, 10.0))
    assert type(value) is Point and type(g) is Point and g == (2.0, 10.0) and g_s == 1.5
    assert pullback((1.0, None))[1] == 1.5


def test_typed_namedtuple_with_arrays():
    def f(layer, v):
        return np.sum(dense(layer.weight, layer.bias, v)) * layer.gain

    g = s2sad.grad(f)(Layer(W1, B1, 2.0), V)
    assert type(g) is Layer and close(g.bias, 2.0 * (1.0 - dense(W1, B1, V) ** 2))


def test_second_order():
    params = {"W1": W1, "b1": B1, "W2": W2, "scale": 1.5}
    rng = np.random.default_rng(1)
    direction = {k: rng.normal(size=np.shape(v)) if np.ndim(v) else 0.3 for k, v in params.items()}
    g, h = s2sad.jvp(s2sad.grad(by_dict), (params, V), (direction, None))
    assert list(h) == list(params) and close(g["b1"], s2sad.grad(by_dict)(params, V)["b1"])
    step = 1e-6
    ahead, back = ({k: v + s * direction[k] for k, v in params.items()} for s in (step, -step))
    for key, dh in h.items():
        want = (s2sad.grad(by_dict)(ahead, V)[key] - s2sad.grad(by_dict)(back, V)[key]) / (2 * step)
        assert np.max(np.abs(dh - want)) < 1e-8
    # The pullback of the gradient is the same product, for the Hessian is symmetric.
    value, pullback = s2sad.vjp(s2sad.grad(by_dict), params, V, wrt="params")
    again, = pullback(direction)
    assert all(close(again[k], h[k]) for k in h) and close(value["b1"], g["b1"])


def test_integers_and_absent_parts():
    def f(t):
        a, n, nothing, b = t
        if nothing is None:
            return a ** n * b[0]
        return 0.0

    g = s2sad.grad(f)((3.0, 2, None, np.array([5.0, 1.0])))
    assert g[:3] == (30.0, None, None) and close(g[3], np.array([9.0, 0.0]))
    with pytest.raises(s2sad.BadCall, match="holds no floating-point number"):
        s2sad.grad(f)((3, 2, None, np.array([5, 1])))


def test_single_precision_is_kept():
    def f(t):
        return t[0] * t[1][0]

    g = s2sad.grad(f)((np.float32(2.0), np.array([3.0], np.float32)))
    assert type(g[0]) is np.float32 and g[1].dtype == np.float32
    _, pullback = s2sad.vjp(f, (np.float32(2.0), np.array([3.0], np.float32)))
    (a, b), = pullback(1.0)
    assert type(a) is np.float32 and b.dtype == np.float32


def test_aux_in_structures():
    def f(p):
        s = p["a"] * p["a"]
        return s, {"twice": 2.0 * s, "point": Point(s, p["a"])}

    (value, aux), g = s2sad.value_and_grad(f, has_aux=True)({"a": 3.0})
    assert value == 9.0 and aux == {"twice": 18.0, "point": Point(9.0, 3.0)} and g == {"a": 6.0}
    g, aux = s2sad.grad(f, has_aux=True)({"a": 3.0})
    assert g == {"a": 6.0} and type(aux["point"]) is Point


def test_a_dict_is_returned():
    def f(x):
        return {"square": x * x, "parts": (x, np.array([x, 2.0 * x])), "n": 3}

    value, d = s2sad.jvp(f, (3.0,), (1.0,))
    assert value["square"] == 9.0 and d["square"] == 6.0 and d["n"] == 0 and close(d["parts"][1], np.array([1.0, 2.0]))
    value, pullback = s2sad.vjp(f, 3.0)
    assert pullback({"square": 1.0, "parts": (0.5, np.array([0.0, 1.0])), "n": None}) == (8.5,)
    assert pullback({"square": None, "parts": None, "n": None}) == (0.0,)
    with pytest.raises(s2sad.BadCall, match="a dict with square, parts, n"):
        pullback({"square": 1.0})


def test_decorated_functions_run_with_any_structure():
    f = s2sad.differentiate(by_dict)
    params = {"W1": W1, "b1": B1, "W2": W2, "scale": 1.5}
    assert f(params, V) == pytest.approx(by_dict(params, V), rel=1e-14)
    assert close(f.grad(params, V)["b1"], s2sad.grad(by_dict)(params, V)["b1"])
    assert "def by_dict_adjoint(params_W1" in f.source("adjoint")
    layers = s2sad.differentiate(by_layers)
    assert layers([{"W": W1, "b": B1}], V) == pytest.approx(by_layers([{"W": W1, "b": B1}], V))
    whole = s2sad.differentiate(by_dataclass)
    assert whole(Model(W1, 0.2, "half"), V) == pytest.approx(by_dataclass(Model(W1, 0.2, "half"), V))
    tuples = s2sad.differentiate(scalar_pair)
    assert tuples(((0.5, 1.5), np.array([2.0, 3.0]))) == 0.375 + 3.0

    @s2sad.differentiate
    def scaled(p, x):
        for i in range(x.shape[0]):
            x[i] *= p["a"]
        return {"twice": 2.0 * p["a"], "x": x}

    x = np.array([1.0, 2.0])
    result = scaled({"a": 3.0}, x)
    assert result["twice"] == 6.0 and result["x"] is x and x.tolist() == [3.0, 6.0]


def test_checked_against_differences():
    params = {"W1": W1, "b1": B1, "W2": W2, "scale": 1.5}
    s2sad.check_grads(by_dict, (params, V), wrt=("params", "v"))
    s2sad.check_grads(norm, (Point(1.5, 0.7),), order=2)
    s2sad.check_grads(by_dataclass, (Model(W1, 0.2, "half"), V))
    s2sad.check_grads(scalar_pair, (((0.5, 1.5), np.array([2.0, 3.0])),))


def test_in_compiled_code():
    gradient = s2sad.grad(scalar_pair)
    of_point = s2sad.value_and_grad(norm)

    @numba.njit
    def both(t, p):
        g = gradient(t)
        v, h = of_point(p)
        return g[0][0] + g[1][1], v, h.x, h

    first, v, hx, h = both(((0.5, 1.5), np.array([2.0, 3.0])), Point(1.5, 0.7))
    want = s2sad.grad(scalar_pair)(((0.5, 1.5), np.array([2.0, 3.0])))
    assert first == want[0][0] + want[1][1] and type(h) is Point and hx == h.x
    assert h == s2sad.grad(norm)(Point(1.5, 0.7))


def test_generated_functions_take_companions_of_the_same_structure():
    t = ((0.5, 1.5), np.array([2.0, 3.0]))
    want = s2sad.grad(scalar_pair)(t)
    shadow = np.zeros(2)
    assert s2sad.adjoint(scalar_pair)(t, ((0.0, 0.0), shadow), 1.0) == want[0]
    assert close(shadow, want[1])
    value, d = s2sad.tangent(scalar_pair)(t, ((1.0, 0.0), np.array([0.0, 2.0])))
    assert d == want[0][0] + 2.0 * want[1][1]


def test_sources_and_signatures():
    params = {"W1": W1, "b1": B1, "W2": W2, "scale": 1.5}
    text = s2sad.source(by_dict, "grad", params, V)
    assert "def by_dict_grad(params_W1, params_b1, params_W2, params_scale, v):" in text
    by_type = s2sad.source(scalar_pair, "adjoint", signature="Tuple((UniTuple(float64, 2), float64[::1]))")
    assert by_type == s2sad.source(scalar_pair, "adjoint", ((0.5, 1.5), np.array([2.0, 3.0])))


def test_what_is_written_in_a_structure():
    def scale(t, a):
        for i in range(t[0].shape[0]):
            t[0][i] = t[0][i] * a * t[1]

    x = np.array([1.0, 2.0])
    (value,), (d,) = s2sad.jvp(scale, ((x, 3.0), 2.0), ((None, 1.0), None), outputs=("t",))
    assert value[0].tolist() == [6.0, 12.0] and d[0].tolist() == [2.0, 4.0] and d[1] == 1.0
    (value,), pullback = s2sad.vjp(scale, (x, 3.0), 2.0, outputs=("t",))
    (gx, g3), ga = pullback(((np.array([1.0, 1.0]), None),))
    assert value[0].tolist() == [6.0, 12.0] and gx.tolist() == [6.0, 6.0] and g3 == 6.0 and ga == 9.0
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("body, part", [
    ("p['nope'] * x", "a dict has no item 'nope'"),
    ("p.a * x", "a dict has no '.a'"),
    ("p * x", "a tuple"),
    ("p[0] * x", "a dict is read by the names of its items"),
])
def test_refused_with_a_place(body, part, tmp_path):
    path = tmp_path / "refused.py"
    path.write_text(f"def f(p, x):\n    return {body}\n")
    space = {}
    exec(compile(path.read_text(), str(path), "exec"), space)
    with pytest.raises(s2sad.S2sadError, match=part) as caught:
        s2sad.grad(space["f"])({"a": 1.0}, 2.0)
    assert caught.value.loc.line == 2 and caught.value.code in ("S2S007",)


def test_the_example_of_the_documentation_runs():
    text = (Path(__file__).parents[2] / "docs" / "getting-started.md").read_text()
    code = text.split("## Parameters in a structure")[1].split("```python\n")[1].split("```")[0]
    path = Path(tempfile.mkdtemp()) / "example.py"
    path.write_text(code)
    space = runpy.run_path(str(path))
    g, params = space["g"], space["params"]
    assert g["layers"][1]["W"].shape == (3, 2) and g["scale"] == pytest.approx(
        space["network"](params, np.array([0.1, 0.2])) / params["scale"])


def test_items_by_a_counter():
    def f(layers, v):
        s = 0.0
        for i in range(len(layers)):
            s += np.sum(layers[i]["w"] * v) * layers[i]["b"] * (i + 1)
            if i > 0:
                s += layers[i - 1]["b"]
        return s

    v = np.array([1.0, 2.0])
    g = s2sad.grad(f)([{"w": v, "b": 2.0}, {"w": 3.0, "b": 4.0}], v)
    assert g[0]["w"].tolist() == [2.0, 4.0] and g[0]["b"] == 6.0 and g[1] == {"w": 24.0, "b": 18.0}
    with pytest.raises(IndexError):
        s2sad.grad(lambda t, i: t[i] * t[0])((1.0, 2.0), 2)


def test_absent_arguments_are_decided_when_compiling():
    def f(x, y=None):
        if y is None:
            y = 2.0 * x[0]
        return x[0] * y * y

    x = np.array([3.0])
    assert s2sad.grad(f)(x).tolist() == [4.0 * 27.0]
    assert s2sad.grad(f)(x, None).tolist() == [4.0 * 27.0]
    assert s2sad.grad(f, wrt="y")(x, 5.0) == 30.0

    def g(t):
        return t[0] * t[0] if t[1] is None else t[0] * t[1]

    assert s2sad.grad(g)((3.0, None)) == (6.0, None) and s2sad.grad(g)((3.0, 5.0)) == (5.0, 3.0)
