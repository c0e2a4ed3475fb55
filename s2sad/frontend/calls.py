"""Calls: library functions by canonical name, methods as functions, helpers inlined."""
from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import gast
import numpy as np

from s2sad.array_functions import declared
from s2sad.frontend import known, lists, outputs, structures
from s2sad.frontend.array_calls import array_call
from s2sad.frontend.device import device_call
from s2sad.frontend.functions import FunctionArg, apply, without_functions
from s2sad.frontend.ruled import of_library
from s2sad.frontend.ruled_calls import call_library
from s2sad.frontend.source import Constant, Library, Module, Several, Static, TupleClass, UserFunction
from s2sad.ir.draws import GENERATOR, GENERATOR_METHODS, NUMPY
from s2sad.ir.nodes import Arg, Call, Const, Dim, DType, ElementType, Op, Rhs, ShapeOf, TupleArg
from s2sad.runtime.helpers import python_functions

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions

# Methods of arrays, which become the function of the same meaning with the receiver first.
METHODS = {
    m: f"np.{m}" for m in (
        "copy", "sum", "dot", "mean", "max", "min", "prod", "reshape", "ravel", "flatten", "transpose", "astype", "std",
        "var", "argmax", "argmin", "cumsum", "cumprod", "any", "all", "conj", "item", "trace", "repeat", "take", "clip",
        "diagonal", "argsort", "swapaxes", "squeeze", "round",
        "nonzero",
    )
} | {"conjugate": "np.conj", "sort": "ndarray.sort"}

# Functions of math that are not numbers to one number.
NOT_SCALAR = {"math.fsum", "math.prod", "math.dist", "math.frexp", "math.modf", "math.sumprod"}
# NumPy functions that are elementwise without being ufuncs, by their number of arguments.
ELEMENTWISE = {"np.where": 3, "np.clip": 3, "np.sinc": 1, "np.real": 1, "np.imag": 1, "np.angle": 1, "np.round": 1,
               "np.nan_to_num": 1}
PRODUCTS = {"np.dot": 2, "np.matmul": 2, "np.vdot": 2}
"""With how many arguments products are; one more is an output."""
BUILTIN = {"abs": (1,), "int": (1,), "float": (1,), "bool": (1,), "complex": (1, 2), "round": (1, 2),
           "stop_gradient": (1,)}
# Functions that make arrays, and the parameters they have to be given.
IN_ORDER = {**dict.fromkeys(("np.zeros", "np.empty", "np.ones"), ("shape",)), "np.full": ("shape", "fill_value"),
            **dict.fromkeys(("np.zeros_like", "np.empty_like", "np.ones_like"), ("a",)),
            "np.full_like": ("a", "fill_value"), "np.copy": ("a",)}
# Functions whose first argument may be a list of arrays or numbers.
TAKE_LISTS = {"np.array", "np.asarray", "np.concatenate", "np.stack", "np.hstack", "np.vstack",
              "np.column_stack", "np.dstack"}


@cache
def arity(name: str) -> tuple[int, ...]:
    """With how many arguments a function is elementwise; empty if it is not."""
    if name in BUILTIN:
        return BUILTIN[name]
    if name in python_functions():
        return (python_functions()[name].__code__.co_argcount,)
    if name in ELEMENTWISE:
        return (ELEMENTWISE[name],)
    space, _, short = name.partition(".")
    if space == "math" and name not in NOT_SCALAR:
        return (1, 2, 3)
    if space == "cmath":
        return (2,) if short == "rect" else (1,)
    if space == "np" and "." not in short:
        f = getattr(np, short, None)
        if isinstance(f, np.ufunc) and f.nout == 1 and f.signature is None:
            return (f.nin,)
        if isinstance(f, type) and issubclass(f, np.generic):
            return (1,)
    return ()


def call(flat: Expressions, node: gast.Call) -> Rhs | Arg:
    """Lower a call."""
    match flat.meaning(node.func):
        case (Library() | UserFunction()) as callee:
            return apply(flat, callee, node)
        case Static(function):
            return known.evaluated(flat, function, node)
        case TupleClass() as made:
            return structures.instance(flat, made, node)
        case None if not isinstance(node.func, gast.Attribute):
            held = flat.value(node.func)
            if isinstance(held, DType):
                held = FunctionArg(Library(f"np.{held.name}"))
            if isinstance(held, FunctionArg):
                return apply(flat, held.of, node)
        case Module() | Constant() | Several():
            if not isinstance(node.func, gast.Attribute):
                flat.refuse("this is not a function", node, hint="call functions by their names")
    if isinstance(node.func, gast.Attribute):
        return method_call(flat, node.func, node)
    flat.refuse("this is not a function", node, code="S2S023", hint="call functions by their names")


