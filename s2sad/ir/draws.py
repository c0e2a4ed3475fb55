"""Random draws: which calls are one, and what their parameters are called.

A draw is a :class:`~s2sad.ir.nodes.Call` of ``np.random.normal`` or, on a ``np.random.Generator``, of
``Generator.normal`` with the generator first. It changes the stream, so it is never dropped, moved, merged or repeated.
"""
from __future__ import annotations

from s2sad.ir.nodes import Arg, Assign, Call, Effect, Function, Stmt, TupleArg
from s2sad.ir.walk import walk

NUMPY, GENERATOR = "np.random.", "Generator."

PARAMETERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("random", "random_sample", "sample", "ranf", "standard_normal", "standard_exponential",
                     "standard_cauchy"), ()),
    **dict.fromkeys(("normal", "laplace", "logistic", "gumbel"), ("loc", "scale")),
    **dict.fromkeys(("uniform", "randint", "integers"), ("low", "high")),
    **dict.fromkeys(("exponential", "rayleigh"), ("scale",)),
    **dict.fromkeys(("pareto", "weibull", "power", "zipf"), ("a",)),
    **dict.fromkeys(("geometric", "logseries"), ("p",)),
    **dict.fromkeys(("binomial", "negative_binomial"), ("n", "p")),
    **dict.fromkeys(("chisquare", "standard_t"), ("df",)),
    "lognormal": ("mean", "sigma"), "standard_gamma": ("shape",), "gamma": ("shape", "scale"), "beta": ("a", "b"),
    "triangular": ("left", "mode", "right"), "vonmises": ("mu", "kappa"), "f": ("dfnum", "dfden"),
    "hypergeometric": ("ngood", "nbad", "nsample"), "poisson": ("lam",), "wald": ("mean", "scale"),
    "noncentral_chisquare": ("df", "nonc"), "noncentral_f": ("dfnum", "dfden", "nonc"),
}
"""The parameters of each distribution, in order; ``size`` comes after them."""

ARRANGING = frozenset({"permutation", "shuffle", "choice"})
"""Draws that arrange or select elements of an array (of ``np.random`` only)."""

GENERATOR_METHODS = frozenset(PARAMETERS) - {"random_sample", "sample", "ranf", "randint", "gumbel", "vonmises",
                                             "hypergeometric"}


def is_draw(value: object) -> bool:
    """Whether a right-hand side draws random numbers.

    >>> is_draw(Call("np.random.normal", ())), is_draw(Call("np.random.seed", ()))
    (True, False)
    """
    return isinstance(value, Call) and (value.fn.startswith(GENERATOR) or value.fn.startswith(NUMPY)) \
        and distribution(value) in PARAMETERS.keys() | ARRANGING


def repeated_effect(fn: Function) -> Stmt | None:
    """The first statement that makes a second run of a function differ from the first: it prints, or draws numbers."""
    return next((s for s in walk(fn.body)
                 if isinstance(s, Effect) or isinstance(s, Assign) and is_draw(s.value)), None)


def distribution(call: Call) -> str:
    """``normal`` for ``np.random.normal`` and for the method of a generator."""
    return call.fn.rpartition(".")[2]


def split_draw(call: Call) -> tuple[tuple[Arg, ...], tuple[Arg, ...], Arg | None]:
    """(generator or nothing, parameters, ``size`` if there is one) of a draw from a distribution.

    >>> split_draw(Call("np.random.normal", ("m", "s"), (("size", "n"),)))
    ((), ('m', 's'), 'n')
    """
    given = list(call.args)
    receiver = tuple(given[:1]) if call.fn.startswith(GENERATOR) else ()
    del given[:len(receiver)]
    names = PARAMETERS[distribution(call)]
    named = dict(call.kwargs)
    size: Arg | None = named.get("size")
    if len(given) > len(names):
        size = given.pop()
    parameters = [*given, *(named[n] for n in names[len(given):] if n in named)]
    if isinstance(size, TupleArg) and not size.items:
        return receiver, tuple(parameters), size
    return receiver, tuple(parameters), size
