"""``f_jacfwd(x, ...)`` and ``f_jacrev(x, ...)``: all directions of a tangent, all cotangents of a pullback.

``f_jacfwd_into`` and ``f_jacrev_into`` take arrays for the derivatives first and write to them.
"""
from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from s2sad.analysis.calls import argument_types
from s2sad.errors import BadCall, UnsupportedFunction
from s2sad.ir import Effect, Function, Invoke
from s2sad.ir import walk as w
from s2sad.ir.draws import repeated_effect
from s2sad.ir.names import Names
from s2sad.ir.types import is_array, is_complex
from s2sad.kinds.analysed import Analysed, Built, Finish
from s2sad.kinds.blocks import (
    Block,
    Output,
    Text,
    as_tuple,
    blocks_of,
    differ,
    extents,
    item,
    number,
    outputs_of,
    returned,
    zeros,
)
from s2sad.kinds.tangent import tangent_functions
from s2sad.kinds.vector_tangent import WIDTH, vector_tangent
from s2sad.kinds.vjp import ordered_outputs, vjp_functions
from s2sad.transform.lanes import NoLanes


def jacfwd_functions(a: Analysed, finish: Finish, *, outputs: tuple[str, ...] | None, into: bool, width: int | None,
                     strong_zero: bool) -> Built:
    """The tangent, and a function that calls it for all directions: several at once, or where that cannot be, each."""
    order = ordered_outputs(a, outputs)
    refuse_complex(a, outputs_of(a, order))
    refuse_repeated_effects(a)
    name = f"{a.fn.name}_jacfwd{'_into' * into}"
    width = width or default_width(a)
    if width > 1:
        with suppress(NoLanes):
            vector = vector_tangent(a, finish, width, strong_zero=strong_zero, alone=True)
            node = VectorForward(a, order, vector.name, into, width).build(name)
            return [vector, node], name, (name,)
    nodes, tangent, _ = tangent_functions(a, finish, strong_zero=strong_zero, alone=True)
    node = _Forward(a, order, tangent, [f.name for f in nodes], into).build(name)
    return [*nodes, node], name, (name,)


def default_width(a: Analysed) -> int:
    """As many directions as there are, if that is known and few, else what fills vector registers."""
    types = [a.fn.types[p] for p in a.interface.wrt]
    return WIDTH if any(map(is_array, types)) else min(len(types), 2 * WIDTH)


def jacrev_functions(a: Analysed, finish: Finish, *, outputs: tuple[str, ...] | None, into: bool, width: int | None,
                     strong_zero: bool) -> Built:
    """Both sweeps, and a function that calls the first once and the second for each element of the outputs."""
    order = ordered_outputs(a, outputs)
    refuse_complex(a, outputs_of(a, order))
    nodes, _, sweeps = vjp_functions(a, finish, outputs=outputs, strong_zero=strong_zero)
    name = f"{a.fn.name}_jacrev{'_into' * into}"
    node = _Reverse(a, order, sweeps, [f.name for f in nodes], outputs is None, into).build(name)
    return [*nodes, node], name, (name,)


def pushed_functions(a: Analysed, finish: Finish, *, outputs: tuple[str, ...] | None, into: bool, width: int | None,
                     strong_zero: bool) -> Built:
    """The tangent, and a function that takes the direction after the arguments and gives the derivative alone."""
    order = ordered_outputs(a, outputs)
    nodes, tangent, _ = tangent_functions(a, finish, strong_zero=strong_zero, alone=True)
    name = f"{a.fn.name}_pushed{'_into' * into}"
    node = _Pushed(a, order, tangent, [f.name for f in nodes], into).build(name)
    return [*nodes, node], name, (name,)


def refuse_complex(a: Analysed, outputs: Sequence[Output]) -> None:
    """Raise for complex numbers: such a derivative is no array of numbers unless the function is holomorphic."""
    types = [*(a.fn.types[p] for p in a.interface.wrt), *(o.type for o in outputs)]
    if any(map(is_complex, types)):
        raise BadCall(f"the Jacobian of `{a.fn.name}` is by complex arguments or of complex results: not supported yet",
                      loc=a.fn.loc, code="S2S041",
                      hint="differentiate by real and imaginary parts, or use jvp and vjp, which take complex numbers")


