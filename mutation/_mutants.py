"""Run inside a module's folder by ``run.py``: mutmut's verdicts, as JSON on standard output."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

DETECTED = {"killed", "timeout", "segfault"}


def main() -> None:
    """Print each mutant: its function, what became of it, and where it lives, its diff."""
    # Not installed where types are checked, and its parts are not for others.
    statuses: Any = import_module("mutmut.stats").status_by_exit_code
    files: Any = import_module("mutmut.utils.file_utils").walk_mutatable_files
    read: Any = import_module("mutmut.mutation.data").SourceFileMutationData
    diff_of: Any = import_module("mutmut.mutation.diff_apply").get_diff_for_mutant
    names_of: Any = import_module(
        "mutmut.utils.format_utils"
    ).orig_function_and_class_names_from_key

    found: list[dict[str, str]] = []
    for path in files():
        data = read(path=path)
        data.load()
        for key, code in data.exit_code_by_key.items():
            function, cls = names_of(key)
            status = statuses[code]
            diff = "" if status in DETECTED else diff_of(key, path=path)
            name = function if cls is None else f"{cls}.{function}"
            found.append({"function": name, "status": status, "diff": diff})
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
