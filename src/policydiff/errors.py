"""The exceptions of policydiff.

::

    PolicydiffError
    ├── InputError            a file or record that cannot be used; has ``source``
    │   ├── UnreadableError   missing, empty, broken, encrypted, not decodable
    │   ├── UnsupportedError  a format that is not read, or a PDF without a text layer
    │   └── DraftError        a draft in which no provision was recognised
    └── SettingsError         an unknown or impossible setting, language, encoder or judge

Every message says what, where, and what to do next, in one line.
"""


class PolicydiffError(Exception):
    """Base of all errors that policydiff raises on purpose."""


class InputError(PolicydiffError):
    """A file or record that cannot be used. ``source`` names it."""

    def __init__(self, source: str, message: str) -> None:
        super().__init__(f"{source}: {message}")
        self.source = source
        self.message = message

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.source, self.message)


class UnreadableError(InputError):
    """The file is missing, empty, broken, encrypted or cannot be decoded."""


class UnsupportedError(InputError):
    """The format is not read, or the file has no text to read."""


class DraftError(InputError):
    """No provision was recognised in the draft."""


class SettingsError(PolicydiffError):
    """A setting, language, encoder or judge that does not exist or cannot work."""