def refuse_repeated_effects(a: Analysed) -> None:
    """Raise where running the function once a direction is not what running it once is."""
    def refuse(fn: Function) -> None:
        found = repeated_effect(fn)
        if found is not None:
            what = "prints, or has another effect" if isinstance(found, Effect) else "draws random numbers"
            raise UnsupportedFunction(f"`{a.fn.name}` {what}, and forward mode runs it once per direction",
                                      loc=found.loc, code="S2S010", hint='use mode="reverse", which runs it once')
        for s in w.walk(fn.body):
            if isinstance(s, Invoke) and s.rule is None and a.callees is not None:
                callee = fn.callees.get(s.fn)
                if callee is not None and callee.key not in seen:
                    seen.add(callee.key)
                    refuse(a.callees.prepared(callee, argument_types(s, fn.types)).fn)

    seen: set[object] = set()
    refuse(a.fn)


class _Driver(Text):
    """What the drivers of a specialisation share."""

    def __init__(self, a: Analysed, order: Sequence[str], taken: Sequence[str], into: bool) -> None:
        super().__init__(Names({*a.fn.params, *taken}))
        self.a, self.into = a, into
        self.types = a.fn.types
        self.outputs = outputs_of(a, order)
        self.blocks = blocks_of(a, self.outputs, self.names)

    def finished(self, name: str, params: Sequence[str] = ()) -> ast.FunctionDef:
        if not self.into:
            self(returned(self.blocks))
        elif not self.lines:
            self("pass")
        first = [b.name for b in self.blocks] if self.into else []
        return self.function(name, [*first, *self.a.fn.params, *params])


class _Tangents(_Driver):
    """Calls of the tangent."""

    def __init__(self, a: Analysed, order: Sequence[str], tangent: str, taken: Sequence[str], into: bool) -> None:
        super().__init__(a, order, taken, into)
        self.tangent = tangent
        self.active, self.mutated = a.interface.active, set(a.interface.mutated)
        self.seeds = {p: self.names.fresh(f"d_{p}") for p in self.active}
        self.own = {p: self.names.fresh(p) for p in a.fn.params if p in self.mutated and is_array(self.types[p])}
        self.moved = self.names.fresh("d_value")
        self.unallocated = self.names.fresh("first")

    def call(self, scalars: dict[str, str]) -> None:
        """Call the tangent; ``scalars`` are the tangents of numbers, of arrays those in ``seeds``."""
        args = []
        for p in self.a.fn.params:
            args.append(self.own.get(p, p))
            if p in self.active:
                array = is_array(self.types[p])
                args.append(self.seeds[p] if array else scalars.get(p, number(self.types[p], "0.0")))
        called = f"{self.tangent}({', '.join(args)})"
        self(called if self.a.interface.result is None else f"{self.moved} = {called}")

    def prepared(self) -> list[Block]:
        """Make the blocks; those of returned arrays, whose shape is not known yet, are given back."""
        late = []
        for b in self.blocks if not self.into else ():
            if b.is_number:
                self(f"{b.name} = {number(b.output.type, '0.0')}")
            elif b.output.param is not None or b.output.rank == 0:
                self(b.allocated(b.output.param or ""))
            else:
                self(b.unallocated())
                late.append(b)
        if late:
            self(f"{self.unallocated} = True")
        return late

    def allocate_first(self, late: Sequence[Block]) -> None:
        """In the first direction: what could not be made before."""
        if late:
            with self.block(f"if {self.unallocated}:"):
                self(f"{self.unallocated} = False", *(b.allocated(self.derivative(b.output)) for b in late))

    def derivative(self, out: Output) -> str:
        return self.seeds[out.param] if out.param is not None else f"{self.moved}{out.path}"


