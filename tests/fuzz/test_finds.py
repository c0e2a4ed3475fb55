"""What random testing found stays right: each of its programs, by every check."""
from __future__ import annotations

import pytest

from tests.fuzz.case_files import FINDS, read, write
from tests.fuzz.generator import generate
from tests.fuzz.oracles import check

FILES = sorted(FINDS.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_find(file):
    assert check(read(file), thorough=True).kind == "agrees"


def test_a_file_gives_back_its_program(tmp_path):
    program = generate(bytes(range(200)))
    write(tmp_path / "case.py", program, 'what """went""" wrong')
    again = read(tmp_path / "case.py")
    assert (again.source, again.n, again.m, again.seed) == (program.source, program.n, program.m, program.seed)
    compile((tmp_path / "case.py").read_text(), "case", "exec")
