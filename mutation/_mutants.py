"""Run inside a module's folder by ``run.py``: mutmut's verdicts, as JSON on standard output."""

from __future__ import annotations

import json
import sys

from mutmut.__main__ import status_by_exit_code
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

DETECTED = {"killed", "timeout", "segfault"}


def main() -> None:
    found: list[dict[str, str]] = []
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        for key, code in data.exit_code_by_key.items():
            status = status_by_exit_code[code]
            function, cls = orig_function_and_class_names_from_key(key)
            diff = "" if status in DETECTED else get_diff_for_mutant(key, path=path)
            name = function if cls is None else f"{cls}.{function}"
            found.append({"key": key, "function": name, "status": status, "diff": diff})
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
