"""The exceptions of policydiff.

::

    PolicydiffError
    ├── InputError            a file or record that cannot be used; has ``source``
    │   ├── UnreadableError   missing, empty, broken, encrypted, not decodable
    │   ├── UnsupportedError  a format that is not read, or a PDF without a text layer
    │   ├── LimitError        larger or slower than a setting under ``documents.limits`` allows
    │   ├── PartlyReadError   the document was read, but something in it was not; only in ``errors`` of a result
    │   └── DraftError        a draft in which no provision was recognised
    ├── SettingsError         an unknown or impossible setting, language, encoder or judge
    └── WorkerError           a process that compared a part of the responses ended before it was done

Every message says what, where, and what to do next, in one line.
"""

import re

_LINE_ENDS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def valid(text: str) -> str:
    """``text`` with U+FFFD for each lone surrogate, as odd file names and headers hold, so that it can be written."""
    return _SURROGATE.sub("\ufffd", text)


class PolicydiffError(Exception):
    """Base of all errors that policydiff raises on purpose."""


class InputError(PolicydiffError):
    """A file or record that cannot be used. ``source`` names it."""

    def __init__(self, source: str, message: str) -> None:
        source, message = (_LINE_ENDS.sub(" ", valid(part)) for part in (source, message))
        super().__init__(f"{source}: {message}")
        self.source = source
        self.message = message

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.source, self.message)


class UnreadableError(InputError):
    """The file is missing, empty, broken, encrypted or cannot be decoded."""


class UnsupportedError(InputError):
    """The format is not read, or the file has no text to read."""


class LimitError(InputError):
    """The file is larger, deeper or slower to read than ``documents.limits`` allows."""


class PartlyReadError(InputError):
    """Something in a document that was read could not be: a scanned page, an attachment, a row."""


class DraftError(InputError):
    """No provision was recognised in the draft."""


class SettingsError(PolicydiffError):
    """A setting, language, encoder or judge that does not exist or cannot work."""


class WorkerError(PolicydiffError):
    """A process that compared a part of the responses ended before it was done, each time it was tried."""


def brief(error: Exception) -> str:
    """What a library's exception says, on one line of at most 80 characters, to be put into ours."""
    return " ".join(str(error).split())[:80] or type(error).__name__
