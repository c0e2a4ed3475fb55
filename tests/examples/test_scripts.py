"""Each example and the benchmark run at a small size, and say what they found."""
from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import pytest


def run(capsys: pytest.CaptureFixture[str], script: str, *options: str) -> str:
    import_module(script).main(["--small", *options])
    return capsys.readouterr().out


def number(text: str, pattern: str) -> float:
    found = re.search(pattern, text)
    assert found is not None, f"{pattern!r} is not in:\n{text}"
    return float(found[1])


def test_demo_prints_the_derivative_and_checks_it(capsys):
    out = run(capsys, "demo")
    assert "def misfit_adjoint(" in out
    assert "check: agrees" in out
    assert number(out, r"gradient/primal = (\S+)") > 0.0


def test_inverse_problem_finds_viscosity_and_initial_state(capsys):
    out = run(capsys, "burgers_inverse", "--plot", "u.png")
    assert number(out, r"found (\S+), true") == pytest.approx(0.01, rel=0.2)
    assert number(out, r"(\S+) of what was found") < 0.6 * number(out, r"relative error (\S+) of the first")
    assert Path("u.png").stat().st_size > 0


def test_mixture_prints_value_and_size_of_gradient(capsys):
    assert "gradient of 40 entries" in run(capsys, "gmm")


def test_orbit_is_found(capsys):
    out = run(capsys, "ode_fit", "--plot", "v.png")
    for name, true in (("period", 3.2), ("eccentricity", 0.45), ("amplitude", 1.4)):
        assert number(out, rf"{name} .* found +(\S+)") == pytest.approx(true, rel=0.05)
    assert Path("v.png").stat().st_size > 0


def test_benchmark_writes_table_and_json(capsys):
    out = run(capsys, "core", "--json", "bench.json")
    figures = json.loads(Path("bench.json").read_text())
    assert [row["name"] for row in figures["cases"]] == ["heat", "gmm", "kepler"]
    assert [row["method"] for row in figures["heat"]] == ["reverse", "forward", "finite differences"]
    # The scheme is quadratic in u: at least one number a grid point is needed at each step, and a few suffice.
    assert 8 * 998 <= figures["cases"][0]["tape_bytes_per_step"] <= 8 * 998 * 8
    assert "whole gradient" in out


def test_gradients_are_timed_against_adjoints_by_hand(capsys):
    out = run(capsys, "speed", "Burgers", "sparse", "--json", "speed.json")
    burgers, sparse = json.loads(Path("speed.json").read_text())
    assert burgers["hand_s"] > 0.0 and sparse["hand_s"] is None
    assert "Burgers in place" in out and "sparse product" in out
