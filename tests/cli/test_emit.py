"""Emitted modules: what they hold, that they run without s2sad, and how they are written."""
from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAT = ROOT / "examples" / "heat.py"
SIGNATURE = "float64[::1], float64, float64[::1], float64, float64, int64"

SMALL = """
    import math

    def f(x, a):
        return a * math.sin(x)
"""

USE = """
import numpy as np
import heat_ad
assert "s2sad" not in __import__("sys").modules
u0, data = np.array([0.1, 0.4, 0.9, 0.3, 0.2]), np.full(5, 0.5)
rest = (data, 0.01, 0.2, 4)
g_u0, g_nu = heat_ad.misfit_grad(u0, 0.1, *rest)
h = 1e-6
d_nu = (heat_ad.misfit(u0, 0.1 + h, *rest) - heat_ad.misfit(u0, 0.1 - h, *rest)) / (2 * h)
assert abs(g_nu - d_nu) < 1e-7 * abs(d_nu), (g_nu, d_nu)
value, d = heat_ad.misfit_tangent(u0, np.ones(5), 0.1, 2.0, *rest)
assert value == heat_ad.misfit(u0, 0.1, *rest)
assert abs(d - (g_u0.sum() + 2.0 * g_nu)) < 1e-12
b_u0 = np.zeros(5)
assert heat_ad.misfit_adjoint(u0, b_u0, 0.1, *rest, 1.0) == g_nu
assert (b_u0 == g_u0).all()
"""


def namespace(text: str) -> dict:
    space: dict = {}
    exec(text, space)
    return space


def imported(text: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return found


def definitions(text: str) -> list[ast.FunctionDef]:
    return [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)]


