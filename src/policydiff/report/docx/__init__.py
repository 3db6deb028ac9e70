"""The høringsnotat as a Word document, for the case officer to go on with."""

from pathlib import Path

from policydiff.errors import UnreadableError
from policydiff.models import Comparison
from policydiff.report.docx.hearing import Hearing, load_hearing

__all__ = ["Hearing", "load_hearing", "write"]


def write(
    comparison: Comparison,
    path: Path,
    *,
    language: str | None = None,
    template: Path | None = None,
    hearing: Hearing | None = None,
) -> None:
    """Write the memo to ``path``, in ``language`` ("da" or "en"; None: that of the draft).

    ``template`` is a .docx or .dotx file whose styles, margins, headers and footers are used. The same comparison,
    template and hearing give the same bytes.

    Raises:
        SettingsError: there is no wording in that language.
        UnreadableError: the template is no Word document, or ``path`` cannot be written.
    """
    from policydiff.report.docx.memo import Memo
    from policydiff.report.docx.packing import packed
    from policydiff.report.docx.words import Words

    words = Words(language or comparison.policy.language)
    memo = Memo(comparison, words, template=template, hearing=hearing or Hearing())
    memo.write()
    try:
        path.write_bytes(packed(memo.document))
    except OSError as error:
        message = f"cannot be written ({error.strerror}); choose another place"
        raise UnreadableError(str(path), message) from error
