"""The documentation's build: sphinx-build -W --keep-going -b html docs docs/_build/html."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from docutils import nodes  # type: ignore[import-untyped] # its stubs are another package
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import pixlab_async
from pixlab_async import cleanup, ledger, probe, transports

project = "pixlab-async"
author = "the pixlab-async authors"
copyright = author
release = version = pixlab_async.__version__

# The extensions of this folder: _ext/.
sys.path.insert(0, str(Path(__file__).parent))
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "_ext.gallery",
    "_ext.endpoint_pages",
]
exclude_patterns = [
    "_build",
    "_generated",
    "explanation/figures.md",
    "explanation/soak-figures.md",
]

html_theme = "furo"
html_title = f"pixlab-async {release}"
html_static_path = ["_static"]
html_css_files = ["gallery.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
pygments_style = "friendly"

myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
# The picture endpoints are written once, for whatever they return: this is what the client does.
autodoc_type_aliases = {"P": "Media", "D": "Difference", "C": "InlinePicture"}

napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = True

nitpicky = True
nitpick_ignore_regex = [
    # Documented elsewhere, and the build needs no network.
    ("py:.*", r"(anyio|collections|contextlib|datetime|enum|httpx|os|pathlib|types|typing)\..*"),
    # Names of unions; the arguments' own text says what is taken.
    (
        "py:class",
        "Auth|Given|JSON|KeySource|Links|Parameter|Path|PathLike|Recorder|TransportChoice|Unlinked",
    ),
    ("py:class", "AnswerFormat|DocumentKind|Font|Message|Session"),
    ("py:class", r"pixlab_async\.(Frame|Line|Overlay|Point|Rectangle)Like"),
    ("py:class", r"pixlab_async\.(_client|_lifecycle|_protocol)\.[RT]|pixlab_async\._faces\.F"),
    ("py:class", r"pixlab_async\._key\.HasScope|pixlab_async\._sources\.(AsyncFile|Upload)"),
]

_PUBLIC = {
    name: f"{module.__name__}.{name}"
    for module in (pixlab_async, cleanup, ledger, probe, transports)
    for name in module.__all__
}
_MADE_BY_US = tuple(
    f"pixlab_async.{room}"
    for room in (
        "_results",
        "_errors",
        "_shapes",
        "_faces",
        "ledger._questions",
        "ledger._values",
        "probe._compare",
        "probe._values",
    )
)
_COLON = "\ue000"
_JSON_FIELDS = re.compile(r":vartype (extra|fields): .*")
_DOTTED = re.compile(r"[\w.]+\.(\w+)")


def hide_signature(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str, returns: str
) -> tuple[str, str] | None:
    """Show no constructor of what users get and never make."""
    del app, name, options, signature, returns
    ours = what in ("class", "exception") and getattr(obj, "__module__", "") in _MADE_BY_US
    return ("", "") if ours else None


def hide_colons(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Keep napoleon from reading "a sentence: more of it" as "a type: a description".

    It does so in the first line of an attribute's docstring and of ``Returns:``. Our
    docstrings have no types.
    """
    del app, name, obj, options
    if what in ("attribute", "property") and lines:
        lines[0] = lines[0].replace(":", _COLON)
    for number, line in enumerate(lines[:-1]):
        if line == "Returns:":
            lines[number + 1] = lines[number + 1].replace(":", _COLON)


def show_colons(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Undo ``hide_colons``, and shorten types: napoleon spells them out, recursive ones too."""
    del app, what, name, obj, options
    for number, line in enumerate(lines):
        if line.startswith(":vartype "):
            named = _JSON_FIELDS.sub(r":vartype \1: collections.abc.Mapping[str, JSON]", line)
            lines[number] = _DOTTED.sub(r"~\g<0>", named)
        else:
            lines[number] = line.replace(_COLON, ":")


def resolve_public(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contents: nodes.TextElement
) -> nodes.reference | None:
    """Lead a reference to where a name is defined to where it is documented."""
    target: str = node.get("reftarget", "")
    public = _PUBLIC.get(target.rpartition(".")[2])
    if public is None or public == target:
        return None

    return env.domains.python_domain.resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], public, node, contents
    )


def setup(app: Sphinx) -> None:
    """Connect the functions above; napoleon's priority is 500."""
    app.connect("autodoc-process-signature", hide_signature)
    app.connect("autodoc-process-docstring", hide_colons, priority=400)
    app.connect("autodoc-process-docstring", show_colons, priority=600)
    app.connect("missing-reference", resolve_public)
