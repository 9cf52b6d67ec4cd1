"""Sphinx settings. `make docs` builds strictly: a warning is an error."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "belief-geometry"
author = "The belief-geometry authors"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # MathJax lies beside the pages, which are read without a network as well
    "quoting",
]
source_suffix = {".md": "myst-nb", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "_figures"]
html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_title = "belief-geometry"
myst_enable_extensions = ["dollarmath", "attrs_inline"]
myst_heading_anchors = 3
nb_execution_mode = "force"  # of pages that begin with a kernel, when they are read
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 600
autodoc_typehints = "none"
napoleon_use_ivar = True
napoleon_custom_sections = [("Reference", "References")]
autodoc_member_order = "bysource"


def _plain_bars(app, what, name, obj, options, lines):
    """Docstrings write |w| for the length of a word; for docutils a bar begins a substitution."""
    lines[:] = [line.replace("|", r"\|") if "`" not in line else line for line in lines]


def setup(app):
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _plain_bars)