class VectorForward(_Tangents):
    """Calls of the vector tangent: the elements of all independent arguments are numbered one after the other, and each
    call has the directions of ``width`` of them."""

    def __init__(self, a: Analysed, order: Sequence[str], tangent: str, into: bool, width: int) -> None:
        super().__init__(a, order, tangent, [tangent], into)
        self.width = width
        self.start_at, self.lane = self.names.fresh("start"), self.names.fresh("k")
        self.first: dict[str, str] = {}
        """The number of an argument's first element."""

    def build(self, name: str) -> ast.FunctionDef:
        late = self.prepared()
        total = self.numbered()
        for p in self.active:
            if p not in self.mutated:
                self(f"{self.seeds[p]} = {self.directions(p)}")
        with self.block(f"for {self.start_at} in range(0, {total}, {self.width}):"):
            self.started()
            for p in self.a.interface.wrt:
                self.seed(p, "1.0")
            self.call(self.seeds)
            self.allocate_first(late)
            for p in self.a.interface.wrt:
                self.read(p)
            for p in self.a.interface.wrt:
                if p not in self.mutated:
                    self.seed(p, "0.0")
        if late:
            with self.block(f"if {self.unallocated}:"):
                self.started()
                self.call(self.seeds)
                self(*(b.allocated(self.derivative(b.output)) for b in late))
        return self.finished(name)

    def numbered(self) -> str:
        """Number the elements; gives how many there are."""
        count: list[str] = []
        known = 0
        for p in self.a.interface.wrt:
            self.first[p] = self.place([*count, *([str(known)] if known else [])])
            t = self.types[p]
            if is_array(t) and t.ndim:
                count.append(" * ".join(extents(p, t.ndim)))
            else:
                known += 1
        return self.place([*count, *([str(known)] if known else [])])

    def place(self, terms: list[str]) -> str:
        if len(terms) <= 1:
            return terms[0] if terms else "0"
        n = self.names.fresh("n")
        self(f"{n} = {' + '.join(terms)}")
        return n

    def directions(self, p: str) -> str:
        shape = extents(p, self.types[p].ndim) if is_array(self.types[p]) else []
        return zeros([*shape, str(self.width)], self.types[p])

    def started(self) -> None:
        for p, copy in self.own.items():
            self(f"{copy} = {p}.copy()")
            if p in self.active:
                self(f"{self.seeds[p]} = {self.directions(p)}")

    @contextmanager
    def elements(self, p: str) -> Iterator[tuple[str, list[str], str]]:
        """A loop over the elements of an argument that have directions now: number, index, direction."""
        first, t = self.first[p], self.types[p]
        if not is_array(t) or not t.ndim:
            with self.block(f"if {self.start_at} <= {first} < {self.start_at} + {self.width}:"):
                yield first, [], f"{first} - {self.start_at}" if first != "0" else "0"
            return
        own = " * ".join(extents(p, t.ndim))
        end = own if first == "0" else f"{first} + {own}"
        begin = self.start_at if first == "0" else f"max({self.start_at}, {first})"
        with self.block(f"for {self.lane} in range({begin}, min({self.start_at} + {self.width}, {end})):"):
            place = self.lane if first == "0" else f"{self.lane} - {first}"
            place = f"({place})" if first != "0" and t.ndim > 1 else place
            index = []
            for axis in range(t.ndim):
                after = [f"{p}.shape[{k}]" for k in range(axis + 1, t.ndim)]
                below = f"({' * '.join(after)})" if len(after) > 1 else "".join(after)
                e = f"{place} // {below}" if after else place
                index.append(f"{e} % {p}.shape[{axis}]" if axis else e)
            yield self.lane, index, f"{self.lane} - {self.start_at}"

    def seed(self, p: str, value: str) -> None:
        with self.elements(p) as (_, index, lane):
            self(f"{item(self.seeds[p], [*index, lane])} = {value}")

    def read(self, p: str) -> None:
        for b in (b for b in self.blocks if b.by == p):
            d = self.derivative(b.output)
            if self.into:
                b.check(d, self)
            if b.rank == 1:
                with self.loops(d, b.output.rank) as at, self.elements(p) as (_, index, lane):
                    self(f"{b.element([*at, *index], self.into)} = {item(d, [*at, lane])}")
                continue
            with self.elements(p) as (_, index, lane), self.loops(d, b.output.rank) as at:
                self(f"{b.element([*at, *index], self.into)} = {item(d, [*at, lane])}")


class _Forward(_Tangents):
    def build(self, name: str) -> ast.FunctionDef:
        for p in self.active:
            if is_array(self.types[p]) and p not in self.mutated:
                self(f"{self.seeds[p]} = np.zeros_like({p})")
        late = self.prepared()
        for p in self.a.interface.wrt:
            rank = self.types[p].ndim if is_array(self.types[p]) else 0
            with self.loops(p, rank) as index, self.direction(p, index):
                self.allocate_first(late)
                self.read(p, index)
        if late:
            with self.block(f"if {self.unallocated}:"):
                self.start()
                self.call({})
                self(*(b.allocated(self.derivative(b.output)) for b in late))
        return self.finished(name)

    def start(self) -> None:
        """Copies of what the function writes to, without tangents."""
        for p, copy in self.own.items():
            self(f"{copy} = {p}.copy()")
            if p in self.active:
                self(f"{self.seeds[p]} = np.zeros_like({copy})")

    @contextmanager
    def direction(self, p: str, index: Sequence[str]) -> Iterator[None]:
        """One call; the seed is taken back after its results, which may be the seed itself, are read."""
        self.start()
        if not is_array(self.types[p]):
            self.call({p: number(self.types[p], "1.0")})
            yield
            return
        seed = item(self.seeds[p], index, self.types[p])
        self(f"{seed} = 1.0")
        self.call({})
        yield
        if p not in self.mutated:
            self(f"{seed} = 0.0")

    def read(self, p: str, index: Sequence[str]) -> None:
        for b in (b for b in self.blocks if b.by == p):
            d = self.derivative(b.output)
            if self.into:
                b.check(d, self)
            with self.loops(d, b.output.rank) as at:
                self(f"{b.element([*at, *index], self.into)} = {item(d, at, b.output.type)}")


