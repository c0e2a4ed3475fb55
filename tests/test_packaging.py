"""What a user meets before the first import: metadata, the installed command, the README."""
from __future__ import annotations

import re
import tomllib
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import s2sad
from s2sad.errors import CODES
from s2sad.version import __version__

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_version_is_the_same_everywhere():
    assert s2sad.__version__ == __version__
    assert PROJECT["dynamic"] == ["version"]
    assert f"## {__version__}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_command_is_what_the_metadata_say():
    module, _, name = PROJECT["scripts"]["s2sad"].partition(":")
    assert callable(getattr(import_module(module), name))
    installed = [point for point in entry_points(group="console_scripts") if point.name == "s2sad"]
    assert [point.value for point in installed] in ([], [PROJECT["scripts"]["s2sad"]])


def test_every_folder_of_the_package_is_a_package():
    folders = {path.parent for path in (ROOT / "s2sad").rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
    assert (ROOT / "s2sad" / "py.typed").exists()


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    return import_module("generate")


def test_readme_shows_the_example_and_the_derivative_that_runs(generate):
    assert "def misfit_adjoint(" in README
    assert generate.readme(README) == README, "run `make golden`"


def test_readme_names_only_public_functions():
    for name in set(re.findall(r"\bs2sad\.([a-z_]\w*)\(", README)):
        assert callable(getattr(s2sad, name))


def test_documentation_lists_every_error_code(generate):
    rows = generate.error_codes().splitlines()
    assert all(any(f"`{code}`" in row and f"| {title}" in row for row in rows) for code, title in CODES.items())


def test_every_code_that_is_raised_is_in_the_list():
    sources = "".join(path.read_text() for path in (ROOT / "s2sad").rglob("*.py"))
    assert set(re.findall(r"\bS2S\d{3}\b", sources)) - set(CODES) == set()


def test_documentation_follows_a_function_through_the_passes(generate):
    stages = generate.stages()
    assert "np.sum" in stages["normal"] and "np.sum" not in stages["lowered"]
    assert "def growth_adjoint(" in stages["adjoint"] and "def growth_tangent(" in stages["tangent"]
    assert "generate.py:" in generate.error_example()
