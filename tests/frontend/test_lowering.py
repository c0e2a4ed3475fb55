"""Lowering keeps the meaning: the printed IR, run by Python, does what the original does."""
import copy
import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from s2sad.emit import to_python, unparse
from s2sad.frontend import UserFunction, lower_function
from s2sad.ir.nodes import Assign, For, While
from s2sad.ir.walk import binds, blocks, definition_counts, reads, result_names, use_counts, walk

spec = importlib.util.spec_from_file_location("s2sad_frontend_programs", Path(__file__).with_name("programs.py"))
programs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(programs)

POINTS = [([1.3, 0.7, 2.0, 1.1], n) for n in (0, 1, 2, 3, 4, 9)] + [([0.0, 2.0, -3.0, 4.0], n) for n in (1, 2, 4)] + \
    [([-1.0, 6.0, 1.6, 0.5], n) for n in (2, 5)]


def compiled(fn, folded=None):
    text = unparse(to_python(fn, folded or {}))
    space = {"np": np, "math": math, "zmul": lambda b, p: 0.0 if b == 0.0 else b * p}
    exec(text, space)
    return space[fn.name], text


def outcome(f, args):
    args = copy.deepcopy(args)
    try:
        with np.errstate(all="ignore"):
            return f(*args), args
    except Exception as e:
        return type(e).__name__, args


def same(a, b):
    if isinstance(a, (tuple, list)):
        return isinstance(b, (tuple, list)) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, str) or a is None:
        return a == b
    return not isinstance(b, str) and np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True)


@pytest.mark.parametrize("f", programs.ALL, ids=lambda f: f.__name__)
def test_same_results(f):
    fn = lower_function(UserFunction.from_callable(f))
    g, text = compiled(fn)
    for x, n in POINTS:
        args = (np.array(x), n)
        assert same(outcome(f, args), outcome(g, args)), f"x={x}, n={n}\n{text}"


@pytest.mark.parametrize("f", programs.ALL, ids=lambda f: f.__name__)
def test_loops_keep_their_promises(f):
    fn = lower_function(UserFunction.from_callable(f))
    for s in walk(fn.body):
        if not isinstance(s, For):
            continue
        inside = list(walk(s.body))
        bound = {n for i in inside for n in binds(i)}
        assert s.var not in bound
        assert not bound & {s.start, s.stop, s.step}
        assert s.exit is None or s.exit in bound
        readers = [r for r in walk(fn.body) if s.var in reads(r) and r is not s]
        loops = [t for t in walk(fn.body) if isinstance(t, For) and t.var == s.var]
        assert all(any(r in list(walk(t.body)) for t in loops) for r in readers)
        assert s.var not in result_names(fn.result)


def test_every_statement_has_a_position():
    fn = lower_function(UserFunction.from_callable(programs.helpers))
    lines = Path(programs.__file__).read_text().split("\n")
    for s in walk(fn.body):
        assert s.loc.text == lines[s.loc.line - 1]


def adjacent_folds(fn):
    """Temporaries that may be printed where they are read: read once, by the very next statement."""
    uses, definitions = use_counts(fn), definition_counts(fn)
    folded = {}

    def block(body):
        for k, s in enumerate(body):
            for b in blocks(s):
                block(b)
            if isinstance(s, Assign) and definitions[s.target] == uses[s.target] == 1 and s.target[0] == "t":
                rest = [r for r in body[k + 1:] if not (isinstance(r, Assign) and r.target in folded)]
                last = [] if rest or s.target not in result_names(fn.result) or body is not fn.body else ["result"]
                if (rest and s.target in reads(rest[0]) and not isinstance(rest[0], (For, While))) or last:
                    folded[s.target] = s.value
    block(fn.body)
    return folded


@pytest.mark.parametrize("f", programs.ALL, ids=lambda f: f.__name__)
def test_same_results_folded(f):
    fn = lower_function(UserFunction.from_callable(f))
    g, text = compiled(fn, adjacent_folds(fn))
    for x, n in POINTS:
        args = (np.array(x), n)
        assert same(outcome(f, args), outcome(g, args)), f"x={x}, n={n}\n{text}"
