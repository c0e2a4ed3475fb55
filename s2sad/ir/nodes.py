"""The intermediate representation: structured, A-normal, closed.

Every pass takes a :class:`Function` and returns a new one; nodes are frozen, compare by identity (so an analysis
may key a table by the statement itself) and carry the source position they came from.

Grammar
-------
::

    Function = name params body result loc
    Block    = tuple of Stmt

    Atom     = NAME (a plain ``str``) | Const
    Arg      = Atom | TupleArg(items: Arg*) | ShapeOf(array: NAME) | DType(name)
             | ElementType(array: NAME)                      call arguments and results only

    Rhs      = Atom                                        copy (of a scalar, or of a reference to an array)
             | Op(fn, args: Atom*)                         operator or elementwise function; on arrays until lowering
             | Call(fn, args: Arg*, kwargs)                any other library function
             | GetItem(base, index: Index*)                until lowering: element, slice, view, mask
             | Dim(array, axis)                            ``array.shape[axis]``
             | Load(array, index: Atom*)                   one element, indices in range and full rank
             | Alloc(kind, shape: Atom*, dtype)            ``np.empty`` / ``np.zeros``

    Index    = Atom | Slice(lower, upper, step) | Ellipsis_ | NewAxis

    Stmt     = Assign(target: NAME, value: Rhs)
             | AugAssign(target: NAME, op, value: Atom)           until lowering: in place on arrays, else rebinding
             | SetItem(base, index: Index*, value: Atom, one_by_one)  until lowering
             | AugItem(base, index: Index*, op, value: Atom)          until lowering
             | Store(array, index: Atom*, value: Atom)                one element
             | Increment(array, index: Atom*, value: Atom, sign)  ``array[index] += value`` or ``-=``; maybe atomic
             | Permute(targets, sources)                          parallel rebinding; sources: permuted targets
             | If(test: Atom, then: Block, orelse: Block)
             | For(var, start, stop, step: Atom, body, exit, trips, prange, own, parallel)
             | While(cond: Block, test: Atom, body, exit, trips)
             | Grow(array, needed: Atom)                              a tape's capacity is raised, its content kept
             | Raise(exception, message)
             | Effect(call: Call)                                     evaluated for what it does (``print``)
             | Invoke(result, fn, args: Atom*, written: NAME*, ...)  call of a function that stays one

``For.var`` is never assigned in the body nor read outside it; ``start``, ``stop`` and ``step`` are not assigned in the
body. ``exit`` names a boolean, assigned in the body on every path: the loop stops after the iteration that made it
true. ``trips`` names the number of iterations executed, a value the loop statement defines (``None`` until something
asks for it). ``prange`` is the author's word that iterations may run at once; ``own`` are arrays whose content does not
outlive an iteration of a derivative's loop, and zero is as good as any at its start; ``parallel`` loops are printed as
``prange``. Tuples never live in names: the frontend replaces them by their elements.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from s2sad.ir.intrinsics import Intrinsic
    from s2sad.rules.calls import CallRule


@dataclass(frozen=True)
class Loc:
    """A position in the user's source; ``reverse`` marks what the reverse sweep does for it."""

    file: str
    line: int
    col: int
    text: str = ""
    reverse: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col + 1}"


NOWHERE = Loc("<generated>", 0, 0)


@dataclass(frozen=True)
class Const:
    """A literal: ``int``, ``float``, ``bool``, ``complex``, ``str`` or ``None``."""

    value: Any

    def __eq__(self, other: object) -> bool:
        # 1 == 1.0 == True, and 0.0 == -0.0: as literals they are different.
        return (isinstance(other, Const) and type(self.value) is type(other.value)
                and repr(self.value) == repr(other.value))

    def __hash__(self) -> int:
        return hash((type(self.value), repr(self.value)))


Atom: TypeAlias = "str | Const"


