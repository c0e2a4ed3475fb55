"""What each command does, and how its outcome becomes an exit status."""
from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s2sad.cli.arguments import parser
from s2sad.errors import S2sadError

if TYPE_CHECKING:
    from s2sad.cli.request import Request

OK, FAILED, UNUSABLE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        0; 1 if a check failed; 2 if the arguments or the input cannot be used. Errors are printed to standard error.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "model.py")
    >>> _ = file.write_text("def cube(x):\\n    return x * x * x\\n")
    >>> main(["emit", f"{file}:cube", "--signature", "float64", "-o", str(file.with_name("model_ad.py"))])
    0
    >>> main(["emit", f"{file}:cube", "--signature", "float64", "-o", str(file)])
    2
    """
    try:
        given = parser().parse_args(argv)
    except SystemExit as e:
        return int(e.code or 0)
    try:
        status = COMMANDS[given.command](given)
        sys.stdout.flush()
        return status
    except S2sadError as e:
        print(e, file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:
        # Whoever reads our output has seen enough; Python would complain when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return 130
    except Exception as e:
        print(_internal(e), file=sys.stderr)
        return UNUSABLE


def _internal(e: Exception) -> S2sadError:
    """An error of ours that is not one of input, with the place in our source."""
    frames = traceback.extract_tb(e.__traceback__)
    # The last one of ours: errors raised in libraries say little about where.
    frame = next(f for f in reversed(frames) if Path(f.filename).is_relative_to(Path(__file__).parent.parent))
    place = f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
    return S2sadError(f"internal error: {type(e).__name__}: {str(e).partition(os.linesep)[0]} ({place})",
                      hint="this is a bug of s2sad; please report it with the function")


def _emit(given: argparse.Namespace) -> int:
    from s2sad.cli.output import require_writable, write
    from s2sad.cli.request import request

    file = Path(given.target.rpartition(":")[0])
    output = None if given.output in (None, "-") else Path(given.output)
    if output is not None:
        require_writable(output, file, force=given.force)
    asked = request(given)
    text = _text(asked, given, file.name, with_primal=True)
    _notes(asked.target.notes())
    if output is None:
        sys.stdout.write(text)
    else:
        require_writable(output, file, force=given.force)
        write(output, text)
    return OK


def _text(asked: Request, given: argparse.Namespace, file: str, *, with_primal: bool) -> str:
    if given.runs_on == "cuda":
        from s2sad.cli.kernels import kernels_text
        return kernels_text(asked, given, file=file, with_primal=with_primal)
    from s2sad.cli.module import module_text
    return module_text(asked, given.mode, file=file, with_primal=with_primal, jit=given.jit, value=given.value,
                       strong_zero=given.strong_zero)


def _show(given: argparse.Namespace) -> int:
    from s2sad.cli.request import request

    asked = request(given)
    text = _text(asked, given, given.target.rpartition(":")[0], with_primal=False)
    _notes(asked.target.notes())
    sys.stdout.write(text)
    return OK


def _check(given: argparse.Namespace) -> int:
    from s2sad.cli.check import check, summary
    from s2sad.cli.inputs import arguments, settings, shapes
    from s2sad.cli.request import request

    asked = request(given)
    parameters = asked.target.parameters
    values = settings(given.settings, parameters.names)
    args = arguments(parameters.signature.parameters, asked.argtypes, asked.wrt, size=given.size, seed=given.seed,
                     given=values, shaped=shapes(given.shapes, parameters.names))
    result = check(asked, args, seed=given.seed, rtol=given.rtol)
    _notes(asked.target.notes())
    print(summary(asked, args, result))
    return FAILED if result.failed else OK


def _notes(lines: Sequence[str]) -> None:
    for line in lines:
        print(f"note: {line}", file=sys.stderr)


COMMANDS = {"emit": _emit, "show": _show, "check": _check}
