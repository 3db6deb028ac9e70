"""The Word file that the memo is written into: the user's own template, or an empty one with our look."""

import io
import zipfile
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Cm

from policydiff.errors import UnreadableError

_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.{}.main+xml"
_BULLETS = ("list bullet",)  # python-docx's own has a bullet, which a style alone cannot bring
_KEPT = (qn("w:sectPr"),)


def opened(template: Path | None) -> Any:
    """An empty Word document with all styles that the memo uses, those of ``template`` where it has them.

    Of the template stay styles, page size, margins, headers and footers; its text does not.

    Raises:
        UnreadableError: the template is missing or is no Word document.
    """
    document = Document() if template is None else _from(template)
    body = document.element.body
    for element in list(body):
        if element.tag not in _KEPT:
            body.remove(element)
    _add_look(document, replace=template is None)
    if template is None:
        section = document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2.5)
        _modern(document)
    return document


def _from(template: Path) -> Any:
    source = str(template)
    try:
        return Document(io.BytesIO(_as_document(template.read_bytes())))
    except OSError as error:
        raise UnreadableError(source, f"cannot be read ({error.strerror})") from error
    except Exception as error:  # python-docx has no base of its own for what broken files raise
        message = "is no Word document that can serve as a template; save it in Word as .docx or .dotx"
        raise UnreadableError(source, message) from error


def _as_document(data: bytes) -> bytes:
    """A .dotx as a .docx: they differ in what their main part calls itself."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            part = old.read(item)
            if item.filename == "[Content_Types].xml":
                part = part.replace(_MAIN.format("template").encode(), _MAIN.format("document").encode())
            new.writestr(item.filename, part)
    return target.getvalue()


def _add_look(document: Any, *, replace: bool) -> None:
    """Add the styles that are missing; ``replace`` those that are there as well."""
    styles = document.styles.element
    there = {_name(s): s for s in styles.iterchildren(qn("w:style"))}
    normal = next(
        (s for s in there.values() if s.get(qn("w:default")) == "1" and s.get(qn("w:type")) == "paragraph"), None
    )
    for ours in parse_xml((files("policydiff.report.docx") / "look.xml").read_bytes()).iterchildren(qn("w:style")):
        theirs = there.get(_name(ours))
        if theirs is not None and replace and _name(ours) not in _BULLETS:
            styles.replace(theirs, deepcopy(ours))
        elif theirs is None:
            new = deepcopy(ours)
            new.attrib.pop(qn("w:default"), None)
            based = new.find(qn("w:basedOn"))
            if based is not None and based.get(qn("w:val")) == "Normal" and normal is not None:
                based.set(qn("w:val"), normal.get(qn("w:styleId")))
            styles.append(new)


def _name(style: Any) -> str:
    return str(style.find(qn("w:name")).get(qn("w:val"))).casefold()


def style_ids(document: Any) -> dict[str, str]:
    """The id of each style by its name in small letters; a Danish Word calls "heading 1" Overskrift1."""
    return {_name(s): s.get(qn("w:styleId")) for s in document.styles.element.iterchildren(qn("w:style"))}


def _modern(document: Any) -> None:
    """Without the compatibility mode and the "already proofed" mark of python-docx's own template."""
    settings = document.settings.element
    for state in settings.findall(qn("w:proofState")):
        settings.remove(state)
    for setting in settings.iter(qn("w:compatSetting")):
        if setting.get(qn("w:name")) == "compatibilityMode":
            setting.set(qn("w:val"), "15")


def set_properties(document: Any, *, title: str, author: str, locale: str) -> None:
    """Title, author and language, in the properties and for the spell check; no dates, so that bytes are the same."""
    core = document.core_properties
    core.title, core.author, core.language = title[:255], author[:255], locale
    core.last_modified_by = core.comments = core.keywords = ""
    core.revision = 1
    for name in ("dcterms:created", "dcterms:modified", "cp:lastPrinted"):
        prefix, local = name.split(":")
        space = {"dcterms": "http://purl.org/dc/terms/"}.get(
            prefix, "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
        )
        for element in core._element.findall(f"{{{space}}}{local}"):
            core._element.remove(element)
    properties = document.styles.element.find(qn("w:docDefaults") + "/" + qn("w:rPrDefault") + "/" + qn("w:rPr"))
    if properties is not None:
        lang = properties.find(qn("w:lang"))
        if lang is None:
            lang = properties.makeelement(qn("w:lang"), {})
            properties.append(lang)
        lang.set(qn("w:val"), locale)
    for style in document.styles.element.iterchildren(qn("w:style")):
        if style.get(qn("w:default")) == "1":
            for lang in style.iter(qn("w:lang")):
                lang.set(qn("w:val"), locale)
