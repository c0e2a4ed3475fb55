"""Statements to A-normal form: every operation gets a name, tuples become their elements, helpers are inlined.

The result still holds ``break``, ``continue`` and ``return`` (see :mod:`s2sad.frontend.exits`).
"""
from __future__ import annotations

import ast
from collections.abc import Sequence

import gast

from s2sad.errors import UnsupportedSyntax
from s2sad.frontend import lists, structures
from s2sad.frontend.calls import require_known_effect
from s2sad.frontend.checkpoints import condition
from s2sad.frontend.device import device_effect
from s2sad.frontend.exits import TRUE, Break, Continue, LoopElse, Return
from s2sad.frontend.expressions import BINARY, Expressions, memory_written
from s2sad.frontend.functions import define
from s2sad.frontend.indexing import indices
from s2sad.frontend.iteration import counted_through, has_break, iteration, ndindex
from s2sad.frontend.library import SPACES
from s2sad.frontend.matching import match_statement
from s2sad.frontend.scopes import assigned_names, calls_or_assigns, targets
from s2sad.frontend.source import Library
from s2sad.ir.nodes import (
    Arg,
    Assign,
    Atom,
    AugAssign,
    AugItem,
    Call,
    Const,
    Effect,
    For,
    GetItem,
    If,
    Op,
    Permute,
    Raise,
    SetItem,
    Slice,
    TupleArg,
    While,
)
from s2sad.ir.walk import walk


def written(node: gast.AST) -> str:
    """The text of an expression."""
    return ast.unparse(gast.gast_to_ast(node))


def leaves_early(nodes: Sequence[gast.AST]) -> bool:
    """Whether a ``break`` or ``continue`` of the loop that has these statements as its body stands among them."""
    for n in nodes:
        if isinstance(n, (gast.Break, gast.Continue)):
            return True
        inside = [*n.orelse] if isinstance(n, (gast.For, gast.While)) else list(gast.iter_child_nodes(n))
        if isinstance(n, (gast.stmt, gast.match_case)) and not isinstance(n, gast.FunctionDef) and leaves_early(inside):
            return True
    return False


