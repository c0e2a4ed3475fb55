"""Every rule, in both modes, against mpmath's derivative of the same function: in generated code, double and single."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
from mpmath import mp

from s2sad.rules import CONSTANT, Rule, lookup
from s2sad.rules.table import declared
from s2sad.runtime.helpers import python_functions
from tests.execution import execute, generate
from tests.fuzz.program import define
from tests.rules.evaluation import function, partial
from tests.rules.proofs import COUNT, PROOFS
from tests.rules.references import Reference, reference
from tests.rules.single import Single, execute_single

RULES = {entry.names[0]: entry for entry in declared().values() if isinstance(entry, Rule)}

# Constants by decree rather than by what they compute, or of integers only.
DECREED = {"stop_gradient", "list_index"}
PRECISIONS = {"double": (2.0 ** -52, 1e-307, 1e307), "single": (2.0 ** -23, 1e-37, 1e37)}
WRITTEN = {"add": "x0 + x1", "sub": "x0 - x1", "mul": "x0 * x1", "div": "x0 / x1", "neg": "-x0", "pos": "+x0",
           "pow": "x0 ** x1", "mod": "x0 % x1", "select": "x1 if x0 else x2",
           "tanh_slope": "tanh_slope(x0, np.tanh(x0))"}
DEPENDENT = {"tanh_slope": lambda x: (x, math.tanh(x))}
"""Functions some of whose operands follow from the others, and all of them."""


def test_every_rule_has_a_proof():
    assert set(RULES) == set(PROOFS)
    assert all(len(list(p.operands())) >= COUNT >= 200 for p in PROOFS.values())


# ---------------------------------------------------------------------------- derivatives in generated code

def tangent_of(name: str, kind: type):
    """The generated tangent of a function by all its real operands."""
    f, examples, real = program(name, kind)
    return generate(f, examples, "tangent", real)


def program(name: str, kind: type):
    proof = PROOFS[name]
    params = [f"x{k}" for k in range(len(proof.intervals))]
    text = WRITTEN.get(name) or f"{name}({', '.join(params)})"
    f = define(f"import numpy as np\n\ndef f({', '.join(params)}):\n    return {text}\n")
    f.__globals__.update(python_functions())
    return f, [1 if proof.integer(k) else kind(1.0) for k in range(len(params))], tuple(
        p for k, p in enumerate(params) if not proof.integer(k))


def derivatives(name: str, precision: str) -> Iterator[Callable[..., tuple[float, dict[int, float]]]]:
    """For either mode a function of the operands that gives the value and the partials, from generated code."""
    proof = PROOFS[name]
    kind, wrap, run = (float, np.float64, execute) if precision == "double" else (
        np.float32, Single, lambda g: execute_single(g.source))
    f, examples, names = program(name, kind)
    real = [k for k in range(len(examples)) if not proof.integer(k)]
    tangent = tangent_of(name, kind)
    moved = run(tangent)[tangent.name]
    adjoint = generate(f, examples, "value_and_grad", names)
    pulled = run(adjoint)[adjoint.name]

    def wrapped(operands):
        return [x if proof.integer(k) else wrap(x) for k, x in enumerate(operands)]

    def forward(*operands):
        found, value = {}, math.nan
        for k in real:
            args: list = []
            for j, x in enumerate(wrapped(operands)):
                args += [x] if proof.integer(j) else [x, wrap(float(j == k))]
            value, d = moved(*args)
            found[k] = float(d)
        return float(value), found

    def reverse(*operands):
        value, gradient = pulled(*wrapped(operands))
        return float(value), dict(zip(real, map(float, gradient if len(real) > 1 else (gradient,))))

    yield forward
    yield reverse


@cache
def references(name: str, single: bool) -> list[tuple[tuple[float, ...], Reference]]:
    found = []
    for operands in PROOFS[name].operands():
        if single:
            if any(isinstance(x, float) and x and not 1e-37 < abs(x) < 1e37 for x in operands):
                continue
            operands = tuple(x if isinstance(x, int) else float(np.float32(x)) for x in operands)
        try:
            ref = reference(PROOFS[name], operands)
        except (ValueError, ZeroDivisionError):
            ref = None
        if ref is None or any(isinstance(d, mp.mpc) for d in ref.partials):
            assert single, operands         # rounded to the end of the domain
            continue
        found.append((operands, ref))
    return found


def spread(name: str, operands: tuple[float, ...], param: int, ref: Reference, value: float) -> float:
    """What relative errors of the operands, and of the result where the formula uses it, do to a partial: by their
    sum and the partial's own size its error is measured."""
    rule = RULES[name]
    total = ref.spread(param)
    operands = all_operands(name, operands)
    if math.isfinite(value):
        up, down = (partial(rule, rule.params[param], operands, value * (1.0 + s)) for s in (1e-7, -1e-7))
        total += abs(up - down) / 2e-7
    return total


def all_operands(name: str, operands: tuple[float, ...]) -> tuple[float, ...]:
    return DEPENDENT[name](*operands) if name in DEPENDENT else operands


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", sorted(PROOFS))
def test_partials(name, precision):
    conditioned, plain, *where = errors(name, precision)
    assert conditioned <= 4.0, where
    assert plain <= PROOFS[name].ulps, where


