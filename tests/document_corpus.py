"""The same twelve responses and the same draft in every format that is read; what the tests of reading compare with.

``python tests/document_corpus.py`` prints the passage F1 of each format.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from email.message import EmailMessage
from html import escape
from pathlib import Path

import docx
import ftfy.bad_codecs  # noqa: F401  (sloppy-windows-1252: what browsers mean by cp1252)
import openpyxl
from docx.shared import Cm, Pt
from fpdf import FPDF

from policydiff.documents import Block, Document, normalise, parse_response, read_document
from policydiff.documents.inputs import ResponseInputs
from policydiff.documents.layout import MARKER

ROOT = Path(__file__).parent.parent
GOLD = ROOT / "fixtures" / "gold"
SOFFICE = shutil.which("soffice")
Key = tuple[str, str]


def twelve() -> list[Path]:
    """Twelve responses: two of each of six labelled sets, the longest and the one in the middle."""
    found = []
    for folder in sorted(GOLD.glob("*/*"))[:: max(1, len(sorted(GOLD.glob("*/*"))) // 6)][:6]:
        files = sorted((folder / "responses").glob("*.txt"), key=lambda f: (-f.stat().st_size, f.name))
        found += [files[0], files[len(files) // 2]]
    return found


def blocks_of(document: Document) -> list[Block]:
    return parse_response(document, response_id="r")[1]


def keys(document: Document) -> Counter[Key]:
    """Section and words of each passage, list markers aside."""
    found: Counter[Key] = Counter()
    for block in blocks_of(document):
        if block.kind in ("paragraph", "bullet"):
            text = normalise(block.text).text
            marker = MARKER.match(text)
            found[normalise(block.section).text, text[marker.end() :] if marker else text] += 1
    return found


def f1(gold: Counter[Key], found: Counter[Key]) -> float:
    return 2 * (gold & found).total() / max(1, gold.total() + found.total())


def bare(block: Block) -> str:
    """The words of a block without marks of a list or of Markdown."""
    text = " ".join(block.text.split())
    if block.kind == "heading":
        return block.section
    marker = MARKER.match(text) if block.kind == "bullet" else None
    return text[marker.end() :] if marker else text


def as_docx(blocks: list[Block], path: Path) -> None:
    file = docx.Document()
    for block in blocks:
        if block.kind == "heading":
            file.add_heading(bare(block), level=2)
        else:
            file.add_paragraph(bare(block), style="List Bullet" if block.kind == "bullet" else None)
    file.save(str(path))


def as_table_docx(blocks: list[Block], path: Path, *, ruled: bool, tight: bool = False) -> None:
    """A row for each heading, as in a template; what stands before the first one stands above the table.

    In a ``tight`` one, paragraphs follow each other without space, as in Word's "Table Grid".
    """
    file = docx.Document()
    table = cell = None
    for block in blocks:
        if block.kind == "heading":
            if table is None:
                table = file.add_table(rows=0, cols=2, style="Table Grid" if ruled else None)
                table.autofit = False
            label, cell = table.add_row().cells
            label.width, cell.width = Cm(4.5), Cm(11.5)
            label.text = bare(block)
            empty = cell.paragraphs[0]
            cell = (cell, empty)
        elif cell is None:
            file.add_paragraph(bare(block))
        else:
            style = "List Bullet" if block.kind == "bullet" else None
            if cell[1] is not None:
                cell[1].text = bare(block)
                cell[1].style = file.styles[style or "Normal"]
                cell = (cell[0], None)
            else:
                cell[0].add_paragraph(bare(block), style=style)
    for row in table.rows if table is not None and not tight else ():
        for paragraph in row.cells[1].paragraphs:
            paragraph.paragraph_format.space_after = Pt(6)
    file.save(str(path))


def as_html(blocks: list[Block], path: Path | None = None) -> str:
    parts = ["<!DOCTYPE html><html><head><meta charset='utf-8'><title>Svar</title><style>p{}</style></head><body>"]
    inside = False
    for block in blocks:
        if inside and block.kind != "bullet":
            parts.append("</ul>")
        if not inside and block.kind == "bullet":
            parts.append("<ul>")
        inside = block.kind == "bullet"
        tag = {"heading": "h2", "bullet": "li"}.get(block.kind, "p")
        parts.append(f"<{tag}>{escape(bare(block))}</{tag}>\n")
    parts.append("</ul></body></html>" if inside else "</body></html>")
    text = "".join(parts)
    if path is not None:
        path.write_text(text, encoding="utf-8")
    return text


def as_markdown(blocks: list[Block], path: Path) -> None:
    marks = {"heading": "## ", "bullet": "- "}
    path.write_text("\n\n".join(marks.get(b.kind, "") + bare(b) for b in blocks) + "\n", encoding="utf-8")


def as_mail(text: str, blocks: list[Block], path: Path, form: str) -> None:
    mail = EmailMessage()
    mail["From"] = "Anna Ægir <anna@example.dk>"
    mail["To"] = "hoering@example.dk"
    mail["Subject"] = "SV: Høringssvar"
    if form == "html":
        mail.set_content(as_html(blocks), subtype="html")
    elif form == "plain":
        mail.set_content(text)
    else:
        mail.set_content("")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "svar.docx")
            as_docx(blocks, file)
            mail.add_attachment(file.read_bytes(), "application", "octet-stream", filename="høringssvar.docx")
    path.write_bytes(mail.as_bytes())


def font() -> str:
    """A free font with the letters and quotation marks of the responses."""
    import matplotlib

    return str(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"))


def sheet(size: int = 10) -> FPDF:
    pdf = FPDF()
    pdf.add_font("free", "", font())
    pdf.set_font("free", size=size)
    return pdf


class _Running(FPDF):
    def header(self) -> None:
        self.set_font("free", size=8)
        self.cell(0, 6, "Høringssvar til udkast til politik", new_x="LMARGIN", new_y="NEXT")
        self.ln(4)
        self.set_font("free", size=10)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("free", size=8)
        self.cell(0, 6, f"Side {self.page_no()} af {{nb}}", align="C")


def as_running_pdf(blocks: list[Block], path: Path) -> None:
    """Pages with a running head and numbers."""
    pdf = _Running()
    pdf.add_font("free", "", font())
    pdf.set_font("free", size=10)
    pdf.add_page()
    _flow(pdf, blocks, 0)
    pdf.output(str(path))


def as_columns_pdf(blocks: list[Block], path: Path) -> None:
    """Two columns of prose."""
    pdf = sheet(9)
    pdf.add_page()
    with pdf.text_columns(ncols=2, gutter=10, text_align="L") as columns:
        for block in blocks:
            prefix = "• " if block.kind == "bullet" else ""
            with columns.paragraph(bottom_margin=3) as paragraph:
                paragraph.write(prefix + bare(block))
    pdf.output(str(path))


def _flow(pdf: FPDF, blocks: list[Block], width: float) -> None:
    for block in blocks:
        if block.kind == "bullet":
            if pdf.will_page_break(10):
                pdf.add_page()
            _bullet(pdf, 6)
        pdf.multi_cell(width, 5, bare(block), align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(3)


def _bullet(pdf: FPDF, width: float) -> None:
    """The dot of the Symbol font, which text layers give as U+F0B7."""
    if pdf.will_page_break(10):
        pdf.add_page()
    pdf.set_font("symbol", size=10)
    pdf.cell(width, 5, "\xb7")
    pdf.set_font("free", size=10)


def as_table_pdf(blocks: list[Block], path: Path, *, ruled: bool) -> None:
    """A template table drawn by hand: labels wrapped in a narrow column, rows that run on over pages."""
    pdf = sheet()
    pdf.add_page()
    rows: list[tuple[str, list[Block]]] = []
    for block in blocks:
        if block.kind == "heading":
            rows.append((bare(block), []))
        elif rows:
            rows[-1][1].append(block)
        else:
            pdf.multi_cell(0, 5, bare(block), align="L", new_x="LMARGIN", new_y="NEXT")
            pdf.ln(3)
    left, middle, right = pdf.l_margin, pdf.l_margin + 58, pdf.w - pdf.r_margin
    for label, answers in rows:
        top, page = pdf.get_y(), pdf.page
        if top > pdf.h - 60:
            pdf.add_page()
            top, page = pdf.get_y(), pdf.page
        if ruled:
            pdf.line(left, top, right, top)
        pdf.set_xy(left, top + 1)
        pdf.multi_cell(54, 5, label, align="L")
        below = pdf.get_y()
        pdf.set_xy(middle, top + 1)
        pdf.set_left_margin(middle + 2)
        for block in answers:
            indent = 6 if block.kind == "bullet" else 0
            if indent:
                pdf.set_x(middle + 2)
                _bullet(pdf, indent)
            pdf.set_x(middle + 2 + indent)
            pdf.multi_cell(right - middle - 4 - indent, 5, bare(block), align="L", new_x="LMARGIN", new_y="NEXT")
            pdf.ln(2.5)
        pdf.set_left_margin(left)
        if pdf.page == page:
            pdf.set_y(max(pdf.get_y(), below) + 1)
        if ruled:
            bottom = pdf.get_y()
            for number in range(page, pdf.page + 1):
                pdf.page = number
                from_y = top if number == page else pdf.t_margin
                to_y = bottom if number == pdf.page else pdf.h - pdf.b_margin
                for x in (left, middle, right):
                    pdf.line(x, from_y, x, to_y if number == pdf.pages_count else pdf.h - pdf.b_margin)
            pdf.page = pdf.pages_count
            pdf.set_y(bottom)
            pdf.line(left, bottom, right, bottom)
        if not ruled:
            pdf.ln(4)
    pdf.output(str(path))


def converted(files: list[Path], suffix: str, out: Path) -> None:
    """The files through LibreOffice."""
    out.mkdir(exist_ok=True)
    profile = f"-env:UserInstallation={(out.parent / 'profile').as_uri()}"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", suffix, "--outdir", str(out), *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def build(folder: Path, forms: set[str] | None = None) -> dict[str, list[Path]]:
    """The files of each format, in the order of ``twelve()``."""
    sources = [read_document(path) for path in twelve()]
    files: dict[str, list[Path]] = {}

    def made(form: str, suffix: str) -> list[tuple[Path, list[Block], Document]]:
        if forms is not None and form not in forms:
            return []
        place = folder / form
        place.mkdir(parents=True)
        files[form] = [place / f"r{n:02}{suffix}" for n in range(1, len(sources) + 1)]
        return [(f, blocks_of(s), s) for f, s in zip(files[form], sources, strict=True)]

    for path, blocks, _ in made("docx", ".docx"):
        as_docx(blocks, path)
    for path, blocks, _ in made("docx table", ".docx"):
        as_table_docx(blocks, path, ruled=True)
    for path, blocks, _ in made("docx tight table", ".docx"):
        as_table_docx(blocks, path, ruled=True, tight=True)
    for path, blocks, _ in made("docx borderless table", ".docx"):
        as_table_docx(blocks, path, ruled=False)
    for path, blocks, _ in made("html", ".html"):
        as_html(blocks, path)
    for path, blocks, _ in made("md", ".md"):
        as_markdown(blocks, path)
    for form in ("plain", "html", "attached"):
        for path, blocks, source in made(f"eml {form}", ".eml"):
            as_mail(source.text, blocks, path, form)
    for encoding in ("utf-16", "utf-8-sig", "cp1252", "mac-roman", "cp850"):
        for path, _, source in made(f"txt {encoding}", ".txt"):
            path.write_bytes(source.text.encode(encoding, errors="replace"))
    for path, _, source in made("txt decoded wrongly", ".txt"):
        path.write_text(source.text.encode("utf-8").decode("sloppy-windows-1252"), encoding="utf-8")
    for path, blocks, _ in made("pdf drawn", ".pdf"):
        pdf = sheet()
        pdf.add_page()
        _flow(pdf, blocks, 0)
        pdf.output(str(path))
    for path, blocks, _ in made("pdf running heads", ".pdf"):
        as_running_pdf(blocks, path)
    for path, blocks, _ in made("pdf two columns", ".pdf"):
        as_columns_pdf(blocks, path)
    for path, blocks, _ in made("pdf ruled table", ".pdf"):
        as_table_pdf(blocks, path, ruled=True)
    for path, blocks, _ in made("pdf borderless table", ".pdf"):
        as_table_pdf(blocks, path, ruled=False)
    if SOFFICE is not None:
        for form, origin, suffix in (
            ("odt office", "docx", "odt"),
            ("odt table office", "docx table", "odt"),
            ("rtf office", "docx", "rtf"),
            ("rtf table office", "docx table", "rtf"),
            ("html office", "docx", "html"),
            ("pdf office", "docx", "pdf"),
            ("pdf ruled table office", "docx table", "pdf"),
            ("pdf tight table office", "docx tight table", "pdf"),
            ("pdf borderless table office", "docx borderless table", "pdf"),
        ):
            if origin in files and (forms is None or form in forms):
                converted(files[origin], suffix, folder / form)
                files[form] = [folder / form / f.with_suffix(f".{suffix}").name for f in files[origin]]
    for form, suffix in (("csv", ".csv"), ("xlsx", ".xlsx"), ("jsonl", ".jsonl")):
        if forms is None or form in forms:
            place = folder / form
            place.mkdir()
            files[form] = [as_rows(sources, place / f"svar{suffix}")]
    return files


def as_rows(sources: list[Document], path: Path) -> Path:
    """A table with a row a response."""
    header = ["Nr.", "Navn", "Høringssvar"]
    rows = [[f"4.{n}0", f"Nr. {n}", s.text.replace("\f", "\n")] for n, s in enumerate(sources, 1)]
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in (header, *rows):
            book.active.append(row)
        book.save(path)
    elif path.suffix == ".jsonl":
        lines = [json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) for row in rows]
        path.write_text("\n".join(lines), encoding="utf-8")
    else:
        cells = [";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (header, *rows)]
        path.write_text("\r\n".join(cells), encoding="cp1252", errors="replace", newline="")
    return path


def measured(files: dict[str, list[Path]]) -> dict[str, float]:
    """The passage F1 of each format: passages with their sections, against those of the plain text."""
    texts = [read_document(path) for path in twelve()]
    total = {}
    for form, paths in files.items():
        old = form.removeprefix("txt ") if form in ("txt cp1252", "txt mac-roman", "txt cp850") else "utf-8"
        old = "cp1252" if form == "csv" else old
        # Old code pages lack some quotation marks and dashes: those are lost in the file.
        gold = [keys(replace(t, text=t.text.encode(old, errors="replace").decode(old))) for t in texts]
        read = [one for one in ResponseInputs(paths) if isinstance(one, Document)]
        both = [(g & keys(d)).total() for g, d in zip(gold, read, strict=True)]
        size = sum(g.total() for g in gold) + sum(keys(d).total() for d in read)
        total[form] = 2 * sum(both) / size
    return total


def main() -> None:
    forms = set(sys.argv[1:]) or None
    with tempfile.TemporaryDirectory() as folder:
        for form, value in measured(build(Path(folder), forms)).items():
            print(f"{form:32} {value:.3f}")


if __name__ == "__main__":
    sys.exit(main())