class Flattener(Expressions):
    """Lowers the statements of one function; expressions are the base class's business."""

    def suite(self, nodes: Sequence[gast.AST]) -> tuple:
        """A nested block."""
        return self.nested(lambda: self.statements(nodes))

    def statements(self, nodes: Sequence[gast.AST]) -> None:
        for node in nodes:
            self.loc = self.user.loc(node)
            match node:
                case gast.Expr(value=gast.Constant(value=str())):
                    pass
                case gast.Pass() | gast.Global() | gast.Nonlocal():
                    pass
                case gast.FunctionDef():
                    define(self, node)
                case gast.Match():
                    match_statement(self, node)
                case gast.Assign():
                    self.assign(node)
                case gast.AnnAssign():
                    if node.value is not None:
                        self.store_to([node.target], node.value)
                case gast.AugAssign():
                    self.augmented(node)
                case gast.If():
                    self.branch(node)
                case gast.For():
                    self.for_loop(node)
                case gast.While():
                    self.while_loop(node)
                case gast.Break():
                    self.emit(Break(self.loc))
                case gast.Continue():
                    self.emit(Continue(self.loc))
                case gast.Return():
                    none = node.value is None or (isinstance(node.value, gast.Constant) and node.value.value is None)
                    value = None if none else self.argument(node.value)
                    self.emit(Return(value, self.user.loc(node)))
                case gast.Assert():
                    self.assertion(node)
                case gast.Raise():
                    self.raises(node)
                case gast.Expr():
                    self.effect(node.value)
                case _:
                    self.refuse("this statement is not supported yet", node, hint="move it out of the function")
            if self.out and isinstance(self.out[-1], (Break, Continue, Return, Raise)):
                # What follows is never reached; the branch of a decided `if` may have ended like this too.
                return

    # -- assignment

    def assign(self, node: gast.Assign) -> None:
        self.store_to(node.targets, node.value)

    def store_to(self, targets: Sequence[gast.AST], value: gast.AST) -> None:
        tuples = (gast.Tuple, gast.List)
        if len(targets) == 1 and isinstance(targets[0], tuples) and isinstance(value, tuples):
            if self.permutation(targets[0], value):
                return
        if len(targets) == 1 and isinstance(targets[0], gast.Name):
            name = targets[0].id
            into = self.base(name) if name in self.locals and name not in self.fleeting else None
            made = lists.listed(self, value, targets[0])
            self.bind(name, self.rhs(value, into) if made is None else made, self.user.loc(targets[0]))
            return
        held = self.several(value, targets[0])
        if len(targets) == 1:
            self.store(targets[0], held)
            return
        # a = b = e: targets are assigned left to right, each must get the same value.
        if isinstance(held, str) and held not in self.names.made:
            held = self.temporary(held)
        for t in targets:
            self.store(t, held)

    def several(self, value: gast.AST, target: gast.AST) -> Arg:
        """What is given to targets that are no single name; displays in a tuple may be lists."""
        tuples = (gast.Tuple, gast.List)
        if isinstance(value, tuples) and isinstance(target, tuples) and len(value.elts) == len(target.elts):
            parts = []
            for e, t in zip(value.elts, target.elts):
                made = lists.listed(self, e, t)
                parts.append(self.value(e) if made is None else self.as_value(made))
            return TupleArg(tuple(parts))
        return self.value(value)

    def permutation(self, target: gast.AST, value: gast.AST) -> bool:
        """``u, v = v, u``: whether it was one, and then it is emitted."""
        if not all(isinstance(e, gast.Name) for e in (*target.elts, *value.elts)):
            return False
        wanted, given = [e.id for e in target.elts], [e.id for e in value.elts]
        if sorted(wanted) != sorted(given) or len(set(wanted)) != len(wanted) or not self.locals.issuperset(given):
            return False
        if any(self.vars.get(n, self.base(n)) != self.base(n) or n in self.fleeting for n in given):
            return False
        self.emit(Permute(tuple(map(self.base, wanted)), tuple(map(self.base, given)), self.loc))
        return True

    def store(self, target: gast.AST, value: Arg) -> None:
        """Give a target (a name, an element, or a tuple of targets) a value."""
        loc = self.user.loc(target)
        match target:
            case gast.Name():
                self.bind(target.id, value, loc)
            case gast.Tuple() | gast.List():
                value, target = self.gathered(value, target)
                parts = self.elements(value, len(target.elts), target)
                clobbered: set[str] = set()
                safe: list[Arg] = []
                for t, v in zip(target.elts, parts):
                    safe.append(self.protected(v, clobbered))
                    clobbered |= self.names_of_target(t)
                for t, v in zip(target.elts, safe):
                    self.store(t, v)
            case gast.Subscript() if structures.is_records(records := structures.peek(self, target.value)):
                assert isinstance(records, TupleArg)
                structures.store_record(self, records, target, value)
            case gast.Subscript() | gast.Attribute():
                base, index = self.place(target)
                self.emit(SetItem(base, index, self.as_atom(value, target), self.loc))
            case _:
                self.refuse("assigning to this is not supported", target,
                            hint="assign to a name, an element or a slice")

    def gathered(self, value: Arg, target: gast.AST) -> tuple[Arg, gast.AST]:
        """``a, *b = t``: the elements that go to ``b`` as one tuple."""
        starred = [k for k, t in enumerate(target.elts) if isinstance(t, gast.Starred)]
        if not starred:
            return value, target
        if not isinstance(value, TupleArg) or len(value.items) < len(target.elts) - 1:
            self.refuse("this cannot be unpacked into a '*' target", target, code="S2S007", hint="unpack a tuple")
        k, = starred
        end = len(value.items) - (len(target.elts) - k - 1)
        items = (*value.items[:k], TupleArg(value.items[k:end]), *value.items[end:])
        plain = gast.Tuple([t.value if i == k else t for i, t in enumerate(target.elts)], gast.Store())
        return TupleArg(items), gast.copy_location(plain, target)

    def ir_names(self, name: str) -> set[str]:
        """What a local and the elements it may hold are called in the IR."""
        owner = self.owner(name)
        return set() if owner is None else {owner.base(name), *owner.element_names(name)}

    def names_of_target(self, target: gast.AST) -> set[str]:
        if isinstance(target, gast.Name):
            return self.ir_names(target.id)
        if isinstance(target, (gast.Tuple, gast.List)):
            return set().union(*map(self.names_of_target, target.elts))
        return set()

    def place(self, target: gast.Subscript | gast.Attribute) -> tuple[str, tuple]:
        """Base and index of an element or slice to be written."""
        if isinstance(target.value, gast.Name) and self.owner(target.value.id) is None:
            self.refuse(f"'{target.value.id}' is a global; writing into it is not supported", target,
                        hint="pass it as an argument")
        held = self.value(target.value)
        if isinstance(held, TupleArg) or isinstance(target, gast.Attribute):
            return structures.field_place(self, held, target)
        if not isinstance(held, str):
            self.refuse("an array is needed here", target.value, hint="give an array: `np.array(...)`")
        return held, indices(self, target.slice)

    def augmented(self, node: gast.AugAssign) -> None:
        op = BINARY[type(node.op)]
        if isinstance(node.target, gast.Name):
            name = node.target.id
            owner = self.owner(name)
            assert owner is not None
            base = owner.base(name)
            if owner.vars.get(name, base) != base:
                held = owner.vars[name]
                if not isinstance(held, TupleArg):
                    self.refuse("this augmented assignment is not supported", node, hint="write `a = a + b`")
                self.bind(name, self.concatenated(held, self.value(node.value), node), self.loc)
                return
            if name in owner.fleeting and calls_or_assigns(node.value):
                # Python reads the name before it evaluates the right side, which may assign it.
                self.refuse(f"the right side may assign '{name}'", node, hint=f"write {name} = {name} + ...")
            if op == "add" and base in self.names.lists:
                lists.extend(self, base, node.value)
                return
            value = self.atom(node.value)
            self.emit(AugAssign(base, op, value, self.user.loc(node)))
            return
        if not isinstance(node.target, (gast.Subscript, gast.Attribute)):
            self.refuse("assigning to this is not supported", node.target,
                        hint="assign to a name, an element or a slice")
        base, index = self.place(node.target)
        before = len(self.out)
        value = self.atom(node.value)
        self.loc = self.user.loc(node)
        if memory_written(self.out[before:]) and not any(isinstance(i, Slice) for i in index):
            # Python reads the element before it evaluates the right side, which may change it.
            old = self.names.temp()
            self.out.insert(before, Assign(old, GetItem(base, index), self.loc))
            self.emit(SetItem(base, index, self.temporary(Op(op, (old, value))), self.loc))
            return
        self.emit(AugItem(base, index, op, value, self.loc))

    # -- control flow

    def branch(self, node: gast.If) -> None:
        test = self.condition(node.test)
        loc = self.user.loc(node)
        if isinstance(test, Const):
            self.statements(node.body if test.value else node.orelse)
            return
        then, orelse = self.alternatives(lambda: self.statements(node.body), lambda: self.statements(node.orelse), loc)
        self.emit(If(test, then, orelse, loc))

    def while_loop(self, node: gast.While) -> None:
        loc = self.user.loc(node)
        before = dict(self.vars)
        holder: list[Atom] = []
        tested, how = condition(self, node.test)
        cond = self.nested(lambda: holder.append(self.condition(tested)))
        test, = holder
        body = self.suite(node.body)
        orelse = self.suite(node.orelse)
        fleeting = {self.base(n) for n in self.fleeting & self.bases.keys()}
        named = any(isinstance(s, Assign) and s.target in fleeting for s in walk(cond))
        if named or any(not isinstance(s, (Assign, If)) for s in cond) or memory_written(cond):
            # A condition that does things: an endless loop with an exit.
            leave: tuple = (*orelse, Break(loc))
            loop, orelse = While((), TRUE, (*cond, If(test, (), leave, loc), *body), loc=loc, checkpoints=how), ()
        else:
            if isinstance(test, Const) and not isinstance(test.value, bool):
                test = Const(bool(test.value))
            loop = While(cond, test, body, loc=loc, checkpoints=how)
        self.same_structure(before, loc)
        self.emit(LoopElse(loop, orelse, loc) if orelse else loop)

    def for_loop(self, node: gast.For) -> None:
        loc = self.user.loc(node)
        items = structures.sequence(self, node.iter)
        if items is None:
            items = structures.places(self, node)
        if items is not None:
            self.unrolled(node, items)
            return
        axes = len(node.target.elts) if isinstance(node.target, (gast.Tuple, gast.List)) else 0
        sizes = None if has_break(node.body) else ndindex(self, node.iter, axes)
        if sizes is not None and (len(sizes) != 1 or self.indexed_by_name(node)):
            self.index_loops(node, sizes)
            return
        each = iteration(self, node.iter) if sizes is None else counted_through(self, sizes)
        counter = self.names.flag("counter")
        before = dict(self.vars)

        def body() -> None:
            self.loc = loc
            self.store(node.target, each.give(counter))
            self.statements(node.body)

        inner = self.nested(body)
        orelse = self.suite(node.orelse)
        self.same_structure(before, loc)
        loop = For(counter, each.start, each.stop, each.step, inner, loc=loc, checkpoints=each.checkpoints,
                   prange=each.prange)
        self.emit(LoopElse(loop, orelse, loc) if orelse else loop)

    def unrolled(self, node: gast.For, items: list[Arg]) -> None:
        """A loop over a tuple, as one copy of its body after the other.

        A ``break`` has to skip the copies after it, and a ``continue`` the rest of its own: copies that may be left so
        are loops of one trip, each in the ``else`` block of the one before.
        """
        loc = self.user.loc(node)
        early = leaves_early(node.body)
        # The elements are those of the start: what the body assigns is copied.
        clobbered = set().union(*map(self.ir_names, assigned_names(node) | targets(node.target) | self.fleeting))
        items = [self.protected(item, clobbered) for item in items]
        inside = {n.id for s in node.body for n in gast.walk(s)
                  if isinstance(n, gast.Name) and not isinstance(n.ctx, gast.Load)}
        literal = set() if early else (set(targets(node.target)) - inside - self.fleeting) & self.locals

        def copies(rest: list[Arg]) -> None:
            if not rest:
                self.statements(node.orelse)
                return
            before = dict(self.vars)
            if not early:
                self.one_copy(node, rest[0], literal)
                copies(rest[1:])
                return
            body = self.nested(lambda: self.one_copy(node, rest[0], literal))
            self.same_structure(before, loc)
            loop = For(self.names.flag("counter"), Const(0), Const(1), Const(1), body, loc=loc)
            after = self.nested(lambda: copies(rest[1:]))
            self.same_structure(before, loc)
            self.emit(LoopElse(loop, after, loc) if after else loop)

        copies(items)

    def one_copy(self, node: gast.For, item: Arg, literal: set[str]) -> None:
        self.loc = self.user.loc(node)
        self.store(node.target, item)
        self.keep_literals(node.target, item, literal)
        self.statements(node.body)

    def keep_literals(self, target: gast.AST, item: Arg, literal: set[str]) -> None:
        """Let targets hold the literals they get in one copy of a loop's body, so that items are found by them."""
        match target, item:
            case gast.Name(id=name), Const(int() | str()) if name in literal:
                self.vars[name] = item
            case (gast.Tuple(elts=elts) | gast.List(elts=elts)), TupleArg(items) if len(elts) == len(items):
                for e, i in zip(elts, items):
                    self.keep_literals(e, i, literal)

    def indexed_by_name(self, node: gast.For) -> bool:
        """Whether a loop of a body of ours has a name for its index, which means nothing after the loop."""
        return self.names.known is not None and isinstance(node.target, gast.Name)

    def index_loops(self, node: gast.For, sizes: list[Atom]) -> None:
        """A loop over ``np.ndindex`` that no ``break`` leaves: a nest of loops, the last axis innermost."""
        loc = self.user.loc(node)
        named = self.indexed_by_name(node)
        counters = [self.names.flag("ijkl"[k % 4] if named else "counter") for k in range(len(sizes))]
        before = dict(self.vars)

        def body() -> None:
            self.loc = loc
            if named:
                self.vars[node.target.id] = TupleArg(tuple(counters))
            else:
                self.store(node.target, TupleArg(tuple(counters)))
            self.statements(node.body)

        inner = self.nested(body)
        if named:
            self.vars.pop(node.target.id)
            before.pop(node.target.id, None)
        self.same_structure(before, loc)
        for counter, n in zip(reversed(counters), reversed(sizes)):
            inner = (For(counter, Const(0), n, Const(1), inner, loc=loc),)
        for s in inner:
            self.emit(s)
        self.statements(node.orelse)

    # -- the rest

    def assertion(self, node: gast.Assert) -> None:
        test = self.condition(node.test)
        loc = self.user.loc(node)
        message = None
        if node.msg is not None:
            message = self.literal_text(node.msg)
        raised = Raise("AssertionError", message, loc)
        self.emit(If(test, (), (raised,), loc))

    def raises(self, node: gast.Raise) -> None:
        loc = self.user.loc(node)
        if node.exc is None or node.cause is not None:
            self.refuse("this form of 'raise' is not supported", node, hint="raise a builtin exception with a text")
        kind, args = (node.exc.func, node.exc.args) if isinstance(node.exc, gast.Call) else (node.exc, [])
        what = self.meaning(kind)
        known = isinstance(what, Library) and what.name[:1].isupper() and what.name.split(".")[0] not in SPACES
        if not known or len(args) > 1 or getattr(node.exc, "keywords", None):
            self.refuse("only builtin exceptions with one literal text can be raised", node,
                        hint="raise a builtin exception with a text")
        assert isinstance(what, Library)
        self.emit(Raise(what.name, self.literal_text(args[0]) if args else None, loc))

    def literal_text(self, node: gast.AST) -> str:
        if isinstance(node, gast.JoinedStr):
            # The text of an error is what it is known by; the values in it are not looked at.
            return "".join(str(v.value) if isinstance(v, gast.Constant) else f"{{{written(v.value)}}}"
                           for v in node.values)
        text = self.value(node)
        if not isinstance(text, Const) or not isinstance(text.value, str):
            raise UnsupportedSyntax("the text of an error must be a literal string", loc=self.user.loc(node),
                                    hint="write a plain string")
        return text.value

    def effect(self, node: gast.AST) -> None:
        """An expression as a statement."""
        if not isinstance(node, gast.Call):
            self.value(node)
            return
        if isinstance(node.func, gast.Attribute) and node.func.attr == "fill" and len(node.args) == 1:
            base = self.array(node.func.value)
            self.emit(SetItem(base, (Slice(None, None, None),), self.atom(node.args[0]), self.user.loc(node)))
            return
        if device_effect(self, node):
            return
        result = self.rhs(node)
        if isinstance(result, Call):
            require_known_effect(self, result, node)
            self.emit(Effect(result, self.user.loc(node)))
