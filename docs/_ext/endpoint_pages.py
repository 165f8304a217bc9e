"""Reference pages of the endpoints, out of the catalogue and the client's own methods.

``{endpoint-table}`` lists every endpoint that is known; ``{endpoint-group} <module>`` has the
methods that a module of ``pixlab_async.endpoints`` defines. Neither can go stale.
"""

from __future__ import annotations

from importlib import import_module

from docutils import nodes  # type: ignore[import-untyped] # its stubs are another package
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pixlab_async import AsyncPixLab, endpoints
from pixlab_async.catalogue import Entry, catalogue

from .gallery import first_line
from .gallery_calls import CALLS
from .groups import MODULES, homes, methods_of

# What the modules of endpoints import for type checkers alone.
_ROOMS = ("_faces", "_results", "_shapes", "_values")


class EndpointTable(SphinxDirective):
    """``{endpoint-table}``: every endpoint, one a row."""

    def run(self) -> list[nodes.Node]:
        found = homes()
        rows = ["| endpoint | what it does | evidence | bytes | group | vendor |", "|" + "---|" * 6]
        for name, entry in catalogue().items():
            module = found.get(name, entry.group)
            page = f"[page]({entry.page})" if entry.page else ""
            blob = "yes" if entry.blob else ""
            group = f"{{doc}}`{module} <{module}>`"
            cells = (_linked(name), _what(name), entry.evidence, blob, group, page)
            rows.append(f"| {' | '.join(cells)} |")
        return self.parse_text_to_nodes("\n".join(rows))


class EndpointGroup(SphinxDirective):
    """``{endpoint-group} <module>``: what the module's methods do, and each in full."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module = self.arguments[0]
        names = methods_of(module)
        text = [*_overview(names), "", "```{eval-rst}", ".. currentmodule:: pixlab_async", ""]
        text += [f".. automethod:: AsyncPixLab.{name}" for name in names]
        text += ["```", "", *_by_name_alone(module)]
        return self.parse_text_to_nodes("\n".join(text))


class Disagreements(SphinxDirective):
    """``{disagreements}``: what sources say differently of endpoints, and what is taken."""

    def run(self) -> list[nodes.Node]:
        rows = ["| endpoint | about | readings | taken | why |", "|" + "---|" * 5]
        for name, entry in catalogue().items():
            for item in entry.disagreements:
                readings = "; ".join(item.readings)
                cells = (_linked(name), item.about, readings, item.taken, item.why)
                rows.append(f"| {' | '.join(cells)} |")
        return self.parse_text_to_nodes("\n".join(rows))


def _overview(names: list[str]) -> list[str]:
    shown = {name for calls in CALLS.values() for name in calls}
    rows = ["| method | what it does | evidence | bytes | example |", "|" + "---|" * 5]
    for name in names:
        entry = catalogue().get(name)
        example = f"{{ref}}`gallery <gallery-{_label(name)}>`" if name in shown else ""
        blob = "yes" if entry and entry.blob else ""
        evidence = entry.evidence if entry else ""
        rows.append(f"| {_linked(name)} | {_what(name)} | {evidence} | {blob} | {example} |")
    return rows


def _by_name_alone(module: str) -> list[str]:
    """The endpoints of the group that have no method."""
    names = [f"`{name}`" for name, entry in catalogue().items() if _nameless(entry) == module]
    if not names:
        return []

    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    verb = "is known by its name" if len(names) == 1 else "are known by their names"
    call = "{meth}`~pixlab_async.AsyncPixLab.call`"
    return [f"Of the same kind, {listed} {verb} alone and can be tried with {call}."]


def _nameless(entry: Entry) -> str | None:
    return None if hasattr(AsyncPixLab, entry.name) else entry.group


def _linked(name: str) -> str:
    return f"{{meth}}`~pixlab_async.AsyncPixLab.{name}`" if name in homes() else f"`{name}`"


def _what(name: str) -> str:
    return first_line(name).replace("|", "\\|") if name in homes() else "not documented"


def _label(name: str) -> str:
    return name.replace("_", "-")


def _complete_modules() -> None:
    """Let autodoc find the names in annotations that are imported for type checkers alone."""
    names = {
        name: _shown_as(name) if name.endswith("Like") else value
        for room in _ROOMS
        for name, value in vars(import_module(f"pixlab_async.{room}")).items()
        if not name.startswith("_")
    }
    names["Source"] = _shown_as("Source")
    for module in MODULES:
        inner = vars(import_module(f"{endpoints.__name__}.{module}"))
        inner.update({name: names[name] for name in names.keys() - inner.keys()})
        inner["Source"] = names["Source"]


def _shown_as(name: str) -> type:
    """A class to stand in for a union of many types, which is shown by its name then."""
    return type(name, (), {"__module__": "pixlab_async"})


def setup(app: Sphinx) -> dict[str, bool]:
    """Know the directives."""
    _complete_modules()
    app.add_directive("endpoint-table", EndpointTable)
    app.add_directive("endpoint-group", EndpointGroup)
    app.add_directive("disagreements", Disagreements)
    return {"parallel_read_safe": True}
