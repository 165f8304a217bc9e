"""The fixtures for users, each in a pytest run of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "pixlab_async.pytest_plugin", "-p", "anyio.pytest_plugin", "-W", "error")


@pytest.fixture(autouse=True)
def _only_what_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # Loading every plugin that happens to be installed takes two seconds a run.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def test_the_emulator_runs_for_a_plain_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import httpx

        def test_status(pixlab_emulator):
            reply = httpx.get(f"{pixlab_emulator.base_url}/status", trust_env=False)
            assert reply.json()["status"] == 200
        """
    )

    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)


def test_the_environment_leads_a_client_to_the_emulator(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from pixlab_async import AsyncPixLab

        @pytest.mark.anyio
        async def test_store(pixlab_environment):
            async with AsyncPixLab() as pixlab:
                media = await pixlab.store(b"\\0\\0\\0\\x18ftypmp42")
            assert pixlab_environment.stored() == [media.link]
        """
    )

    # On asyncio and on trio.
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=2)


def test_each_test_has_an_empty_emulator(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import anyio
        import pytest
        from pixlab_async import AsyncPixLab

        async def store():
            async with AsyncPixLab() as pixlab:
                await pixlab.store(b"\\0\\0\\0\\x18ftypmp42")

        @pytest.mark.parametrize("turn", [1, 2])
        def test_empty(pixlab_environment, turn):
            assert pixlab_environment.stored() == []
            anyio.run(store)
        """
    )

    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=2)


def test_the_environment_is_restored_after_the_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXLAB_BASE_URL", "https://before.example")
    pytester.makepyfile(
        """
        import os

        def test_within(pixlab_environment):
            assert os.environ["PIXLAB_BASE_URL"] == pixlab_environment.base_url

        def test_after():
            assert os.environ["PIXLAB_BASE_URL"] == "https://before.example"
        """
    )

    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=2)


def test_without_the_extra_a_test_is_told_how_to_get_it(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import sys; sys.modules['starlette'] = None")
    pytester.makepyfile("def test_nothing(pixlab_emulator): pass")

    result = pytester.runpytest_subprocess(*PLUGIN)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*pip install '.?emulator?'"])


def test_a_missing_module_of_another_package_is_not_taken_for_the_extra(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest("import sys; sys.modules['httpx'] = None")
    pytester.makepyfile("def test_nothing(pixlab_emulator): pass")

    result = pytester.runpytest_subprocess(*PLUGIN)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ModuleNotFoundError*httpx*"])


def test_pytest_finds_the_fixtures_by_itself_and_shows_what_they_are_for(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")

    result = pytester.runpytest_subprocess("--fixtures")

    result.stdout.fnmatch_lines(
        ["pixlab_emulator*", "*A running ``Emulator``*", "pixlab_environment*"]
    )


def test_the_plugin_imports_nothing_of_the_emulator() -> None:
    program = (
        "import sys, pixlab_async.pytest_plugin as plugin; "
        "print(sorted({'starlette', 'uvicorn', 'PIL', 'httpx'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
