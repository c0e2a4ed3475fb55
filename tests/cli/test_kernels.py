"""Emitted kernels: read without a GPU and without executing the file, run on the simulator without s2sad."""
from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from tests.cli.test_emit import ROOT, imported

MODEL = """
    import math
    import numba as nb
    from numba import cuda as gpu
    import s2sad

    SCALE, SIZE = 2.5, 2
    open("canary", "w").close()

    @gpu.jit(device=True)
    def root(d):
        return 1.0 / math.sqrt(d)

    @gpu.jit(fastmath=True)
    def forces(force, position, mass, soft, n):
        i = gpu.grid(1)
        if i >= position.shape[0]:
            return
        kept = gpu.local.array(SIZE, nb.float64)
        kept[1] = position[i]
        total = 0.0
        for j in range(position.shape[0]):
            d = position[j] - kept[1]
            total += SCALE * mass[j] * d * root(d * d + soft)
        for k in range(n):
            total = total * total + math.sin(total)      # kept on a tape
        force[i] = total * kept[1]

    @s2sad.differentiate(target="cuda", wrt="x")
    def square(y, x):
        i = gpu.grid(1)
        if i < x.shape[0]:
            y[i] = x[i] * x[i]
"""
SIGNATURE = "float64[::1], float64[::1], float64[::1], float64, int64"
ASKED = ("--target", "cuda", "--signature", SIGNATURE, "--wrt", "position,mass,soft")

USE = """
import sys
import numpy as np
import model_ad as m
assert "s2sad" not in sys.modules
r = np.random.default_rng(0)
p, q, b_f = 0.1 * r.random(5), r.random(5), r.random(5)
d_p, d_q, d_s = r.random(5), r.random(5), 0.7

def after(h):
    force = np.zeros(5)
    m.forces[2, 3](force, p + h * d_p, q + h * d_q, 0.5 + h * d_s, 3)
    return force

expected = (after(1e-6) - after(-1e-6)) / 2e-6
d_f = np.zeros(5)
m.forces_tangent[2, 3](np.zeros(5), d_f, p, d_p, q, d_q, 0.5, d_s, 3)
assert np.allclose(d_f, expected, rtol=1e-7, atol=1e-9) and np.abs(expected).max() > 1e-3
b_p, b_q, b_s = np.zeros(5), np.zeros(5), np.zeros(1)
m.forces_adjoint_launch(2, 3, np.zeros(5), b_f.copy(), p, b_p, q, b_q, 0.5, b_s, 3)
assert abs(b_p @ d_p + b_q @ d_q + b_s[0] * d_s - b_f @ d_f) < 1e-12
"""


def emitted(written, *options):
    """The text that the command writes, in a process of its own, where the file may not be executed."""
    file = written(MODEL)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "77"}
    made = subprocess.run([sys.executable, "-m", "s2sad", "emit", f"{file}:forces", *ASKED, *options], env=env,
                          capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert not file.with_name("canary").exists()
    return made.stdout


def test_a_module_of_kernels_runs_alone(run, written, tmp_path):
    text = emitted(written, "-o", "-")
    assert run("emit", "model.py:forces", *ASKED)[1] == text
    assert imported(text) <= {"math", "numpy", "numba"}
    (tmp_path / "model_ad.py").write_text(text)
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    ran = subprocess.run([sys.executable, "-c", USE], env={**env, "NUMBA_ENABLE_CUDASIM": "1"}, cwd=tmp_path,
                         capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_what_a_module_of_kernels_holds(run, written):
    file = written(MODEL)
    _, text, _ = run("emit", f"{file}:forces", *ASKED)
    names = [n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)]
    assert names == ["zmul", "root", "forces", "forces_tangent", "forces_adjoint", "forces_trips",
                     "forces_adjoint_launch"]
    assert text.count("@cuda.jit(fastmath=True)\n") == 4 and "# kept on a tape" in text
    assert "blockDim.y = 1" in text and "tape" in text
    _, text, _ = run("show", f"{file}:forces", *ASKED)
    assert "def forces(" not in text and "def forces_adjoint(" in text
    _, text, _ = run("emit", f"{file}:square", "--target", "cuda", "--mode", "adjoint", "--signature",
                     "float64[::1], float64[::1]")
    assert "by x;" in text and "launch(" not in text             # wrt is the decorator's


def test_a_module_that_is_imported(run, written):
    file = written(MODEL)
    _, read, _ = run("emit", f"{file}:square", "--target", "cuda", "--signature", "float64[::1], float64[::1]")
    status, text, err = run("emit", f"{file}:square", "--target", "cuda", "--signature", "float64[::1], float64[::1]",
                            "--import")
    assert status == 0 and text == read, err


@pytest.mark.parametrize(("options", "said"), [
    (("--target", "cuda", "--mode", "vjp"), "no mode 'vjp' of a kernel"),
    (("--target", "cuda", "--no-jit"), "--no-jit means nothing"),
    (("--mode", "adjoint"), "cuda.jit"),
])
def test_what_does_not_fit_a_kernel_is_refused(run, written, options, said):
    file = written(MODEL)
    status, text, err = run("emit", f"{file}:forces", "--signature", SIGNATURE, "--wrt", "mass", *options)
    assert status == 2 and text == "" and said in err