def test_the_example_of_the_readme_runs_alone_and_is_the_same_in_every_run(tmp_path):
    # The module lies where s2sad cannot be imported from.
    texts = []
    for seed in ("0", "4321"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        out = tmp_path / seed / "heat_ad.py"
        out.parent.mkdir()
        subprocess.run([sys.executable, "-m", "s2sad", "emit", str(HEAT) + ":misfit", "--wrt", "u0,nu", "--mode",
                        "adjoint,tangent", "--signature", SIGNATURE, "-o", str(out)], check=True, env=env, cwd=tmp_path)
        texts.append(out.read_bytes())
    assert texts[0] == texts[1]
    assert imported(texts[0].decode()) <= {"math", "numpy", "numba"}
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run([sys.executable, "-c", USE], check=True, env=env, cwd=tmp_path / "0")


def test_what_an_emitted_module_holds(run):
    status, text, err = run("emit", f"{HEAT}:misfit", "--signature", SIGNATURE)
    assert status == 0 and err == ""
    names = [d.name for d in definitions(text)]
    assert len(names) == len(set(names))
    assert [n for n in names if n.startswith("misfit")] == ["misfit", "misfit_tangent", "misfit_adjoint", "misfit_grad"]
    header = text[:text.index("\n\n")]
    assert all(line.startswith("#") for line in header.splitlines())
    for said in ("heat.py", "misfit", "by u0, nu", "s2sad 0.", SIGNATURE):
        assert said in header
    assert str(HEAT.parent) not in text
    for d in definitions(text):
        if d.name.startswith("misfit_"):
            doc = ast.get_docstring(d) or ""
            assert all(a.arg in doc for a in d.args.args), d.name
    doc = ast.get_docstring(next(d for d in definitions(text) if d.name == "misfit_adjoint")) or ""
    assert "shadow of u0" in doc and "cotangent of the result" in doc and "gradient by nu" in doc


def test_the_mode_chooses_what_is_emitted(run, written):
    file = written(SMALL)

    def names(*options):
        status, text, err = run("emit", f"{file}:f", "--signature", "float64, float64", "--no-jit", *options)
        assert status == 0, err
        return [d.name for d in definitions(text) if d.name.startswith("f")]

    assert names("--mode", "tangent") == ["f", "f_tangent"]
    assert names("--mode", "adjoint") == ["f", "f_adjoint", "f_grad"]
    assert names("--mode", "grad") == ["f", "f_adjoint", "f_grad"]
    assert names("--mode", "value_and_grad") == ["f", "f_adjoint", "f_value_and_grad"]
    assert names("--value") == ["f", "f_tangent", "f_adjoint", "f_value_and_grad"]
    assert names("--mode", "primal") == ["f"]
    assert names("--mode", "vjp") == ["f", "f_forward", "f_reverse"]


def test_without_jit_it_is_plain_python(run, written):
    file = written(SMALL)
    status, text, _ = run("emit", f"{file}:f", "--signature", "float64, float64", "--wrt", "x,a", "--no-jit", "--value")
    assert status == 0 and "numba" not in text
    space = namespace(text)
    value, gradient = space["f_value_and_grad"](0.5, 2.0)
    np.testing.assert_allclose([value, *gradient], [2 * np.sin(0.5), 2 * np.cos(0.5), np.sin(0.5)], rtol=1e-15)
    assert space["f_adjoint"](0.5, 2.0, 1.0) == (value, gradient)


def test_a_gradient_has_an_adjoint_of_its_own_where_arguments_are_overwritten(run, written):
    file = written("""
        def f(x, work):
            for i in range(x.shape[0]):
                work[i] = x[i] ** 2
            s = 0.0
            for i in range(x.shape[0]):
                s += 3.0 * x[i]
            return s
    """)
    status, text, _ = run("emit", f"{file}:f", "--signature", "float64[::1], float64[::1]", "--no-jit")
    assert status == 0
    names = [d.name for d in definitions(text) if d.name.startswith("f")]
    assert names == ["f", "f_tangent", "f_adjoint", "f_grad_adjoint", "f_grad"]
    space = namespace(text)
    x, work = np.array([1.0, 2.0]), np.array([5.0, 6.0])
    assert space["f_grad"](x, work).tolist() == [3.0, 3.0] and work.tolist() == [5.0, 6.0]
    b_x, b_work = np.zeros(2), np.array([1.0, 10.0])
    space["f_adjoint"](x, b_x, work, b_work, 1.0)
    assert b_x.tolist() == [5.0, 43.0] and b_work.tolist() == [0.0, 0.0]


def test_options_of_numba(run, written):
    file = written("""
        from numba import njit

        @njit(fastmath={"nsz", "arcp"}, error_model="numpy", inline="always")
        def f(x):
            return 1.0 / x
    """)
    _, text, _ = run("emit", f"{file}:f", "--signature", "float64", "--boundscheck", "--nogil")
    options = "fastmath={'arcp': True, 'nsz': True}, nogil=True, boundscheck=True, error_model='numpy'"
    assert f"@njit({options})\ndef f(x):" in text
    assert "nonzero" not in text
    _, text, _ = run("emit", f"{file}:f", "--signature", "float64", "--error-model", "python")
    assert "nonzero" in text


# ---------------------------------------------------------------------------- files

def test_files_are_not_overwritten_unless_forced(run, written, tmp_path):
    file = written(SMALL)
    out = tmp_path / "f_ad.py"
    out.write_text("precious")
    out.chmod(0o640)
    emit = ("emit", f"{file}:f", "--signature", "float64, float64", "-o", out)
    status, _, err = run(*emit)
    assert (status, out.read_text()) == (2, "precious") and "--force" in err
    status, _, err = run(*emit, "--force")
    assert status == 0 and "def f_adjoint" in out.read_text()
    assert out.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f_ad.py", "model.py"]


@pytest.mark.parametrize("out", ["model.py", ".", "missing/f_ad.py", "link.py"])
def test_outputs_that_cannot_be(run, written, tmp_path, out):
    file = written(SMALL)
    (tmp_path / "link.py").symlink_to("model.py")
    status, _, err = run("emit", f"{file}:f", "--signature", "float64, float64", "-o", out, "--force")
    assert status == 2 and err.startswith("error[S2S060]")
    assert "def f(x, a)" in file.read_text()


def test_a_failure_while_writing_leaves_the_old_file(run, written, tmp_path, monkeypatch):
    file = written(SMALL)
    out = tmp_path / "f_ad.py"
    out.write_text("precious")

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    status, _, err = run("emit", f"{file}:f", "--signature", "float64, float64", "-o", out, "--force")
    assert status == 2 and "No space left" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f_ad.py", "model.py"] and out.read_text() == "precious"


def test_new_files_have_the_usual_permissions(run, written, tmp_path):
    file = written(SMALL)
    (tmp_path / "usual").touch()
    run("emit", f"{file}:f", "--signature", "float64, float64", "-o", "f_ad.py")
    assert (tmp_path / "f_ad.py").stat().st_mode == (tmp_path / "usual").stat().st_mode
