"""Machine code for an H100 without one: every derivative kernel is compiled to PTX, which needs numba-cuda[cu13]."""
from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from numba import cuda, types

import s2sad
from s2sad.cuda.launch import type_of
from tests.cuda.on_device import PROGRAMS, names


@pytest.fixture(autouse=True)
def an_h100(monkeypatch):
    """Device functions are compiled for the device that is there, which numba asks the driver for."""
    from numba.cuda import dispatcher
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=(9, 0)))


@pytest.mark.parametrize("kind", ["adjoint", "tangent"])
@pytest.mark.parametrize("p", PROGRAMS, ids=lambda p: p.name)
def test_kernel_compiles_to_ptx(p, kind):
    made = s2sad.differentiate(p.kernel, target="cuda", wrt=p.wrt)
    known = tuple(map(type_of, p.args(np.random.default_rng(0))))
    code = made.code(kind, known)
    space = made.space(code)
    given = []
    for t, n in zip(known, code.params):
        given.append(t)
        if n in code.shadowed:
            given.append(types.Array(t, 1, "C") if kind == "adjoint" and not isinstance(t, types.Array) else t)
    counts = [types.Array(types.int64, 1, "C")] if code.tapes else []
    tapes = [types.Array(t, 2, "C") for t in code.tapes.values()]
    ptx, _ = cuda.compile_ptx(space[code.name].py_func, (*given, *tapes, *counts), cc=(9, 0))
    assert ".target sm_90" in ptx and len(names(p)) == len(known)
    if code.trips is not None:
        ptx, _ = cuda.compile_ptx(space[code.trips].py_func, (*known, *counts), cc=(9, 0))
        assert "atom" in ptx or "red." in ptx