@dataclass(frozen=True)
class Container:
    """What holds values by key: ``what`` is ``list``, ``dict``, ``namedtuple``, ``dataclass``, ``records`` (an array of
    records) or ``record``; ``cls`` is the class, or the dtype of records."""

    what: str
    keys: tuple[str, ...] = ()
    cls: Any = None


@dataclass(frozen=True)
class TupleArg:
    """Several values at once; ``container`` says what they are to the author, where that is more than a tuple."""

    items: tuple[Arg, ...]
    container: Container | None = None


@dataclass(frozen=True)
class ShapeOf:
    array: str


@dataclass(frozen=True)
class DType:
    """A scalar type by its NumPy name, as in ``np.zeros(n, np.float32)``."""

    name: str


@dataclass(frozen=True)
class ElementType:
    """The scalar type of an array's elements, as in ``np.zeros(n, x.dtype)``; a :class:`DType` once types are known."""

    array: str


@dataclass(frozen=True, eq=False)
class Opaque:
    """What the frontend holds for a name that is no data (a function); nothing of it is left in a finished function."""


Arg: TypeAlias = "Atom | TupleArg | ShapeOf | DType | ElementType | Opaque"


# ---------------------------------------------------------------------------- right-hand sides

@dataclass(frozen=True)
class Op:
    """``fn`` is an operator (``add sub mul div floordiv mod pow matmul neg pos not invert and_ or_ xor lshift rshift
    lt le gt ge eq ne is_ is_not select``) or the dotted name of an elementwise function (``math.sin``, ``np.sin``,
    ``abs``, ``max``, ``min``, ``int``, ``float``, ``bool``, ``round``, ``np.float32``, ``zmul``, ``nonzero``).
    ``select(c, a, b)`` is ``a if c else b`` with both sides already evaluated."""

    fn: str
    args: tuple[Atom, ...]


@dataclass(frozen=True)
class Call:
    """``fn`` is a dotted library name; a method is the function, its receiver first (``x.sum()`` is ``np.sum(x)``)."""

    fn: str
    args: tuple[Arg, ...]
    kwargs: tuple[tuple[str, Arg], ...] = ()


@dataclass(frozen=True)
class Slice:
    lower: Atom | None
    upper: Atom | None
    step: Atom | None


@dataclass(frozen=True)
class NewAxis:
    pass


@dataclass(frozen=True)
class Ellipsis_:
    pass


Index: TypeAlias = "Atom | Slice | NewAxis | Ellipsis_"


@dataclass(frozen=True)
class GetItem:
    base: str
    index: tuple[Index, ...]


@dataclass(frozen=True)
class Dim:
    array: str
    axis: int


@dataclass(frozen=True)
class Load:
    array: str
    index: tuple[Atom, ...]


@dataclass(frozen=True)
class Alloc:
    kind: str
    shape: tuple[Atom, ...]
    dtype: str


Rhs: TypeAlias = "Atom | Op | Call | GetItem | Dim | Load | Alloc"


# ---------------------------------------------------------------------------- statements

@dataclass(frozen=True, eq=False)
class Assign:
    target: str
    value: Rhs
    loc: Loc = NOWHERE


@dataclass(frozen=True, eq=False)
class AugAssign:
    target: str
    op: str
    value: Atom
    loc: Loc = NOWHERE


@dataclass(frozen=True, eq=False)
class SetItem:
    """``one_by_one``: the operands of ``value`` are read as they are by then, as by a function with an output array."""

    base: str
    index: tuple[Index, ...]
    value: Atom
    loc: Loc = NOWHERE
    one_by_one: bool = False


@dataclass(frozen=True, eq=False)
class AugItem:
    base: str
    index: tuple[Index, ...]
    op: str
    value: Atom
    loc: Loc = NOWHERE
    atomic: bool = False


@dataclass(frozen=True, eq=False)
class Store:
    array: str
    index: tuple[Atom, ...]
    value: Atom
    loc: Loc = NOWHERE


