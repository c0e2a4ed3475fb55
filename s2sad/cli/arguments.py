"""The command line's arguments and their help."""
from __future__ import annotations

import argparse
from collections.abc import Callable

from s2sad.version import __version__

MODES = ("tangent", "adjoint", "grad", "value_and_grad", "vjp", "primal")

SIGNATURE_HELP = """argument types, one for each parameter, as numba writes them: "float64[::1], float64, int64". Not
needed where the parameters' annotations name types; trailing parameters with defaults may be left out"""

DESCRIPTION = """Derivatives of numerical Python functions as Python source.

The file is read, not executed: names that math, numpy and numba define, functions of the same file and constant
expressions are understood; --import allows anything else by importing the file."""

EPILOG = """examples:
  s2sad emit heat.py:misfit --wrt u0,nu -o heat_ad.py \\
      --signature "float64[::1], float64, float64[::1], float64, float64, int64"
  s2sad show heat.py:misfit --mode adjoint --signature "..."
  s2sad check heat.py:misfit --signature "..."

exit status: 0, 1 if a check failed, 2 if the arguments or the input cannot be used."""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(prog="s2sad", description=DESCRIPTION, epilog=EPILOG,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--version", action="version", version=f"s2sad {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    emit = _command(commands, "emit", "write a module with the function and its derivatives",
                    "Write a module with the function, what it calls, and its derivatives. It imports math, numpy and "
                    "numba only. A function NAME gives NAME_tangent, NAME_adjoint and, if it returns one number, "
                    "NAME_grad.")
    _modes(emit, "tangent,adjoint")
    _numba(emit)
    emit.add_argument("-o", "--output", metavar="FILE", help="where to write; without it, or with -, standard output")
    emit.add_argument("--force", action="store_true", help="overwrite the output if it exists")

    show = _command(commands, "show", "print derivative source",
                    "Print derivative functions and the helpers they use, without the function itself.")
    _modes(show, "adjoint")
    _numba(show)

    check = _command(commands, "check", "compare derivatives with evaluations of the function",
                     "Generate arguments, run the derivatives in both modes, compiled, and compare them with complex "
                     "steps or extrapolated differences of the function, and with each other. Executes the function, "
                     "not its file.")
    check.add_argument("--size", type=_number(1), default=5, metavar="N",
                       help="extent of every axis of arrays (default: 5)")
    check.add_argument("--shape", action="append", default=[], metavar="NAME=NxM", dest="shapes",
                       help="the shape of one array, as in icf=4x10; may be repeated")
    check.add_argument("--seed", type=_number(0), default=0, metavar="N",
                       help="seed of the random arguments (default: 0)")
    check.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings",
                       help="an argument's value instead of a random one: a number, or a list for an array; may be "
                            "repeated")
    check.add_argument("--rtol", type=float, metavar="X",
                       help="relative difference allowed (default: 1e-8, in single precision 1e-3)")
    return top


def _command(commands: argparse._SubParsersAction, name: str, summary: str,
             description: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=description)
    made.add_argument("target", metavar="FILE:FUNCTION", help="the file, and the function in it")
    made.add_argument("--signature", metavar="TYPES", help=SIGNATURE_HELP)
    made.add_argument("--wrt", metavar="NAMES", help="parameters to differentiate by: names or positions, separated by "
                      "commas (default: those of the decorator s2sad.differentiate, else the first)")
    made.add_argument("--import", action="store_true", dest="execute",
                      help="import the file, and so execute it, instead of reading it only")
    return made


def _modes(p: argparse.ArgumentParser, default: str) -> None:
    p.add_argument("--mode", default=default, metavar="MODES", type=_mode_list,
                   help=f"what to generate, separated by commas: {', '.join(MODES)} (default: {default}); "
                        "adjoint brings grad with it where the function returns one number")
    p.add_argument("--value", action="store_true",
                   help="the adjoint also returns the function's value, and the gradient becomes value_and_grad")
    p.add_argument("--no-strong-zero", action="store_false", dest="strong_zero",
                   help="multiply by partial derivatives even where the factor is zero: a little faster, and NaN where "
                        "a partial derivative is infinite")


def _numba(p: argparse.ArgumentParser) -> None:
    p.add_argument("--target", choices=("cpu", "cuda"), default="cpu", dest="runs_on",
                   help="where the code runs: with cuda the function is a kernel of numba.cuda (default: cpu)")
    p.add_argument("--no-jit", action="store_false", dest="jit", help="plain Python functions, without @njit")
    p.add_argument("--math", choices=("libm", "vector"), default=None,
                   help="where elementary functions come from in derivatives: the C library, or vector math, which the "
                        "module then carries and loops vectorise (default: that of the decorator, else libm)")
    group = p.add_argument_group("options of numba, for all functions written (default: those of its decorator)")
    group.add_argument("--error-model", choices=("python", "numpy"), help="what division by zero does")
    for name in ("fastmath", "parallel", "nogil", "boundscheck", "cache"):
        group.add_argument(f"--{name}", action="store_true", default=None, help=f"@njit({name}=True)")


def _mode_list(text: str) -> tuple[str, ...]:
    modes = tuple(dict.fromkeys(m.strip() for m in text.split(",") if m.strip()))
    for m in modes:
        if m not in MODES:
            raise argparse.ArgumentTypeError(f"there is no mode {m!r}; modes are {', '.join(MODES)}")
    if not modes:
        raise argparse.ArgumentTypeError(f"no mode is given; modes are {', '.join(MODES)}")
    return modes


def _number(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least}")
        return int(text)

    return read
