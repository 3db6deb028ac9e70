"""The result as one web page that needs nothing beside itself, in Danish or English, for screen, print and mail.

``view`` prepares plain data, page.html.j2 writes it, style.css and script.js are put inside. Everything can be read
without the script, which only searches, filters and follows links. All text is escaped by the template, and the
page's policy lets a browser run no script and load no style but these two.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from policydiff.errors import UnreadableError
from policydiff.models import Comparison
from policydiff.report import wording
from policydiff.report.html.names import Names
from policydiff.report.html.view import view


def render(comparison: Comparison, language: str | None = None) -> str:
    """The page as text, to be written as UTF-8; the same for the same comparison.

    ``language`` is that of the page's own words: "da" or "en", by default the draft's where there is wording in it,
    else English. What draft and responses say stays as it is.

    Raises:
        SettingsError: there is no wording in ``language``.
    """
    own = comparison.policy.language
    names = Names(language or (own if own in wording.available() else "en"))
    style, script = _asset("style.css"), _asset("script.js")
    page = (
        _environment()
        .get_template("page.html.j2")
        .render(
            page=view(comparison, names),
            names=names,
            shared=names.shared,
            w=names.words,
            style=Markup(style),  # noqa: S704 - our own files
            script=Markup(script),  # noqa: S704
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
    )
    return page.replace("\r", "&#13;")  # a bare one would be read as a line feed


def write(comparison: Comparison, path: Path | str, *, language: str | None = None) -> None:
    """``render`` to a file.

    Raises:
        SettingsError: there is no wording in ``language``.
        UnreadableError: the file cannot be written.
    """
    page = render(comparison, language)
    try:
        Path(path).write_text(page + "\n", encoding="utf-8")
    except OSError as error:
        raise UnreadableError(str(path), f"cannot be written ({error.strerror}); choose another place") from error


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(__name__, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _asset(name: str) -> str:
    return (files(__name__) / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What Content-Security-Policy calls a text by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
