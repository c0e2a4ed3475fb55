"""Compiled once per types, in threads too; machine code cached in files when asked; stop_gradient; the public names."""
from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np
import pytest

import s2sad
from s2sad import driver

X = np.array([1.0, 2.0, 3.0])


def test_generated_once_per_types_by_any_number_of_threads(monkeypatch):
    calls = []
    generate = driver.generate

    def counted(user, kind, argtypes, wrt, **options):
        calls.append((kind, argtypes))
        return generate(user, kind, argtypes, wrt, **options)

    monkeypatch.setattr(driver, "generate", counted)

    def f(x, a):
        return a * x[0] * x[1]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda k: s2sad.grad(f)(X, float(k)), range(16)))
    assert all(np.array_equal(g, [2.0 * k, 1.0 * k, 0.0]) for k, g in enumerate(results))
    assert [kind for kind, _ in calls] == ["grad"]
    made = s2sad.grad(f)._specialise((numba.float64[::1], numba.float64))
    assert len(made.plain.signatures) == 1 and not made.entry.signatures
    s2sad.grad(f)(X, 2)
    assert len(calls) == 2


def test_stop_gradient():
    def f(x):
        return x * s2sad.stop_gradient(x) + x

    assert s2sad.grad(f)(3.0) == 4.0
    assert s2sad.jvp(f, (3.0,), (1.0,)) == (12.0, 4.0)
    assert s2sad.stop_gradient(X) is X
    assert numba.njit(lambda x: s2sad.stop_gradient(x) + 1.0)(2.0) == 3.0


def test_public_names():
    assert sorted(s2sad.__all__) == sorted(set(s2sad.__all__))
    for name in s2sad.__all__:
        assert hasattr(s2sad, name)
        assert getattr(s2sad, name).__doc__ or name == "__version__"
    assert (Path(s2sad.__file__).parent / "py.typed").is_file()


KEPT = "import s2sad\n\n\n@s2sad.differentiate(cache=True)\ndef f(x):\n    return x * x\n"
CACHED = """
import sys
sys.path.insert(0, {here!r})
import s2sad
from kept import f
print(f(2.0), f.grad(2.0), sum(s2sad.grad(f)._specialise(({numba}.float64,)).plain.stats.cache_hits.values()))
"""


def test_cache_keeps_machine_code_between_processes(tmp_path):
    (tmp_path / "kept.py").write_text(KEPT)
    cache = tmp_path / "cache"
    text = CACHED.format(here=str(tmp_path), numba="__import__('numba')")
    root = str(Path(s2sad.__file__).parents[1])
    env = {**os.environ, "S2SAD_CACHE_DIR": str(cache), "PYTHONPATH": root}
    env.pop("NUMBA_CACHE_DIR", None)

    def run():
        return subprocess.run([sys.executable, "-c", text], env=env, capture_output=True, text=True, check=True).stdout

    found = [run().split() for _ in range(2)]
    assert found == [["4.0", "4.0", "0"], ["4.0", "4.0", "1"]]
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert list(cache.glob("f_grad_*.py"))


def test_a_cache_directory_of_others_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("S2SAD_CACHE_DIR", str(tmp_path))
    tmp_path.chmod(0o777)

    def f(x):
        return x * x

    with pytest.raises(s2sad.S2sadError, match="others"):
        s2sad.differentiate(f, cache=True).grad(2.0)
