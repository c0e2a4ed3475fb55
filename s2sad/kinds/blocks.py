"""Text of the functions that drive a derivative over many directions: outputs, loops, the blocks of a Jacobian."""
from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from s2sad.ir.names import Names
from s2sad.ir.types import dtype_name, is_array, is_differentiable
from s2sad.kinds.analysed import Analysed


@dataclass(frozen=True)
class Output:
    """One floating-point output: part of the result (``path`` is its subscripts there), or a parameter written to."""

    type: Any
    path: str = ""
    param: str | None = None

    @property
    def rank(self) -> int:
        return self.type.ndim if is_array(self.type) else 0


def outputs_of(a: Analysed, order: Sequence[str]) -> list[Output]:
    """The floating-point outputs, in order; those of other types have no derivative."""
    found: list[Output] = []
    for o in order:
        if o == "return":
            found += (Output(t, path) for t, path in _parts(a.interface.result, "") if is_differentiable(t))
        elif is_differentiable(a.fn.types[o]):
            found.append(Output(a.fn.types[o], param=o))
    return found


def _parts(structure: object, path: str) -> Iterator[tuple[object, str]]:
    if isinstance(structure, tuple):
        for k, item in enumerate(structure):
            yield from _parts(item, f"{path}[{k}]")
    elif structure is not None:
        yield structure, path


class Text:
    """A function being written, line by line."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.lines: list[str] = []
        self.depth = 1

    def __call__(self, *lines: str) -> None:
        self.lines += ("    " * self.depth + line for line in lines)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self(head)
        self.depth += 1
        yield
        self.depth -= 1

    @contextmanager
    def loops(self, array: str, rank: int) -> Iterator[tuple[str, ...]]:
        """A loop nest over the elements of an array; gives the index."""
        index = tuple(self.names.fresh("ijkl"[k % 4]) for k in range(rank))
        for k, i in enumerate(index):
            self(f"for {i} in range({array}.shape[{k}]):")
            self.depth += 1
        yield index
        self.depth -= rank
        self.names.used -= set(index)

    def function(self, name: str, params: Sequence[str]) -> ast.FunctionDef:
        node = ast.parse("\n".join([f"def {name}({', '.join(params)}):", *self.lines])).body[0]
        assert isinstance(node, ast.FunctionDef)
        return node


def extents(array: str, rank: int) -> list[str]:
    return [f"{array}.shape[{k}]" for k in range(rank)]


def as_tuple(items: Sequence[str]) -> str:
    return f"({', '.join(items)}{',' * (len(items) == 1)})"


def item(array: str, index: Sequence[str], t: Any = None) -> str:
    """An element; of a number, which has no index, the number. An array of type ``t`` may have no axes."""
    if not index and is_array(t):
        return f"{array}[()]"
    return f"{array}[{', '.join(index)}]" if index else array


def dtype_of(t: Any) -> str:
    return f"np.{dtype_name(t)}"


def number(t: Any, value: str) -> str:
    """A literal as a number of a type."""
    return value if dtype_of(t) == "np.float64" else f"{dtype_of(t)}({value})"


def zeros(shape: Sequence[str], t: Any) -> str:
    spelled = shape[0] if len(shape) == 1 else as_tuple(shape)
    return f"np.zeros({spelled})" if dtype_of(t) == "np.float64" else f"np.zeros({spelled}, {dtype_of(t)})"


def differ(a: str, b: str, rank: int) -> str:
    """A test whether two arrays differ in shape; arrays without axes do not."""
    return " or ".join(f"{a}.shape[{k}] != {b}.shape[{k}]" for k in range(rank)) or "False"


@dataclass(frozen=True)
class Block:
    """The derivative of an output by an independent parameter: the axes of the one, then those of the other."""

    name: str
    output: Output
    by: str
    rank: int
    """Axes of the parameter."""

    @property
    def is_number(self) -> bool:
        return self.output.rank + self.rank == 0

    def shape(self, derivative: str) -> list[str]:
        """The extents; ``derivative`` is an array of the output's shape."""
        return [*extents(derivative, self.output.rank), *extents(self.by, self.rank)]

    def allocated(self, derivative: str) -> str:
        return f"{self.name} = {zeros(self.shape(derivative), self.output.type)}"

    def unallocated(self) -> str:
        return f"{self.name} = {zeros(['0'] * (self.output.rank + self.rank), self.output.type)}"

    def element(self, index: Sequence[str], into: bool) -> str:
        if self.is_number:
            return f"{self.name}[()]" if into else self.name
        return item(self.name, index)

    def check(self, derivative: str, text: Text) -> None:
        """Raise where the array given for the block has another shape."""
        if self.is_number:
            return
        wrong = " or ".join(f"{self.name}.shape[{k}] != {n}" for k, n in enumerate(self.shape(derivative)))
        with text.block(f"if {wrong}:"):
            text(f'raise ValueError("the shape of an array for the derivative by {self.by} does not fit")')


def blocks_of(a: Analysed, outputs: Sequence[Output], names: Names) -> list[Block]:
    """One block per output and independent parameter, those of the first output first."""
    found = []
    for out in outputs:
        for p in a.interface.wrt:
            t = a.fn.types[p]
            found.append(Block(names.fresh("jac"), out, p, t.ndim if is_array(t) else 0))
    return found


def returned(blocks: Sequence[Block]) -> str:
    names = [b.name for b in blocks]
    return f"return {names[0] if len(names) == 1 else as_tuple(names)}" if names else "return ()"
