"""Errors of use and of input: status 2, a message with a place, never a traceback."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from s2sad.cli import command

ROOT = Path(__file__).resolve().parents[2]
MODEL = """
    import numpy as np

    def f(x, a: float = 2.0):
        return a * x * x

    def annotated(x: "float64[::1]", n: int, a: np.float32, flag: bool = True):
        return a * x[n]

    def withs(x):
        with x:
            return x

    def stars(*x):
        return x

    def untyped(x):
        return x + "a"

    def two(x):
        return x, x

    class Model:
        def f(self): pass
"""


@pytest.mark.parametrize("arguments, words", [
    (("show", "model.py:f"), ["model.py:4:1: error[S2S044]", "--signature"]),
    (("show", "model.py:f", "--signature", "float64["), ["error[S2S044]", "cannot be read"]),
    (("show", "model.py:f", "--signature", "__import__('os')"), ["error[S2S044]"]),
    (("show", "model.py:f", "--signature", ""), ["error[S2S044]"]),
    (("show", "model.py:f", "--signature", "float64, float64, float64"), ["error[S2S044]", "x, a"]),
    (("show", "model.py:annotated", "--signature", "float64[::1]"), ["error[S2S044]", "x, n, a, flag"]),
    (("show", "model.py:f", "--signature", "float64", "--wrt", "z"), ["error[S2S040]", "'z'", "x, a"]),
    (("show", "model.py:f", "--signature", "float64", "--wrt", "5"), ["error[S2S040]"]),
    (("show", "model.py:f", "--signature", "float64", "--wrt", ","), ["error[S2S040]"]),
    (("show", "model.py:f", "--signature", "int64"), ["error[S2S041]", "float"]),
    (("show", "model.py:nope"), ["error[S2S060]", "annotated"]),
    (("show", "model.py:Model"), ["a class", "--import"]),
    (("show", "model.py:Model.f"), ["error[S2S060]"]),
    (("show", "model.py"), ["error[S2S060]", "FILE:FUNCTION"]),
    (("show", "missing.py:f"), ["error[S2S060]", "missing.py"]),
    (("show", "model.py:withs", "--signature", "float64"), ["model.py:11:5: error[S2S002]", "with x:", "^"]),
    (("show", "model.py:stars", "--signature", "float64"), ["model.py:14:", "error[S2S002]"]),
    (("show", "model.py:untyped", "--signature", "float64"), ["model.py:18:", "error["]),
    (("emit", "model.py:two", "--signature", "float64", "--mode", "grad"), ["model.py:20:1: error[S2S042]", "tuple"]),
    (("show", "model.py:f", "--mode", "sideways"), ["sideways", "adjoint"]),
    (("show",), ["FILE:FUNCTION"]),
    (("check", "model.py:f", "--size", "0"), ["--size"]),
    (("frobnicate",), ["frobnicate"]),
    ((), ["COMMAND"]),
])
def test_what_cannot_be_used(run, written, arguments, words):
    written(MODEL)
    status, out, err = run(*arguments)
    assert status == 2 and out == ""
    assert all(w in err for w in words), err
    assert "Traceback" not in err and "internal error" not in err


@pytest.mark.parametrize("content, words", [
    (b"def f(x):\n    return x * (\n", "broken.py:2:16: error[S2S001]"),
    (b"\x00\xff\xfe", "broken.py"),
    (b"def f(x):\n    return '\xff'\n", "utf-8"),
    (b"# -*- coding: klingon -*-\n", "klingon"),
    (b"def f(x): return " + b"(" * 300 + b"x" + b")" * 300, "parentheses"),
    (b"def f(x): return x" + b" + x" * 30000, "broken.py"),
    (b"def f(x): return x\x00", "broken.py"),
])
def test_files_that_are_no_python(run, written, content, words):
    written("", "broken.py").write_bytes(content)
    status, _, err = run("show", "broken.py:f", "--signature", "float64")
    assert status == 2 and words in err and "internal error" not in err


def test_types_from_annotations_and_defaults(run, written):
    written(MODEL)
    status, out, _ = run("show", "model.py:annotated")
    assert status == 0 and "annotated(float64[::1], int64, float32, boolean)" in out
    status, out, _ = run("show", "model.py:f", "--signature", "float64")
    assert status == 0 and "f(float64, float64)" in out


def test_wrt_of_the_decorator(run, written):
    text = """
        import s2sad
        WRT = ("b", 0)
        @s2sad.differentiate(wrt={wrt})
        def f(a, b, c): return a * b * c
    """
    for wrt, said in (("('b', 'c')", "by b, c"), ("1", "by b"), ("'c'", "by c"), ("WRT", "by b, a")):
        written(text.format(wrt=wrt))
        status, out, _ = run("show", "model.py:f", "--signature", "float64, float64, float64")
        assert status == 0 and f"its derivatives {said};" in out
    written(text.format(wrt="choose()"))
    status, _, err = run("show", "model.py:f", "--signature", "float64, float64, float64")
    assert status == 2 and "model.py:4:26" in err and "--wrt" in err
    status, out, _ = run("show", "model.py:f", "--signature", "float64, float64, float64", "--wrt", "-1")
    assert status == 0 and "by c" in out


def test_show_prints_the_derivative_and_not_the_function(run, written):
    written(MODEL)
    _, out, _ = run("show", "model.py:f", "--signature", "float64", "--mode", "adjoint,tangent")
    assert "def f_adjoint(x, a, " in out and "def f_tangent(" in out
    assert "def f(" not in out and "def f_grad" not in out


def test_importing_is_an_option(run, written, tmp_path):
    written("SCALE = 3.0\n", "package/__init__.py")
    written("def twice(x): return 2.0 * x\n", "package/helpers.py")
    written("""
        from . import SCALE, helpers
        print("imported")
        open("canary", "w").close()
        def make(p):
            def inner(x: float) -> float:
                return SCALE * helpers.twice(x) ** p
            return inner
        f = make(2)
    """, "package/model.py")
    arguments = ("emit", "package/model.py:f", "--signature", "float64", "--no-jit")
    status, _, err = run(*arguments)
    assert status == 2 and "--import" in err and not (tmp_path / "canary").exists()
    status, out, err = run(*arguments, "--import")
    assert status == 0 and (tmp_path / "canary").exists() and "imported" in err
    space: dict = {}
    exec(out, space)
    assert space["inner"](1.0) == 12.0 and space["inner_grad"](1.0) == 24.0


def test_a_module_that_fails_when_imported(run, written):
    written("raise SystemExit(3)\n")
    status, _, err = run("show", "model.py:f", "--import")
    assert status == 2 and "SystemExit" in err


def test_help(run):
    assert run("--help")[0] == 0
    for name in ("emit", "show", "check"):
        status, out, _ = run(name, "--help")
        assert status == 0 and "FILE:FUNCTION" in out and "--signature" in out


def test_a_bug_of_ours_is_reported_as_one(run, written, monkeypatch):
    written(MODEL)
    monkeypatch.setitem(command.COMMANDS, "show", lambda given: {}["key"])
    status, _, err = run("show", "model.py:f", "--signature", "float64")
    assert status == 2 and "internal error" in err and "KeyError" in err and "Traceback" not in err


def test_a_reader_that_has_seen_enough(written):
    file = written(MODEL)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "s2sad", "show", f"{file}:f", "--signature", "float64"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
