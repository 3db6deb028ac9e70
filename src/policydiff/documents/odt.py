"""OpenDocument text (.odt): headings, paragraphs, lists with their numbers, tables, frames and notes."""

from typing import Any

from policydiff.documents.extract import Extract, HintKind, Writer
from policydiff.documents.limits import Guard, office_parts
from policydiff.documents.odt_numbering import Numbering
from policydiff.documents.word import LABEL_LENGTH
from policydiff.errors import UnreadableError, brief

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_MOST_SPACES = 100  # a run of blanks may name any number
_BLOCKS = frozenset(f"{_TEXT}{n}" for n in ("section", "index-body", "table-of-content")) | frozenset(
    f"{_TABLE}{n}" for n in ("table-header-rows", "table-rows", "table-row-group")
)


def read_odt(data: bytes, guard: Guard) -> Extract:
    """The paragraphs, list items and tables of an OpenDocument text in order, notes at the end.

    A table row of a short cell and a filled one is a heading and what stands under it, as in Word files.

    Raises:
        UnreadableError: it is no OpenDocument text, or is encrypted.
        LimitError: it is larger or deeper than the settings allow.
    """
    from lxml import etree

    parts = office_parts(data, guard, "content.xml", "styles.xml")
    content = parts.get("content.xml")
    if content is None:
        raise UnreadableError(guard.source, "is no OpenDocument text (no content.xml); save it again as .odt")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(content, parser)
        styles = etree.fromstring(parts["styles.xml"], parser) if "styles.xml" in parts else None
    except (etree.LxmlError, ValueError) as error:
        raise UnreadableError(
            guard.source, f"is encrypted or broken ({brief(error)}); save it again without a password"
        ) from error
    body = root.find(f"{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise UnreadableError(guard.source, "is an OpenDocument file, but no text; save it as .odt, .pdf or .xlsx")
    numbering = Numbering()
    for part in (styles, root):
        if part is not None:
            numbering.add(part)
    return _Odt(guard, root, numbering).read(body)


class _Odt:
    def __init__(self, guard: Guard, root: Any, numbering: Numbering) -> None:
        self.guard = guard
        self.numbering = numbering
        self.writer = Writer()
        self.notes: list[Any] = []
        self.cells = 0
        # An automatic style is a named one with changes: its parent tells what it is.
        self.parents = {
            style.get(f"{_STYLE}name"): style.get(f"{_STYLE}parent-style-name") or ""
            for style in root.iter(f"{_STYLE}style")
        }

    def read(self, body: Any) -> Extract:
        self._blocks(body, "paragraph", 0)
        for note in self.notes:
            self._blocks(note, "paragraph", 0)
        return self.writer.extract()

    def _blocks(self, parent: Any, kind: HintKind, depth: int) -> None:
        self.guard.check("depth", depth, "elements within each other")
        self.guard.tick()
        for element in parent:
            if element.tag == f"{_TEXT}h":
                level = element.get(f"{_TEXT}outline-level") or "1"
                self._paragraph(element, "heading", int(level) + 1 if level.isdecimal() else 2, depth)
            elif element.tag == f"{_TEXT}p":
                style = element.get(f"{_TEXT}style-name") or ""
                if (self.parents.get(style) or style) == "Title":
                    self._paragraph(element, "heading", 1, depth)
                else:
                    self._paragraph(element, kind, 0, depth)
                    kind = "paragraph" if kind == "bullet" else kind
            elif element.tag == f"{_TABLE}table":
                self._table(element, depth)
            elif element.tag == f"{_TEXT}list":
                self.numbering.enter(element)
                self._blocks(element, kind, depth + 1)
                self.numbering.leave()
            elif element.tag in (f"{_TEXT}list-item", f"{_TEXT}list-header"):
                item = element.tag == f"{_TEXT}list-item"
                self.numbering.item(element if item else None)
                self._blocks(element, "bullet" if item else kind, depth + 1)
            elif element.tag in _BLOCKS:
                self._blocks(element, kind, depth + 1)
            elif element.tag == f"{_DRAW}frame":
                self._boxes(element, depth)

    def _paragraph(self, element: Any, kind: HintKind, level: int, depth: int) -> None:
        pieces: list[str] = []
        boxes: list[Any] = []
        self._inline(element, pieces, boxes)
        words = "".join(pieces)
        outline = level - 1 if element.tag == f"{_TEXT}h" and element.get(f"{_TEXT}is-list-header") != "true" else 0
        number = self.numbering.label(element.get(f"{_TEXT}style-name") or "", outline) if words.strip() else None
        if number is not None and number.text:
            words = f"{number.text} {words.lstrip()}"
            # As in Word files, "§ 4" labels what it stands before, "1." only marks an item.
            kind = "paragraph" if number.named and kind == "bullet" else kind
        self.writer.add(words, kind, level)
        for box in boxes:
            self._boxes(box, depth)

    def _inline(self, element: Any, pieces: list[str], boxes: list[Any]) -> None:
        stack: list[tuple[Any, bool]] = [(element, True)]
        while stack:
            node, entering = stack.pop()
            if not entering:
                pieces.append(" ".join(node.tail.split("\n")) if node.tail else "")
                continue
            if node is not element:
                stack.append((node, False))
            tag = node.tag
            if tag == f"{_TEXT}s":
                count = node.get(f"{_TEXT}c") or "1"
                pieces.append(" " * (min(int(count), _MOST_SPACES) if count.isdecimal() else 1))
            elif tag == f"{_TEXT}tab":
                pieces.append("\t")
            elif tag == f"{_TEXT}line-break":
                pieces.append("\n")
            elif tag == f"{_TEXT}note":
                self.notes += node.findall(f"{_TEXT}note-body")
            elif tag == f"{_DRAW}frame":
                boxes.append(node)
            elif isinstance(tag, str) and not tag.startswith(_OFFICE):  # no comments, no tracked deletions
                pieces.append(" ".join(node.text.split("\n")) if node.text else "")
                stack.extend((child, True) for child in reversed(node))

    def _boxes(self, frame: Any, depth: int) -> None:
        for box in frame.findall(f"{_DRAW}text-box"):
            self._blocks(box, "paragraph", depth + 1)

    def _table(self, table: Any, depth: int) -> None:
        self.guard.check("depth", depth, "elements within each other")
        for row in table.iter(f"{_TABLE}table-row"):
            if _nearest_table(row) is not table:
                continue
            self.guard.tick()
            cells = [cell for cell in row if cell.tag == f"{_TABLE}table-cell"]
            self.cells += len(cells)
            self.guard.check("table_cells", self.cells, "cells")
            filled = [cell for cell in cells if any(text.strip() for text in cell.itertext())]
            label = " ".join(" ".join(cells[0].itertext()).split()) if len(filled) > 1 and filled[0] is cells[0] else ""
            if label and len(label) <= LABEL_LENGTH and cells[0].find(f".//{_TABLE}table") is None:
                self.writer.add("\n".join("".join(p.itertext()) for p in cells[0].iter(f"{_TEXT}p")), "heading", 2)
                filled = filled[1:]
            for cell in filled:
                self._blocks(cell, "paragraph", depth + 1)


def _nearest_table(element: Any) -> Any:
    above = element.getparent()
    while above is not None and above.tag != f"{_TABLE}table":
        above = above.getparent()
    return above