def keywords(flat: Expressions, node: gast.Call) -> tuple[tuple[str, Arg], ...]:
    out = []
    for k in node.keywords:
        if k.arg is None:
            flat.refuse("'**' in a call is not supported yet", node, hint="write the arguments out")
        held = without_functions(flat, flat.value(k.value), k.value)
        if k.arg == "dtype":
            held = dtype(flat, held, k.value)
        out.append((k.arg, held))
    return tuple(out)


def dtype(flat: Expressions, held: Arg, node: gast.AST) -> Arg:
    if isinstance(held, Const) and isinstance(held.value, str):
        try:
            return DType(np.dtype(held.value).name)
        except TypeError:
            flat.refuse(f"'{held.value}' is not the name of a type", node, hint="give a type of numpy: np.float64")
    return held


def library_call(flat: Expressions, name: str, node: gast.Call) -> Rhs | Arg:
    if name == "list":
        return lists.list_call(flat, node)
    if name.startswith("cuda."):
        return device_call(flat, name, node)
    if name == "checkpointed":
        flat.refuse("only the range of a `for` loop and the condition of a `while` loop can be checkpointed", node,
                    code="S2S071", hint="write `for t in s2sad.checkpointed(range(n), snapshots=20)`")
    rule = of_library(name)
    if rule is not None:
        return call_library(flat, rule, node)
    args = [without_functions(flat, a, node) for a in flat.spread(node.args)]
    kwargs = keywords(flat, node)
    if name == "np.asarray" and args and isinstance(args[0], TupleArg):
        name = "np.array"                       # there is no array to be taken as it is
    if (declaration := declared(name)) is not None and declaration.takes(args, kwargs):
        return array_call(flat, declaration, args, kwargs, node)
    nodes = node.args if len(node.args) == len(args) else [node] * len(args)
    if name in IN_ORDER:
        args, kwargs = in_order(flat, name, args, kwargs, node)
    listed = [k for k, a in enumerate(node.args) if isinstance(a, gast.List)]
    if listed and (listed != [0] or name not in TAKE_LISTS):
        flat.refuse("a list is not supported here yet", node.args[listed[0]], hint="use an array or a tuple")
    if not kwargs:
        special = builtin_call(flat, name, args, node)
        if special is not None:
            return special
        if len(args) in arity(name):
            return Op(name, tuple(flat.as_atom(a, n) for a, n in zip(args, nodes)))
    if (given := outputs.split(name, args, kwargs)) is not None:
        return outputs.filled(flat, name, *given, node)
    if any(k == "out" for k, _ in kwargs) or len(args) > max((*arity(name), PRODUCTS.get(name, 0)), default=0) > 0:
        flat.refuse(f"this use of '{name}' with an array for its output is not supported", node, code="S2S011",
                    hint="assign the result to the array's elements: `y[...] = np.sin(x)`")
    if name == "np.matmul" and len(args) == 2 and not kwargs:
        return Op("matmul", tuple(flat.as_atom(a, n) for a, n in zip(args, nodes)))
    if name in ("np.random.rand", "np.random.randn"):
        size = (TupleArg(tuple(args)),) if len(args) > 1 else tuple(args)
        return Call("np.random.random" if name.endswith("rand") else "np.random.standard_normal", size, kwargs)
    if name == "get_num_threads":
        flat.refuse("what depends on the number of threads is not differentiated", node, code="S2S011",
                    hint="differentiate the function with `prange`, or a derivative of it by `s2sad.grad(...)` rather "
                         "than by its text; or pass the number as an argument")
    if "." not in name and name not in ("print", "sum", "max", "min"):
        flat.refuse(f"this call of '{name}' is not supported", node, code="S2S011",
                    hint="pass the arguments it needs, by position, or write the expression out")
    return Call(name, tuple(args), kwargs)


def require_known_effect(flat: Expressions, call: Call, node: gast.Call) -> None:
    """Refuse a call for its effect where nobody knows what that is: ``x.clip(0.0, 1.0, y)`` writes to ``y``."""
    of = declared(call.fn)
    # a call of a declared function with more than its parameters is not the one that is declared
    as_declared = of is not None and (of.takes(call.args, call.kwargs) or len(call.args) <= len(of.parameters)
                                      and all(k in of.parameters for k, _ in call.kwargs))
    if not (as_declared or call.fn in ("print", "list.pop") or call.fn.startswith((NUMPY, GENERATOR))):
        flat.refuse(f"'{call.fn}' is called for its effect, of which nothing is known here", node, code="S2S011",
                    hint="if it fills an array given as its output, assign the result: `y[...] = np.sin(x)`; "
                         "if it has no effect, delete it")


def in_order(flat: Expressions, name: str, args: list[Arg], kwargs: tuple[tuple[str, Arg], ...],
             node: gast.Call) -> tuple[list[Arg], tuple[tuple[str, Arg], ...]]:
    """Keyword arguments by place, as far as :data:`IN_ORDER` names them: ``np.full(shape=n, fill_value=1.0)``."""
    given = dict(kwargs)
    for parameter in IN_ORDER[name][len(args):]:
        if parameter not in given:
            flat.refuse(f"'{name}' needs '{parameter}'", node, code="S2S011", hint=f"pass '{parameter}'")
        args = [*args, given.pop(parameter)]
    return args, tuple(given.items())


