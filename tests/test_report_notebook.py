"""What notebooks show of the records, the figures, and the tutorial, which runs as it stands."""

import copy
import pickle
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.report_cases import CONTROLS, made_result

from policydiff import STANCES, Comparison, SettingsError

TUTORIAL = Path("docs/tutorial.ipynb")
ALLOWED = {"div", "span", "p", "blockquote", "strong", "bdi", "mark", "code"}
ALLOWED |= {"table", "thead", "tbody", "tr", "th", "td"}


@pytest.fixture(scope="module")
def result() -> Comparison:
    return made_result()


class Seen(HTMLParser):
    """The elements of a page with their attributes, and its text; complains about what is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += f"{data} "


def shown_records(result):
    yield result
    yield result.policy
    yield from result.policy.provisions
    yield from result.findings
    yield from result.tallies


def test_records_show_themselves_without_anything_from_outside(result):
    for record in shown_records(result):
        page = record._repr_html_()
        seen = Seen(page)
        assert {tag for tag, _ in seen.elements} <= ALLOWED
        assert not any(name.startswith(("on", "src", "href")) for _, attrs in seen.elements for name in attrs)
        assert "url(" not in page


def test_text_keeps_the_colour_of_the_notebook(result):
    for record in shown_records(result):
        styles = [a["style"] or "" for _, a in Seen(record._repr_html_()).elements if "style" in a]
        assert not any(re.search(r"(?<![-\w])color:(?!inherit)", s) for s in styles)
        assert not any(re.search(r"background:(?!rgba|none)", s) for s in styles)


def test_a_comparison_shows_its_matrix_ledger_and_quotations(result):
    text = " ".join(Seen(result._repr_html_()).text.split())
    assert "3 høringssvar · 8 afsnit · 7 om udkastet · 1 uden for udkastet · 2 kunne ikke læses" in text
    assert "princip A Alle med 2 1 1 · · 3" in text
    assert "§ 4.10 Pris · · · · · ·" in text
    assert "Vi støtter princip A" in text
    assert '=HYPERLINK("http://ond.example","klik")' in text


def test_a_comparison_stays_small(result):
    page = result._repr_html_()
    assert len(page) < 12_000
    assert "Men princip A skal være klarere" not in page  # thousands of characters on


def test_a_finding_marks_cues_and_evidence_in_its_passage(result):
    page = result.findings[0]._repr_html_()
    marked = re.findall(r"<mark style=\"([^\"]*)\">([^<]*)</mark>", page)
    assert [words for _, words in marked] == ["Vi støtter ", "princip A", "Men princip A skal være klarere."]
    assert "underline" not in marked[0][0]
    assert "underline" in marked[1][0]
    assert "henvisning 0.90" in page


def test_a_candidate_says_that_it_does_not_count(result):
    below = next(f for f in result.findings if not f.accepted)
    assert "tælles ikke med" in below._repr_html_()
    assert "tælles ikke med" not in result.findings[0]._repr_html_()


def test_what_respondents_write_is_escaped(result):
    finding = next(f for f in result.findings if f.passage_id == "r2/1")
    assert "<b>tegn</b>" in CONTROLS
    page = finding._repr_html_()
    assert "&lt;b&gt;tegn&lt;/b&gt;" in page
    assert "\x00" not in page
    page.encode()  # half a surrogate pair could not be


def test_a_finding_finds_its_text_as_long_as_its_comparison_is_in_use():
    result = made_result()
    kept = result.findings[0]
    assert "Foreningen" in kept._repr_html_()
    again = pickle.loads(pickle.dumps(result))  # noqa: S301 - our own
    assert "Foreningen" in again.findings[0]._repr_html_()
    assert "r1/1" in copy.deepcopy(kept)._repr_html_()  # of no comparison
    del result, again
    assert "Foreningen" not in kept._repr_html_()
    assert "not in use" in kept._repr_html_()


def test_showing_changes_nothing(result):
    other = made_result()
    assert other == result
    other._repr_html_()
    assert other == result
    assert other.model_dump() == result.model_dump()
    assert pickle.dumps(other.findings[0]) == pickle.dumps(result.findings[0])


def test_a_tally_shows_every_way_of_counting(result):
    text = " ".join(Seen(result.tallies[0]._repr_html_()).text.split())
    assert "høringsparter 2 1 1 0 0 3" in text
    assert "uafhængigt af hinanden 2 1 1 0 0 3" in text
    assert "vægtet" not in text  # the same as the first
    heavier = result.tallies[0].model_copy(update={"weighted": dict.fromkeys((*STANCES, "any"), 2.5)})
    assert "weighted" in heavier._repr_html_()


def test_the_plain_text_of_a_comparison_is_short(result):
    assert repr(result) == ("Comparison(policy='Udkast til politik', responses=3, passages=8, findings=7, errors=2)")


def test_the_matrix_shows_every_count(result):
    figure = result.plot()
    (axes,) = figure.axes
    cells = {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in axes.texts}
    assert cells[0, 0] == "2"
    assert cells[2, 0] == "·"
    assert [t.get_text() for t in axes.get_yticklabels()] == ["princip A: Alle med", "princip B", "§ 4.10: Pris"]
    assert figure.get_suptitle() == "Hvad siger høringssvarene om hver bestemmelse?"
    assert result.plot(language="en").get_suptitle().startswith("What do the responses")


def test_the_bars_show_counts_and_intervals(result):
    from policydiff import intervals

    figure = result.plot("stances")
    assert [a.get_title("left") for a in figure.axes] == ["støttes", "kritiseres", "ønskes\ntydeligere", "forslag"]
    bars = [bar.get_width() for bar in figure.axes[0].patches]
    assert bars == [2, 0, 0]
    (line,) = figure.axes[0].lines
    (wanted,) = (i for i in intervals(result) if (i.provision_id, i.key) == ("a", "endorsed"))
    assert list(line.get_xdata()) == [wanted.lo, wanted.hi]


def test_a_figure_shows_itself_and_leaves_pyplot_alone(result):
    assert result.plot()._repr_png_()[0].startswith(b"\x89PNG")
    code = (
        "import sys; from tests.report_cases import made_result; made_result().plot();"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_figures_refuse_what_they_do_not_know(result, monkeypatch):
    with pytest.raises(SettingsError, match="matrix or stances"):
        result.plot("pie")
    with pytest.raises(SettingsError, match="'de'"):
        result.plot(language="de")
    with pytest.raises(SettingsError, match="no provisions"):
        result.model_copy(update={"policy": result.policy.model_copy(update={"provisions": ()})}).plot()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SettingsError, match=r'pip install "policydiff\[plot\]"'):
        result.plot()


@pytest.fixture(scope="module")
def tutorial():
    """The notebook after a run, as a reader would run it: from docs/."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(TUTORIAL, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": "docs"}}).execute()
    return notebook


def test_the_tutorial_runs_and_shows_what_it_says(tutorial):
    outputs = [o for cell in tutorial.cells if cell.cell_type == "code" for o in cell.outputs]
    kinds = [set(o.get("data", {})) for o in outputs]
    assert sum("image/png" in k for k in kinds) == 2
    assert sum("text/html" in k for k in kinds) == 4  # a comparison, a finding, a policy, a tally
    assert "endorsed" in "".join(o.get("text", "") for o in outputs)


def test_the_tutorial_is_kept_without_its_results():
    """What it shows depends on the models, and would be out of date with the next ones."""
    import nbformat

    for cell in nbformat.read(TUTORIAL, as_version=4).cells:
        assert cell.cell_type != "code" or (cell.outputs == [] and cell.execution_count is None)
