"""Make a failing program smaller by leaving out statements, branches and operands while it still fails alike."""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import replace

from tests.fuzz.oracles import check
from tests.fuzz.program import Program
from tests.fuzz.report import Disagreement


def symptom(program: Program) -> str | None:
    """What goes wrong, without the details that change as the program does."""
    try:
        check(program)
    except Disagreement as e:
        first = str(e).split("\n", 1)[0]
        return first.split("'")[0].rstrip("0123456789")
    except Exception:
        # The smaller program is wrong itself: it reads what is no longer assigned.
        return None
    return None


def shrink(program: Program, tries: int = 400) -> Program:
    """A smaller program with the same symptom."""
    wanted = symptom(program)
    smaller = True
    while smaller:
        smaller = False
        for text in candidates(program.source):
            tries -= 1
            if tries < 0:
                return program
            made = replace(program, source=text)
            if runs(made) and symptom(made) == wanted:
                program, smaller = made, True
                break
    return program


def runs(program: Program) -> bool:
    try:
        return isinstance(program.function()(*program.args), float)
    except Exception:
        return False


def candidates(source: str) -> Iterator[str]:
    """Texts of programs with one thing left out, the largest things first."""
    tree = ast.parse(source)
    fields = ("body", "orelse")
    places = [(n, f) for n in ast.walk(tree) for f in fields if isinstance(getattr(n, f, None), list)]
    for node, field in places:
        block = getattr(node, field)
        for k, statement in enumerate(list(block)):
            if isinstance(statement, (ast.Import, ast.Return)) and not isinstance(node, (ast.If, ast.For, ast.While)):
                continue
            inner = [b for b in (getattr(statement, "body", []), getattr(statement, "orelse", [])) if b]
            for new in [[], *(inner if not isinstance(statement, ast.FunctionDef) else [])]:
                setattr(node, field, block[:k] + new + block[k + 1:])
                if block[:k] + new + block[k + 1:] or field == "orelse":
                    yield ast.unparse(tree) + "\n"
                setattr(node, field, block)
    kinds = (ast.Assign, ast.Return, ast.AugAssign, ast.If, ast.While)
    for node in [n for n in ast.walk(tree) if isinstance(n, kinds)]:
        field = "test" if isinstance(node, (ast.If, ast.While)) else "value"
        whole = getattr(node, field)
        if whole is None:
            continue
        for part in ast.iter_child_nodes(whole):
            if isinstance(part, ast.expr) and not isinstance(whole, (ast.Attribute, ast.Subscript, ast.Tuple)):
                setattr(node, field, copy.deepcopy(part))
                yield ast.unparse(tree) + "\n"
        setattr(node, field, whole)