def builtin_call(flat: Expressions, name: str, args: list[Arg], node: gast.Call) -> Rhs | Arg | None:
    """Builtins that are operators, or that look into tuples."""
    match name, args:
        case "len", [TupleArg() as held]:
            return structures.length_of(flat, held, node)
        case "len", [ShapeOf(array)]:
            return Call("np.ndim", (array,))
        case "len", [str() as array] if array in flat.names.lists:
            return Call("len", (array,))
        case "bool", [str() as array] if array in flat.names.lists:
            return lists.truth(flat, array)
        case "len", [str() as array]:
            return Dim(array, 0)
        case ("max" | "min"), [TupleArg(items)]:
            return extreme(flat, name, list(items), node)
        case ("max" | "min"), [_, _, *_]:
            return extreme(flat, name, args, node)
        case "sum", [TupleArg(items)]:
            total: Rhs = Const(0)
            for i in items:
                total = Op("add", (flat.as_atom(flat.as_value(total), node), flat.as_atom(i, node)))
            return total
        case "pow", [a, b]:
            return Op("pow", (flat.as_atom(a, node), flat.as_atom(b, node)))
        case "divmod", [a, b]:
            a, b = flat.as_atom(a, node), flat.as_atom(b, node)
            return TupleArg((flat.temporary(Op("floordiv", (a, b))), flat.temporary(Op("mod", (a, b)))))
        case "np.divmod", [a, b]:
            a, b = flat.as_atom(a, node), flat.as_atom(b, node)
            quotient, rest = Op("np.floor_divide", (a, b)), Op("np.remainder", (a, b))
            return TupleArg((flat.temporary(quotient), flat.temporary(rest)))
        case "math.frexp", [x]:
            x = flat.as_atom(x, node)
            return TupleArg((flat.temporary(Op("significand", (x,))), flat.temporary(Op("binary_exponent", (x,)))))
        case "cmath.polar", [z]:
            z = flat.as_atom(z, node)
            return TupleArg((flat.temporary(Op("abs", (z,))), flat.temporary(Op("cmath.phase", (z,)))))
        case "cmath.log", [z, base]:
            logs = [flat.temporary(Op("cmath.log", (flat.as_atom(a, node),))) for a in (z, base)]
            return Op("div", tuple(logs))
        case "tuple", [TupleArg() as t]:
            return t
        case "np.shape", [str() as array]:
            return ShapeOf(array)
    return None


def extreme(flat: Expressions, name: str, args: list[Arg], node: gast.Call) -> Rhs:
    result: Rhs = flat.as_atom(args[0], node)
    for a in args[1:]:
        result = Op(name, (flat.as_atom(flat.as_value(result), node), flat.as_atom(a, node)))
    return result


def method_call(flat: Expressions, func: gast.Attribute, node: gast.Call) -> Rhs | Arg:
    if func.attr in GENERATOR_METHODS and isinstance(generator := flat.value(func.value), str):
        return Call(GENERATOR + func.attr, (generator, *(flat.value(a) for a in node.args)), keywords(flat, node))
    if func.attr in lists.METHODS or isinstance(func.value, gast.Name):
        receiver = flat.value(func.value)
        if isinstance(receiver, str) and receiver in flat.names.lists:
            return lists.method(flat, receiver, func.attr, node)
    if func.attr == "type" and len(node.args) == 1 and not node.keywords:
        kind = flat.value(func.value)
        if isinstance(kind, ElementType):
            return Call("dtype.type", (kind, flat.atom(node.args[0])))
    if func.attr not in METHODS:
        flat.refuse(f"the method '.{func.attr}' is not supported yet", node, hint="write a loop over the elements")
    receiver = flat.value(func.value)
    if not isinstance(receiver, str):
        flat.refuse(f"the method '.{func.attr}' of this is not supported", node,
                    hint="write it with functions of numpy, or as a loop")
    args = [without_functions(flat, a, node) for a in flat.spread(node.args)]
    kwargs = keywords(flat, node)
    name = METHODS[func.attr]
    if func.attr == "reshape" and args and not isinstance(args[0], (TupleArg, ShapeOf)) and len(args) > 1:
        args = [TupleArg(tuple(args))]
    if func.attr == "transpose" and len(args) > 1:
        args = [TupleArg(tuple(args))]
    if func.attr == "astype" and args:
        args[0] = dtype(flat, args[0], node)
    if (declaration := declared(name)) is not None and declaration.takes([receiver, *args], kwargs):
        return array_call(flat, declaration, [receiver, *args], kwargs, node)
    if not kwargs and 1 + len(args) in arity(name):
        return Op(name, (receiver, *(flat.as_atom(a, node) for a in args)))
    return Call(name, (receiver, *args), kwargs)