@dataclass(frozen=True, eq=False)
class Increment:
    array: str
    index: tuple[Atom, ...]
    value: Atom
    sign: int = 1
    loc: Loc = NOWHERE
    atomic: bool = False


@dataclass(frozen=True, eq=False)
class Permute:
    targets: tuple[str, ...]
    sources: tuple[str, ...]
    loc: Loc = NOWHERE


@dataclass(frozen=True, eq=False)
class If:
    test: Atom
    then: Block
    orelse: Block = ()
    loc: Loc = NOWHERE


@dataclass(frozen=True)
class Checkpoints:
    """How reverse mode gets back to the steps of a loop: what the author asked for.

    ``schedule`` is ``binomial`` (``snapshots`` of them, or as many as fit in ``memory`` bytes; online where the number
    of steps is not known), ``periodic`` or ``sqrt`` (the loop is cut into segments, see
    :mod:`s2sad.transform.segments`), or ``every`` (one before each step).
    """

    schedule: str
    snapshots: int | None = None
    memory: int | None = None


@dataclass(frozen=True, eq=False)
class For:
    var: str
    start: Atom
    stop: Atom
    step: Atom
    body: Block
    exit: str | None = None
    trips: str | None = None
    loc: Loc = NOWHERE
    checkpoints: Checkpoints | None = None
    prange: bool = False
    own: tuple[str, ...] = ()
    parallel: bool = False


@dataclass(frozen=True, eq=False)
class While:
    cond: Block
    test: Atom
    body: Block
    exit: str | None = None
    trips: str | None = None
    loc: Loc = NOWHERE
    checkpoints: Checkpoints | None = None


@dataclass(frozen=True, eq=False)
class Grow:
    array: str
    needed: Atom
    loc: Loc = NOWHERE


@dataclass(frozen=True, eq=False)
class Raise:
    exception: str
    message: str | None
    loc: Loc = NOWHERE


@dataclass(frozen=True, eq=False)
class Effect:
    call: Call
    loc: Loc = NOWHERE


@dataclass(frozen=True, eq=False)
class Invoke:
    """``result = fn(*args)``: a function that is not inlined, because it takes part in its own call or has a rule.

    ``result`` is a name, a (nested) tuple of names, or ``None``; ``written`` are the arrays among the arguments whose
    elements the callee writes, ``before`` copies of them as they were, for reverse mode; ``pure``: it does nothing else
    and raises nothing, so an unused call may be dropped. With a ``rule`` its derivatives are given rather than derived.
    Results in ``filled`` are arrays there already, of the right shape, whose elements get the values; they are in
    ``written`` too. Those in ``copied`` may share memory with an argument, and are copied at once.
    """

    result: Arg | None
    fn: str
    args: tuple[Atom, ...]
    written: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    pure: bool = False
    rule: CallRule | None = None
    filled: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    loc: Loc = NOWHERE


Stmt: TypeAlias = (
    "Assign | AugAssign | SetItem | AugItem | Store | Increment | Permute | If | For | While | Grow | Raise | Effect"
    " | Invoke"
)
Block: TypeAlias = "tuple[Stmt, ...]"


@dataclass(frozen=True, eq=False)
class Function:
    """A function with one exit. ``result`` is ``None`` (a procedure), an atom, or a (nested) :class:`TupleArg`.

    ``types`` is filled by inference; ``callees`` are the user's functions that :class:`Invoke` statements call. The
    last parameters of a kernel are ``intrinsics`` (see :mod:`s2sad.ir.intrinsics`).
    """

    name: str
    params: tuple[str, ...]
    body: Block
    result: Arg | None
    loc: Loc = NOWHERE
    types: Mapping[str, Any] = field(default_factory=dict)
    callees: Mapping[str, Any] = field(default_factory=dict)
    intrinsics: Mapping[str, Intrinsic] = field(default_factory=dict)
