"""The printer: what it prints parses back to the same tree, with no parenthesis too many."""
import ast
import random

import pytest

from s2sad.emit import Comment, unparse

BINARY = [ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.MatMult, ast.Pow, ast.BitOr, ast.BitXor,
          ast.BitAnd, ast.LShift, ast.RShift]


def expression(rng, depth):
    def e(): return expression(rng, depth - 1)
    if depth == 0:
        literal = ast.Constant(rng.choice([0, 1, 2.5, -1, -2.5, True]))
        return rng.choice([ast.Name(id=rng.choice("abc"), ctx=ast.Load()), literal])
    return rng.choice([
        lambda: ast.BinOp(left=e(), op=rng.choice(BINARY)(), right=e()),
        lambda: ast.BinOp(left=e(), op=rng.choice(BINARY)(), right=e()),
        lambda: ast.UnaryOp(op=rng.choice([ast.USub, ast.UAdd, ast.Invert, ast.Not])(), operand=e()),
        lambda: ast.BoolOp(op=rng.choice([ast.And, ast.Or])(), values=[e(), e()]),
        lambda: ast.Compare(left=e(), ops=[rng.choice([ast.Lt, ast.Eq, ast.Is])()], comparators=[e()]),
        lambda: ast.IfExp(test=e(), body=e(), orelse=e()),
        lambda: ast.Subscript(value=e(), slice=e(), ctx=ast.Load()),
        lambda: ast.Attribute(value=e(), attr="T", ctx=ast.Load()),
        lambda: ast.Call(func=ast.Name(id="f", ctx=ast.Load()), args=[e(), e()], keywords=[]),
        lambda: ast.Subscript(value=e(), slice=ast.Slice(lower=e(), upper=e()), ctx=ast.Load()),
        lambda: ast.Tuple(elts=[e(), e()], ctx=ast.Load()),
        lambda: expression(rng, 0),
    ])()


class Signed(ast.NodeTransformer):
    """ast.unparse takes negative literals for atoms."""

    def visit_Constant(self, n):
        return ast.UnaryOp(op=ast.USub(), operand=ast.Constant(-n.value)) if n.value < 0 else n


def meaning(node):
    """The tree as text, with a negative literal and the negation of a literal taken as the same."""
    class Fold(ast.NodeTransformer):
        def visit_UnaryOp(self, n):
            self.generic_visit(n)
            literal = isinstance(n.operand, ast.Constant) and type(n.operand.value) in (int, float)
            return ast.Constant(-n.operand.value) if literal and isinstance(n.op, ast.USub) else n

        def visit_BoolOp(self, n):
            # (a and b) and c is what a and b and c means.
            self.generic_visit(n)
            first = n.values[0]
            if isinstance(first, ast.BoolOp) and type(first.op) is type(n.op):
                n.values = first.values + n.values[1:]
            return n
    return ast.dump(Fold().visit(node))


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_expressions_parse_back():
    rng = random.Random(0)
    for _ in range(400):
        e = ast.fix_missing_locations(expression(rng, 4))
        printed = unparse(ast.Expression(body=e))
        wanted = ast.parse(ast.unparse(ast.fix_missing_locations(Signed().visit(e))), mode="eval").body
        assert meaning(ast.parse(printed, mode="eval").body) == meaning(wanted), printed


@pytest.mark.parametrize("text", [
    "a + b + c", "a - (b - c)", "a * (b + c) ** 2", "-a ** 2", "(-a) ** 2", "2 ** -a", "a / (b * c)",
    "not a and b or c",
    "(a and b) + 1", "f(a)[b, 1:, ::2].T", "(a + b)[0]", "a if b else c if d else e", "x[-1]", "-1.5 * a", "a @ b.T",
    "f(a, k=-b)", "(a, (b, c))", "a < b", "(a < b) == c", "x[a:b + 1]", "(a if b else c) + 1",
])
def test_minimal_parentheses(text):
    assert unparse(ast.parse(text, mode="eval")) == text


def test_statements():
    text = '''def f(x, n):
    """Title.

    More.
    """
    a, b = b, a
    x[0], y = 1.0, 2.0
    if a:
        pass
    elif b:
        a += 1
    else:
        raise ValueError('no')
    for i in range(3):
        if i:
            break
    while a < 1:
        print(a)
    return a, b'''
    assert unparse(ast.parse(text)) == text


def test_comments_and_decorators():
    f = ast.parse("@njit(fastmath=True)\ndef f(x):\n    return x").body[0]
    f.body.insert(0, Comment("one\ntwo"))
    assert unparse(f) == "@njit(fastmath=True)\ndef f(x):\n    # one\n    # two\n    return x"
    assert unparse(ast.Module(body=[Comment("head"), f, f], type_ignores=[])).count("\n\n\n@njit") == 1


def test_long_parameter_lists_are_broken():
    f = ast.parse(f"def f({', '.join(f'parameter_{k}' for k in range(30))}): pass").body[0]
    assert max(map(len, unparse(f).split("\n"))) <= 120
    ast.parse(unparse(f))