def errors(name: str, precision: str) -> tuple[float, float, object, object]:
    """The largest error relative to what is allowed, the largest in units of the last place, and where they are."""
    eps, smallest, largest = PRECISIONS[precision]
    relative, plain = (0.0, None), (0.0, None)
    points = references(name, precision == "single")
    assert len(points) >= COUNT * 0.95
    modes = list(derivatives(name, precision))
    for operands, ref in points:
        for mode in modes:
            value, found = mode(*operands)
            for k, got in found.items():
                want = ref.partials[k]
                size = abs(float(want))
                if size > largest or not abs(value) <= largest:
                    continue
                error = float(abs(mp.mpf(got) - want))
                if error <= smallest * 8.0 * eps or size < smallest and error <= smallest:
                    continue
                at = operands, k, got, float(want)
                ulps = error / (eps * size) if size else math.inf
                least = max(size, PROOFS[name].floor)
                plain = max(plain, (error / (eps * least) if least else math.inf, at), key=lambda e: e[0])
                # The condition only adds to what is allowed.
                scale = size + spread(name, operands, k, ref, value) if ulps > 1.0 else size
                relative = max(relative, (error / (eps * scale), at), key=lambda e: e[0])
    return relative[0], plain[0], relative[1], plain[1]


def test_one_divided_by_a_number():
    """The one rule that looks at a literal: with a numerator of 1 the partial is that of the reciprocal."""
    f = define("def f(x):\n    return 1.0 / x + 1 / x\n")
    generated = generate(f, [1.0], "value_and_grad", ("x",))
    assert sum(" / t" in line for line in generated.source.splitlines()) == 2         # both in the forward sweep
    gradient = execute(generated)[generated.name]
    for x, in PROOFS["np.reciprocal"].operands():
        with mp.workdps(50):
            want = float(-2 / mp.mpf(x) ** 2)
        assert gradient(np.float64(x))[1] == pytest.approx(want, rel=8e-16)


@pytest.mark.parametrize("name", ["pow", "math.atan2", "np.logaddexp", "math.erf", "mod"])
def test_single_precision_is_that_of_compiled_code(name):
    generated = tangent_of(name, np.float32)
    space: dict = {}
    exec(compile(generated.source, f"<{name}>", "exec"), space)
    compiled, emulated = space[generated.name], execute_single(generated.source)[generated.name]
    for operands in list(PROOFS[name].operands(20))[-20:]:
        args = [np.float32(v) for x in operands for v in (x, 0.3)]
        for got, want in zip(emulated(*map(Single, args)), compiled(*args)):
            assert float(got) == pytest.approx(want, rel=2e-6)


@pytest.mark.parametrize("name", sorted(PROOFS))
def test_second_derivatives(name):
    """Forward over reverse: the generated gradient is differentiated again."""
    f, examples, names = program(name, float)
    gradient = generate(f, examples, "grad", names)
    again = generate(define(gradient.source, gradient.name), examples, "tangent", names)
    hessian = execute(again)[again.name]
    real = [k for k in range(len(examples)) if not PROOFS[name].integer(k)]
    compared = 0
    for operands, ref in references(name, False)[-25:]:
        for j in real:
            args: list = []
            for k, x in enumerate(operands):
                args += [np.float64(x), np.float64(k == j)] if k in real else [x]
            _, rows = hessian(*args)
            for k, got in zip(real, rows if len(real) > 1 else (rows,)):
                want = float(ref.second[k, j])
                scale = abs(want) + (abs(float(ref.partials[k])) / abs(operands[j]))
                assert float(got) == pytest.approx(want, rel=0.0, abs=1e-9 * scale), (operands, k, j)
                compared += 1
    assert compared >= 20


# ---------------------------------------------------------------------------- names and constants

@pytest.mark.parametrize("name", sorted({n for rule in RULES.values() for n in rule.names}))
def test_names_compute_the_function_proved(name):
    rule = lookup(name)
    proof = PROOFS[rule.names[0]]
    tolerance = 1e-6 if name == "np.float32" else 1e-13
    for operands in proof.operands(8):
        with mp.workdps(50):
            want = float(proof.f(*proof.exact(operands)))
        if name == "np.float32" and not 1e-30 < abs(want) < 1e30:
            continue
        assert float(function(name)(*all_operands(name, operands))) == pytest.approx(want, rel=tolerance, abs=1e-14)


@pytest.mark.parametrize("name", sorted(set(n for n, e in declared().items() if e is CONSTANT) - DECREED))
def test_constants_are_constant(name):
    f = function(name)
    rng = np.random.default_rng(7)
    for x, y in rng.uniform(0.1, 9.0, (20, 2)).tolist():
        try:
            here = f(x)
            there = f(x + 1e-9), f(x - 1e-9)
        except TypeError:
            try:
                here = f(x, y)
                there = f(x + 1e-9, y), f(x - 1e-9, y), f(x, y + 1e-9), f(x, y - 1e-9)
            except TypeError:
                # Not defined for floating-point operands at all.
                return
        assert all(t == here or math.isnan(t) for t in there)
