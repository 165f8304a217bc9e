"""Every fuzz target over its corpus and some examples: ``nox -s fuzz`` runs them for longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzzing import command_line, link_files, replies, retry_after, standard_input
from pixlab_async import ConfigurationError
from pixlab_async.cleanup._sources import source_of

MODULES = [command_line, link_files, replies, retry_after, standard_input]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.TARGET.name)
def test_whatever_comes_is_a_value_or_an_error_of_ours(module: object) -> None:
    target = getattr(module, "TARGET", None)

    assert target is not None
    assert target.over_examples(150) > 150


def test_every_target_is_here_and_has_a_corpus() -> None:
    folder = Path(replies.__file__).parent
    named = {path.stem for path in folder.glob("[a-z]*.py")}

    assert named == {module.TARGET.name for module in MODULES}
    assert all(module.TARGET.corpus for module in MODULES)


@pytest.mark.parametrize("path", ["a\0b", "a\ud800.csv"])
def test_a_path_that_no_file_can_have_is_told(path: str) -> None:
    with pytest.raises(ConfigurationError, match="No file can have the path"):
        source_of(path)
