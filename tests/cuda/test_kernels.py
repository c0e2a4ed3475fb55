"""Kernels without a GPU: the simulator, which is chosen when numba is imported, and what is refused."""
from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import s2sad
from tests.cuda import programs_shared as shared
from tests.cuda.programs import REFUSED, n_body

HERE = Path(__file__).parent


@pytest.mark.parametrize("file", ["on_device.py", "hosts.py"])
def test_derivative_kernels_on_the_simulator(file):
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    run = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider",
                          str(HERE / file)], env=environment, capture_output=True, text=True,
                         cwd=HERE.parent.parent, timeout=300)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]


NEVER = (*REFUSED, *shared.REFUSED)


@pytest.mark.parametrize(("kernel", "wrt", "signature", "code"), NEVER, ids=[r[0].__name__ for r in NEVER])
def test_what_cannot_be_proven_is_refused_at_its_place(kernel, wrt, signature, code):
    for kind in ("adjoint", "tangent"):
        refused_at_its_place(kernel, wrt, signature, code, kind)


def refused_at_its_place(kernel, wrt, signature, code, kind):
    made = s2sad.differentiate(kernel, target="cuda", wrt=wrt)
    with pytest.raises(s2sad.UnsupportedSyntax) as e:
        made.source(kind, signature=signature)
    assert e.value.code == code and e.value.hint
    first = kernel.__code__.co_firstlineno
    assert e.value.loc.file == kernel.__code__.co_filename and first <= e.value.loc.line < first + 20


@pytest.mark.parametrize(("kernel", "wrt", "signature", "code"), shared.REFUSED_IN_REVERSE,
                         ids=[r[0].__name__ for r in shared.REFUSED_IN_REVERSE])
def test_what_the_reverse_sweep_cannot_undo_is_refused(kernel, wrt, signature, code):
    assert s2sad.differentiate(kernel, target="cuda", wrt=wrt).source("tangent", signature=signature)
    refused_at_its_place(kernel, wrt, signature, code, "adjoint")


def test_source_imports_nothing_of_ours():
    made = s2sad.differentiate(n_body, target="cuda", wrt=("position", "mass", "soft"))
    text = made.source("adjoint", signature="float64[::1], float64[::1], float64[::1], float64")
    imported = {a.name if isinstance(n, ast.Import) else n.module for n in ast.walk(ast.parse(text))
                if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names}
    assert imported <= {"math", "numpy", "numba"}
    assert "cuda.atomic.add(b_mass, j, " in text and "b_force[i] = 0.0" in text


def test_threads_have_no_place_outside_of_kernels():
    with pytest.raises(s2sad.UnsupportedSyntax) as e:
        s2sad.source(n_body, "adjoint", signature="float64[::1], float64[::1], float64[::1], float64", wrt="position")
    assert e.value.code == "S2S080"


def test_programs_of_the_cpus_tests_as_kernels():
    run = subprocess.run([sys.executable, "-m", "tests.cuda.cpu_programs", "25"], capture_output=True, text=True,
                         env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}, cwd=HERE.parent.parent, timeout=300)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    found = json.loads(run.stdout)
    assert found["right"] >= 5 and found["wrong"] == []
