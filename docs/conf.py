"""Sphinx configuration. What the pages show of the compiler's work is made by the compiler when they are built."""
from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))

import generate  # noqa: E402

from s2sad.version import __version__  # noqa: E402

project = "s2sad"
author = "the s2sad authors"
copyright = "2026, the s2sad authors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "generated"]
templates_path: list[str] = []

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_param = False

html_theme = "pydata_sphinx_theme"
html_title = "s2sad"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False}
html_show_sourcelink = False


def setup(app) -> None:
    app.connect("builder-inited", lambda _: generate.pages(HERE / "generated"))
