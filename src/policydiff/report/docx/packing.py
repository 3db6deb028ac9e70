"""A Word document as bytes that are the same whenever they are written."""

import io
import zipfile
from typing import Any

_MADE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can tell


def packed(document: Any) -> bytes:
    """The file's bytes, without the times that a zip holds."""
    written, target = io.BytesIO(), io.BytesIO()
    document.save(written)
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            info = zipfile.ZipInfo(item.filename, _MADE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 0  # the same on every system
            new.writestr(info, old.read(item))
    return target.getvalue()
