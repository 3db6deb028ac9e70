"""Web pages and the HTML of mails: headings, paragraphs, list items and tables. Nothing outside the file is fetched."""

import codecs
import re
from typing import Any

from policydiff.documents.decoding import decode
from policydiff.documents.extract import Extract, HintKind, Writer
from policydiff.documents.limits import Guard
from policydiff.documents.word import LABEL_LENGTH
from policydiff.errors import UnreadableError, brief

_UNSEEN = frozenset(("script", "style", "head", "template", "noscript", "object", "iframe", "svg", "math"))
_BLOCKS = re.compile(
    "address|article|aside|blockquote|body|caption|center|dd|details|dir|div|dl|dt|fieldset|figcaption|figure|footer|"
    "form|h[1-6]|header|hr|html|legend|li|main|menu|nav|ol|option|p|pre|section|select|summary|table|tbody|td|textarea|"
    "tfoot|th|thead|title|tr|ul"
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_HEADING = re.compile(r"h([1-6])")
# Where Word saves a list as HTML, an item is a paragraph of this class.
_WORD_ITEM = re.compile(r"\bMso(?:ListParagraph|ListBullet|ListNumber)", re.IGNORECASE)


def read_html(data: bytes, guard: Guard) -> Extract:
    """The text of a page as a browser shows it, a blank line between blocks.

    Raises:
        UnreadableError: the parser gives up.
        LimitError: elements lie too deep in each other, or there are too many cells.
    """
    return html_extract(_decoded(data), guard)


def html_extract(markup: str, guard: Guard) -> Extract:
    """As ``read_html``, of markup that is decoded."""
    from lxml import etree

    # huge_tree lifts libxml2's own limits, under which it silently leaves text out; ours are checked instead.
    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
    markup = _DECLARATION.sub("", markup).replace("\0", "")
    if not markup.strip():
        return Extract("")
    try:
        root = etree.fromstring(markup, parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise UnreadableError(
            guard.source, f"is no HTML that can be read ({brief(error)}); save it from a browser"
        ) from error
    return Extract("") if root is None else _Page(guard).read(root)


def _decoded(data: bytes) -> str:
    named = _CHARSET.search(data[:4096])
    if named is not None and not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode(named[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError, UnicodeEncodeError):
            pass  # what a page says of itself is wrong now and then
    return decode(data)


class _Page:
    """Walks the tree without recursion, as a hostile page may be as deep as it likes."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.writer = Writer()
        self.pending: list[str] = []
        self.kinds: list[tuple[HintKind, int]] = [("paragraph", 0)]
        self.labels: set[Any] = set()
        self.cells = 0

    def read(self, root: Any) -> Extract:
        from lxml import etree

        depth = unseen = 0
        for event, element in etree.iterwalk(root, events=("start", "end")):
            name = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                depth += 1
                self.guard.check("depth", depth, "elements within each other")
                unseen += name in _UNSEEN
                if not unseen:
                    self._start(element, name)
            else:
                depth -= 1
                if not unseen:
                    self._end(name)
                unseen -= name in _UNSEEN
                if not unseen and element.tail:
                    self.pending.append(element.tail)
        self._flush()
        return self.writer.extract()

    def _start(self, element: Any, name: str) -> None:
        if name == "br":
            self.pending.append("\0")
        elif name == "tr":
            self._row(element)
        elif name in ("td", "th"):
            self.cells += 1
            self.guard.check("table_cells", self.cells, "cells")
        if _BLOCKS.fullmatch(name):
            self._flush()
            heading = _HEADING.fullmatch(name)
            if heading or element in self.labels:
                self.kinds.append(("heading", int(heading[1]) if heading else 2))
            elif name == "li" or (name == "p" and _WORD_ITEM.match(element.get("class") or "")):
                self.kinds.append(("bullet", 0))
            elif name in ("p", "td", "th", "dd", "blockquote", "div") and self.kinds[-1][0] == "paragraph":
                self.kinds.append(("paragraph", 0))
            else:
                self.kinds.append(self.kinds[-1])
        if element.text:
            self.pending.append(element.text)

    def _end(self, name: str) -> None:
        if _BLOCKS.fullmatch(name):
            self._flush()
            self.kinds.pop()

    def _row(self, row: Any) -> None:
        """Marks the first cell of a row as a heading where it is short and another one is filled."""
        self.guard.tick()
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        if len(cells) < 2 or cells[0].find(".//table") is not None:
            return
        label = " ".join(" ".join(cells[0].itertext()).split())
        if 0 < len(label) <= LABEL_LENGTH and any("".join(cell.itertext()).strip() for cell in cells[1:]):
            self.labels.add(cells[0])

    def _flush(self) -> None:
        if not self.pending:
            return
        lines = (" ".join(line.split()) for line in "".join(self.pending).split("\0"))
        kind, level = self.kinds[-1]
        parts = [""]
        for line in lines:  # two line breaks part paragraphs, as people write in web forms
            if line:
                parts[-1] = f"{parts[-1]}\n{line}" if parts[-1] else line
            else:
                parts.append("")
        for part in parts:
            self.writer.add(part, kind, level)
            if kind == "bullet":  # what goes on below an item's first block is a paragraph of its own
                self.kinds[-1] = ("paragraph", 0)
        self.pending.clear()
