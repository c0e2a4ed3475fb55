"""Generated source, compared with files a person has read. ``make golden`` writes them again; read the difference."""
import importlib.util
import re
from pathlib import Path

import pytest
from numba import types

from s2sad import driver
from s2sad.frontend.source import UserFunction

CASES = Path(__file__).parent / "cases"
HEADER = re.compile(r"# (\w+): (.*)")


def load(path):
    """The function of a case file, and what its first lines say: types, wrt, kinds."""
    said = dict(HEADER.fullmatch(line).groups() for line in path.read_text().splitlines() if HEADER.fullmatch(line))
    spec = importlib.util.spec_from_file_location(f"golden_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, path.stem), said


def requests():
    for path in sorted(CASES.glob("*.py")):
        said = dict(HEADER.fullmatch(line).groups() for line in path.read_text().splitlines() if HEADER.fullmatch(line))
        for kind in said["kinds"].split(", "):
            yield pytest.param(path, kind, id=f"{path.stem}-{kind}")


@pytest.mark.parametrize("path, kind", list(requests()))
def test_golden(path, kind, regenerate):
    f, said = load(path)
    argtypes = tuple(eval(t, {**vars(types), "array": types.Array}) for t in said["types"].split("; "))
    generated = driver.generate(UserFunction.from_callable(f), kind, argtypes, tuple(said["wrt"].split(", ")))
    expected = path.with_name(f"{path.stem}.{kind}.txt")
    if regenerate:
        expected.write_text(generated.source)
    assert generated.source == expected.read_text()
