"""What was named on a command line or in a call, as single files."""

import os
from collections.abc import Iterable
from pathlib import Path


def response_files(paths: Iterable[Path | str]) -> list[Path]:
    """The files named, and all files under the folders named, sorted within each folder.

    A path that comes up twice is taken once. Hidden files and the lock files of Office ("~$svar.docx") are left
    out. Files of unknown formats, folders that cannot be opened or are empty, and paths that do not exist are
    kept, so that they are reported and not lost.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            files += sorted(_inside(path)) or [path]
        else:
            files.append(path)
    return list(dict.fromkeys(files))


def _inside(folder: Path) -> list[Path]:
    closed: list[Path] = []
    found: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(root, name) for name in names if not name.startswith((".", "~$"))]
    return found + closed
