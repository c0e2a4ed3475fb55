"""A small program for every error code: what the code means, what raises it, and what to write instead.

The programs are in `error_programs.txt`. The page of errors is made from them, with the error as it is printed;
the tests run every program. A part begins with `==== CODE`, and `call` after it if the error is about arguments and no
place of the source. What the code means follows; then a program that raises it and one to write instead. The last line
of each is the one that is run.
"""
from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import types
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from s2sad.errors import S2sadError

PROGRAMS = Path(__file__).with_name("error_programs.txt")
HEAD = "import numpy as np\nimport s2sad\n\n"
_numbers = count()


@dataclass(frozen=True)
class Example:
    """An error code shown at work.

    Parameters
    ----------
    code, meaning : str
        The code, and what it says about the program, for the page.
    program, call : str
        Definitions, and the line that raises the error: Python, or a command after ``$``.
    instead, instead_call : str
        Definitions and the line that work.
    located : bool
        Whether the error is about a place of the source. One about the arguments of a call is not: it is raised where
        the call stands.
    """

    code: str
    meaning: str
    program: str
    call: str
    instead: str
    instead_call: str
    located: bool

    @property
    def raising(self) -> str:
        return HEAD + self.program

    @property
    def working(self) -> str:
        return HEAD + self.instead


def examples() -> tuple[Example, ...]:
    """The table in the order of the codes."""
    return tuple(_example(part) for part in PROGRAMS.read_text().strip().split("\n==== ") if part.strip())


def _example(part: str) -> Example:
    head, _, rest = part.removeprefix("==== ").partition("\n")
    meaning, _, rest = rest.partition("\n---- raises\n")
    raises, _, works = rest.partition("\n---- works\n")
    code, *marks = head.split()
    (program, call), (instead, instead_call) = _split(raises), _split(works)
    return Example(code, meaning.strip(), program, call, instead, instead_call, "call" not in marks)


def _split(text: str) -> tuple[str, str]:
    definitions, _, call = text.strip("\n").rpartition("\n")
    return definitions.rstrip("\n") + "\n", call


def error_of(example: Example) -> S2sadError | str:
    """What the program raises, or what its command prints to standard error."""
    with _run(example.raising) as (space, folder):
        if example.call.startswith("$ "):
            return _command(example.call, folder)[1]
        try:
            exec(compile(example.call, "call.py", "exec"), space)
        except S2sadError as error:
            return error
    raise AssertionError(f"the example of {example.code} raises nothing")


def run_instead(example: Example) -> None:
    """Run the program to write instead; it raises nothing."""
    with _run(example.working) as (space, folder):
        if example.instead_call.startswith("$ "):
            status, text = _command(example.instead_call, folder)
            if status:
                raise AssertionError(text)
        else:
            exec(compile(example.instead_call, "call.py", "exec"), space)


def printed(example: Example) -> str:
    """The error as a reader sees it whose program is in the file example.py."""
    error = error_of(example)
    text = error if isinstance(error, str) else str(error)
    return "\n".join(line.rpartition("/example")[2].join(("example", "")) if "/example" in line else line
                     for line in text.splitlines())


@contextlib.contextmanager
def _run(text: str) -> Iterator[tuple[dict[str, object], Path]]:
    """The namespace of a program that is the file example.py of a folder of its own."""
    saved = dict(os.environ)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "example.py")
        file.write_text(text)
        module = types.ModuleType(f"example_{next(_numbers)}")
        module.__file__ = str(file)
        sys.modules[module.__name__] = module
        try:
            exec(compile(text, str(file), "exec"), vars(module))
            yield vars(module), Path(name)
        finally:
            del sys.modules[module.__name__]
            os.environ.clear()
            os.environ.update(saved)


def _command(line: str, folder: Path) -> tuple[int, str]:
    from s2sad.cli import main

    words = line.removeprefix("$ s2sad ").split()
    with contextlib.redirect_stderr(io.StringIO()) as errors, contextlib.redirect_stdout(io.StringIO()):
        status = main([str(folder / w) if w.startswith("example") else w for w in words])
    return status, errors.getvalue()
