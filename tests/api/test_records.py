"""Arrays of records: fields as arrays of their own, derivatives as records of the same dtype."""
import numba
import numpy as np
import pytest

import s2sad

BODY = np.dtype([("mass", np.float64), ("x", np.float64), ("id", np.int32), ("single", np.float32)], align=True)
BOX = np.dtype([("corner", np.float64, (2,)), ("weight", np.float64)])


def bodies():
    b = np.zeros(3, BODY)
    b["mass"], b["x"], b["id"], b["single"] = [1.0, 2.0, 3.0], [0.5, -1.0, 2.0], [7, 8, 9], [0.25, 0.5, 1.0]
    return b


def energy(b):
    e = 0.0
    for i in range(b.shape[0]):
        e += b[i].mass * b[i].x ** 2 * b[i].single
        for j in range(i):
            other = b[j]
            e += other.mass * b[i]["mass"] * b["x"][i] * b.x[j]
    return e


def energy_of(mass, x, single):
    e = np.sum(mass * x ** 2 * single)
    for i in range(3):
        for j in range(i):
            e += mass[j] * mass[i] * x[i] * x[j]
    return e


def kick(b, h):
    for i in range(len(b)):
        body = b[i]
        body.x = body.x + h * body.mass * body.x
        body.mass *= 2.0
    b[0] = b[1]
    b[2].x += b.x[0]
    b["x"][1] = b[1]["x"] * b[2].x


def kicked(b, h):
    kick(b, h)
    total = 0.0
    for body in b:
        total += body.x * body.mass + body.id
    return total


def test_gradient_is_records():
    b = bodies()
    value, g = s2sad.value_and_grad(energy)(b)
    assert value == pytest.approx(numba.njit(energy)(b), rel=1e-12)
    assert g.dtype == BODY and g.shape == b.shape and not g["id"].any()
    want = s2sad.numeric.gradient(energy_of, (b["mass"].copy(), b["x"].copy(), b["single"].astype(float)),
                                  wrt=("mass", "x", "single"), method="complex-step").value
    assert g["mass"] == pytest.approx(want[0], rel=1e-12) and g["x"] == pytest.approx(want[1], rel=1e-12)
    assert g["single"] == pytest.approx(want[2], rel=1e-6)


def test_written_through_views():
    b = bodies()
    before = b.copy()
    compiled = s2sad.differentiate(kicked)          # numba compiles the helper, too
    value, (g, g_h) = s2sad.value_and_grad(kicked, wrt=("b", "h"))(b, 0.1)
    assert (b == before).all(), "the caller's records are untouched"
    assert value == pytest.approx(compiled(b.copy(), 0.1), rel=1e-13)
    step = 1e-6
    for key in ("mass", "x"):
        for i in range(3):
            ahead, back = b.copy(), b.copy()
            ahead[key][i] += step
            back[key][i] -= step
            want = (compiled(ahead, 0.1) - compiled(back, 0.1)) / (2 * step)
            assert g[key][i] == pytest.approx(want, rel=1e-7, abs=1e-8), (key, i)
    want = (compiled(b.copy(), 0.1 + step) - compiled(b.copy(), 0.1 - step)) / (2 * step)
    assert g_h == pytest.approx(want, rel=1e-7)
    direction = np.zeros(3, BODY)
    direction["mass"], direction["x"] = [0.3, -0.2, 0.7], [1.0, 0.5, -0.4]
    _, d = s2sad.jvp(kicked, (b, 0.1), (direction, 0.5))
    dot = np.sum(g["mass"] * direction["mass"]) + np.sum(g["x"] * direction["x"]) + 0.5 * g_h
    assert d == pytest.approx(dot, rel=1e-13)


def test_records_are_outputs():
    b = bodies()
    (value,), pullback = s2sad.vjp(kick, b, 0.1, outputs=("b",))
    want = b.copy()
    numba.njit(kick)(want, 0.1)
    assert value.dtype == BODY and all(value[k] == pytest.approx(want[k]) for k in BODY.names)
    seed = np.zeros(3, BODY)
    seed["x"], seed["mass"] = [1.0, -2.0, 0.5], [0.3, 0.2, 0.1]
    g, g_h = pullback((seed,))
    again, _ = pullback((seed,))
    assert g.dtype == BODY and (g == again).all()
    direction = np.zeros(3, BODY)
    direction["mass"], direction["x"] = [0.3, -0.2, 0.7], [1.0, 0.5, -0.4]
    _, (d,) = s2sad.jvp(kick, (b, 0.1), (direction, 0.5), outputs=("b",))
    forward = sum(np.sum(d[k] * seed[k]) for k in ("x", "mass"))
    backward = sum(np.sum(g[k] * direction[k]) for k in ("x", "mass")) + 0.5 * g_h
    assert forward == pytest.approx(backward, rel=1e-13)


def test_one_record_and_nested_fields():
    def f(r):
        return r.mass * r["x"] ** 2

    g = s2sad.grad(f)(bodies()[1])
    assert g.dtype == BODY and (g["mass"], g["x"], g["id"]) == (1.0, -4.0, 0)

    def boxes(b):
        s = 0.0
        for i in range(b.shape[0]):
            s += b[i].corner[0] * b[i].corner[1] * b[i].weight
        return s * b["corner"][0, 1]

    b = np.zeros(2, BOX)
    b["corner"], b["weight"] = [[1.0, 2.0], [3.0, 4.0]], [0.5, 0.25]
    g = s2sad.grad(boxes)(b)
    assert g["corner"].tolist() == [[2.0, 4.0 + 1.0], [2.0, 1.5]] and g["weight"].tolist() == [4.0, 24.0]


def test_slices_and_helpers():
    def part(b):
        return b[0].mass * b[1].x

    def f(b):
        return part(b[1:]) + part(b[::-1]) * b[1:].shape[0]

    g = s2sad.grad(f)(bodies())
    assert g["mass"].tolist() == [0.0, 2.0, -2.0] and g["x"].tolist() == [0.0, 6.0, 2.0]
    s2sad.check_grads(f, (bodies(),))


def test_in_compiled_code_and_low_level():
    gradient = s2sad.grad(energy)
    b = bodies()
    shadow = np.zeros(3, BODY)
    s2sad.adjoint(energy)(b, shadow, 1.0)
    want = gradient(b)
    for key in ("mass", "x", "single"):
        assert shadow[key] == pytest.approx(want[key], rel=1e-6)


@pytest.mark.parametrize("line, part", [
    ("b[i] = 1.0", "only a record of the same type"),
    ("b[:] = b", "only a record of the same type"),
    ("b.x = 1.0", "a field of an array of records"),
    ("b[i].nope = 1.0", "no field"),
    ("s = b[m].x", "no such operation|int"),
])
def test_refused(line, part, tmp_path):
    path = tmp_path / "refused.py"
    path.write_text(f"def f(b, i, m):\n    s = b[0].x\n    {line}\n    return s\n")
    space = {}
    exec(compile(path.read_text(), str(path), "exec"), space)
    with pytest.raises(s2sad.S2sadError, match=part) as caught:
        s2sad.grad(space["f"])(bodies(), 0, np.array([0, 1]))
    assert caught.value.loc.line == 3
