"""Every error code is documented by a program that raises it, and by one that works instead."""
import re
import sys
from pathlib import Path

import pytest

import s2sad
from s2sad.errors import CODES, GUARDS, RETIRED

sys.path.insert(0, str(Path(__file__).parent.parent / "docs"))
try:
    from error_examples import HEAD, error_of, examples, printed, run_instead
finally:
    sys.path.pop(0)

EXAMPLES = {e.code: e for e in examples()}


def test_every_code_is_documented_once_or_needs_no_example():
    assert len(EXAMPLES) == len(examples())
    assert not set(EXAMPLES) & (RETIRED | GUARDS)
    assert {*EXAMPLES, *RETIRED, *GUARDS} == set(CODES)


def test_codes_in_the_compiler_are_in_the_table_and_retired_ones_are_not_raised():
    package = Path(s2sad.__file__).parent
    text = "".join(f.read_text() for f in package.rglob("*.py") if f.name != "errors.py")
    raised = set(re.findall(r'"(S2S\d{3})"', text))
    assert raised <= set(CODES) and not raised & RETIRED


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_program_raises_the_code_at_its_place(example):
    error = error_of(example)
    if isinstance(error, str):
        assert f"error[{example.code}]: " in error and "\nhint: " in error
        return
    assert error.code == example.code and error.hint
    if example.located:
        assert Path(error.loc.file).name == "example.py" and error.loc.line > HEAD.count("\n")
        assert error.loc.text == example.raising.split("\n")[error.loc.line - 1]
    shown = printed(example)
    assert f"error[{example.code}]: " in shown
    assert not example.located or shown.startswith(f"example.py:{error.loc.line}:")


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_what_to_write_instead_is_accepted(example, monkeypatch):
    """Derivatives are generated and not compiled, where a program only asks for a gradient."""
    if "has_aux" not in example.instead_call:
        monkeypatch.setattr(s2sad, "grad", lambda f, wrt=None: lambda *args: s2sad.source(f, "grad", *args, wrt=wrt))
    run_instead(example)