class _Reverse(_Driver):
    def __init__(self, a: Analysed, order: Sequence[str], sweeps: Sequence[str], taken: Sequence[str], alone: bool,
                 into: bool) -> None:
        super().__init__(a, order, taken, into)
        self.forward, self.reverse = sweeps
        self.value, self.saved = self.names.fresh("value"), self.names.fresh("saved")
        self.paths = dict(zip(self.outputs, self._paths(order, alone)))
        self.cotangents = {o: self.names.fresh("b_value") for o in self.outputs}

    def _paths(self, order: Sequence[str], alone: bool) -> Iterator[str]:
        """Where the outputs are in the value of the forward sweep, a tuple of them if they were named."""
        place = {o: f"[{k}]" for k, o in enumerate(order)}
        for out in self.outputs:
            yield out.path if alone else place[out.param or "return"] + out.path

    def build(self, name: str) -> ast.FunctionDef:
        self(f"{self.value}, {self.saved} = {self.forward}({', '.join(self.a.fn.params)})")
        for out, path in self.paths.items():
            if is_array(out.type):
                self(f"{self.cotangents[out]} = np.zeros_like({self.value}{path})")
        for b in self.blocks:
            if self.into:
                b.check(self.cotangents[b.output], self)
            elif not b.is_number:
                self(b.allocated(self.cotangents[b.output]))
        gradients = [self.names.fresh(f"b_{p}") for p in self.a.interface.wrt]
        for out in self.outputs:
            with self.loops(self.cotangents[out], out.rank) as at:
                with self.seeded(out, at):
                    given = as_tuple([self.cotangents[o] if is_array(o.type) else
                                      number(o.type, "1.0" if o is out else "0.0") for o in self.outputs])
                    self(f"{as_tuple(gradients)[1:-1]} = {self.reverse}({self.saved}, {given})")
                    for b, g in zip((b for b in self.blocks if b.output is out), gradients):
                        with self.loops(g, b.rank) as index:
                            self(f"{b.element([*at, *index], self.into)} = {item(g, index, self.types[b.by])}")
        return self.finished(name)

    @contextmanager
    def seeded(self, out: Output, at: Sequence[str]) -> Iterator[None]:
        if is_array(out.type):
            self(f"{item(self.cotangents[out], at, out.type)} = 1.0")
        yield
        if is_array(out.type):
            self(f"{item(self.cotangents[out], at, out.type)} = 0.0")


class _Pushed(_Tangents):
    def build(self, name: str) -> ast.FunctionDef:
        given = {p: self.names.fresh(f"v_{p}") for p in self.a.interface.wrt}
        self.blocks = []
        targets = [self.names.fresh("out") for _ in self.outputs]
        for p, v in given.items():
            if is_array(self.types[p]):
                with self.block(f"if {differ(v, p, self.types[p].ndim)}:"):
                    self(f'raise ValueError("the shape of the direction of {p} is not that of {p}")')
        for p, copy in self.own.items():
            self(f"{copy} = {p}.copy()")
        for p in self.active:
            if is_array(self.types[p]):
                source = f"{given[p]}.copy()" if p in given else f"np.zeros_like({p})"
                if p in given and p not in self.mutated:
                    self.seeds[p] = given[p]
                else:
                    self(f"{self.seeds[p]} = {source}")
        self.call({p: v for p, v in given.items() if not is_array(self.types[p])})
        found = [self.derivative(o) for o in self.outputs]
        if not self.into:
            self(f"return {found[0] if len(found) == 1 else as_tuple(found)}")
            return self.function(name, [*self.a.fn.params, *given.values()])
        for out, target, d in zip(self.outputs, targets, found):
            if out.rank:
                with self.block(f"if {differ(target, d, out.rank)}:"):
                    self('raise ValueError("the shape of an array for the result does not fit")')
            with self.loops(d, out.rank) as at:
                self(f"{item(target, at or ['()'])} = {item(d, at, out.type)}")
        return self.function(name, [*targets, *self.a.fn.params, *given.values()])
