"""The documentation says what is so: its code runs, its commands work, its links lead somewhere, the site builds.

Every block of Python in README.md and docs/ is run, those of a page one after the other in one namespace, in a folder
that holds the files they name. Every line of a ``sh`` block is run if it is a policydiff command, and looked up if it
is ``pip install`` or ``make``. What cannot run is marked ``no-run`` behind the language, and counted here.
"""

import re
import shlex
import shutil
import tomllib
from functools import cache
from pathlib import Path

import pytest

import policydiff
from policydiff.cli import main

ROOT = Path(__file__).parent.parent
# These need more than files (a model behind an endpoint, a server, a spreadsheet filled in): test_judges.py,
# test_api.py and test_review.py have them.
RUN_ELSEWHERE = {"judges.md", "api.md", "review.md"}
PAGES = [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").glob("*.md") if p.name not in RUN_ELSEWHERE)]
_BLOCK = re.compile(r"^```(\w*)([^\n`]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_RUN = 5  # blocks marked so: a Dask cluster, Ray, Ray Data and Spark in scale.md (test_recipes.py has the last)

ANSWERS = (
    "Høringssvar fra Fjordens Venner\n\nVi støtter princip E, som vi længe har ønsket.\n\n"
    "Dette princip bør dog fremstå tydeligere i udkastet.\n\nPejlemærke 2 er vi uenige i.\n",
    "Høringssvar fra Byens Klub\n\nPrincip C bør udgå.\n\nVi foreslår flere busser om aftenen.\n",
)


def blocks(page: Path, language: str) -> list[tuple[str, str]]:
    """The code blocks of a page in one language: what stands behind the language, and the code."""
    text = page.read_text(encoding="utf-8")
    return [(more.strip(), code) for found, more, code in _BLOCK.findall(text) if found == language]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The files that the documentation names: the real draft, two short responses, some labels."""
    place = tmp_path_factory.mktemp("docs") / "base"
    for folder in ("responses", "svar", "gold", "path/or"):
        (place / folder).mkdir(parents=True)
    draft = (ROOT / "fixtures/koebenhavn-2023/udkast.md").read_text(encoding="utf-8")
    for name in ("draft.md", "udkast.md"):
        (place / name).write_text(draft, encoding="utf-8")
    _word(draft, place / "draft.docx")
    for name in ("r01.txt", "responses/r01.txt", "svar/r01.txt"):
        (place / name).write_text(ANSWERS[0], encoding="utf-8")
    for name in ("r02.docx", "r1.docx", "responses/r02.docx", "svar/r02.docx"):
        _word(ANSWERS[1], place / name)
    for name in ("response.pdf", "r2.pdf"):
        _pdf(ANSWERS[0], place / name)
    _word("", place / "skabelon.dotx")
    ((_, hearing),) = blocks(ROOT / "docs" / "memo.md", "toml")
    (place / "hearing.toml").write_text(hearing, encoding="utf-8")
    for name in ("my-gold", "other-gold", "gold/parks-anna", "gold/parks-bo"):
        _few_labels(ROOT / "fixtures" / "gold" / "natural" / "kultur", place / name)
    (place / "path/or/name").symlink_to(policydiff.model_path("small"))
    return place


def _word(text: str, target: Path) -> None:
    from docx import Document

    word = Document()
    for line in text.splitlines():
        marks, _, title = line.partition(" ")
        if marks and not marks.strip("#"):
            word.add_heading(title, len(marks))
        elif line:
            word.add_paragraph(line)
    word.save(str(target))


def _pdf(text: str, target: Path) -> None:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica")
    pdf.multi_cell(0, text=text)
    pdf.output(str(target))


def _few_labels(source: Path, target: Path) -> None:
    """A gold folder with the first passages of two responses of ``source``."""
    (target / "responses").mkdir(parents=True)
    for name in ("draft.md", "provisions.json", "responses/r01.txt", "responses/r02.txt"):
        shutil.copy(source / name, target / name)
    lines = (source / "gold.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for name in ("r01", "r02") for line in [x for x in lines if f'"response": "{name}"' in x][:6]]
    assert len(kept) == 12
    (target / "gold.jsonl").write_text("".join(kept), encoding="utf-8")


@pytest.fixture
def folder(files, tmp_path, monkeypatch):
    """A copy of the files to work in, with the encoders loaded once for all pages."""
    place = tmp_path / "work"
    shutil.copytree(files, place, symlinks=True)
    monkeypatch.chdir(place)
    monkeypatch.setattr("policydiff.comparing.load_encoder", _encoder)
    monkeypatch.setattr("policydiff.evidence.embeddings.load_encoder", _encoder)
    return place


_loaded = cache(policydiff.load_encoder)


def _encoder(name, *, threads=None):  # noqa: ARG001
    return _loaded(name)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_the_python_runs(page, capsys):
    names = {"__name__": page.stem}
    for more, code in blocks(page, "python"):
        if more != "no-run":
            exec(compile(code, page.name, "exec"), names)  # noqa: S102 - our own
    capsys.readouterr()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "sh")], ids=lambda p: p.name)
def test_the_commands_run(page, capsys):
    for more, code in blocks(page, "sh"):
        for line in code.splitlines() if more != "no-run" else ():
            words = shlex.split(line, comments=True)
            if words[:2] == ["pip", "install"]:
                _can_be_installed(words[2:])
            elif words[:1] == ["make"]:
                assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8"), line
            elif words[:1] == ["policydiff"]:
                if words[1:3] == ["annotate", "init"]:
                    shutil.rmtree(words[words.index("--out") + 1], ignore_errors=True)
                assert main(words[1:]) == 0, (line, capsys.readouterr().err)
            else:
                assert words == [], f"{page.name}: {line} is neither run nor looked up"
    capsys.readouterr()


def _can_be_installed(words: list[str]) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for word in words:
        assert set(re.findall(r"[\w-]+", "".join(re.findall(r"\[(.*)\]", word)))) <= set(extras), word
    if "-c" in words:
        assert (ROOT / words[words.index("-c") + 1]).exists()


def test_what_does_not_run_is_marked_and_counted():
    marks = [(p.name, more) for p in PAGES for language in ("python", "sh") for more, _ in blocks(p, language) if more]
    assert {more for _, more in marks} <= {"no-run"}
    assert len(marks) == NOT_RUN


def test_blocks_that_look_like_code_say_which():
    """A block without a language is shown, not run; it holds no command of ours and no Python."""
    for page in PAGES:
        for _, code in blocks(page, ""):
            assert not re.search(r"^(policydiff \w|import |from )", code, re.MULTILINE), (page.name, code)


@pytest.mark.parametrize(
    "page", [*PAGES, *(ROOT / "docs" / name for name in sorted(RUN_ELSEWHERE))], ids=lambda p: p.name
)
def test_links_lead_to_files_that_are_there(page):
    written = {"tutorial.md", "cli.md", "python.md", "models.md", "benchmarks.md", "guidelines.md", "changelog.md"}
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", _BLOCK.sub("", page.read_text(encoding="utf-8"))):
        if not link.startswith("http"):
            assert (page.parent / link).exists() or link in written, link


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site as ``make docs`` builds it, without running the tutorial again."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    target = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(target), strict=True, extra={"run_tutorial": False}))
    return target


def test_the_site_fetches_nothing_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\ssrc=\"?([^\s\">]+)", text)
        fetched += re.findall(r"<link\b(?![^>]*rel=\"?(?:canonical|prev|next))[^>]*\shref=\"?([^\s\">]+)", text)
        assert not [f for f in fetched if f.startswith(("http:", "https:", "//"))], page.name


def test_the_written_pages_hold_what_they_are_written_from(site):
    command_line = (site / "cli.html").read_text(encoding="utf-8")
    for name in ("compare", "report", "annotate init", "evaluate"):
        assert f"policydiff {name}" in command_line
    reference = (site / "python.html").read_text(encoding="utf-8")
    for name in policydiff.__all__:
        assert name in reference or name.startswith("__"), name
    models = (site / "models.html").read_text(encoding="utf-8")
    for name in ("small", "static", "tagger", "alignment", "stance"):
        assert f"policydiff-{name}" in models
