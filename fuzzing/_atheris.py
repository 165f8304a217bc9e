"""Runs one target with atheris, which follows the branches of the package: see ``_running``.

python -m fuzzing._atheris replies 60
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from fuzzing._running import BUILD, HERE, Target


def main(name: str, seconds: str) -> None:
    """Follow the target for so many seconds. Libfuzzer ends the process."""
    atheris: Any = import_module("atheris")  # it is not everywhere, and has no types
    with atheris.instrument_imports(include=["pixlab_async", "email", "csv", "gzip", "json"]):
        target: Target = import_module(f"fuzzing.{name}").TARGET
    folder = BUILD / name
    found = folder / "atheris"
    found.mkdir(parents=True, exist_ok=True)
    words = folder / "words.txt"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
    options = [
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-timeout=20",
        "-print_final_stats=1",
        f"-dict={words}",
        f"-artifact_prefix={folder}/",
    ]
    atheris.Setup([sys.argv[0], *options, str(found), str(HERE / "corpus" / name)], target.run)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main(*sys.argv[1:])
