"""The web page, read as a browser reads it but without one: what is in it, how often, and that text stays text."""

import re
import time
from collections import Counter
from itertools import pairwise

import lxml.html
import pytest
from tests.made_up import HOSTILE, large, small

from policydiff import compare, load_encoder
from policydiff.cli import main
from policydiff.errors import SettingsError
from policydiff.models import STANCES, Comparison
from policydiff.report.html import render
from policydiff.report.html.anchors import Anchors
from policydiff.report.html.marking import SHOWN, Piece, Span, flowing, layered, paragraphs, pieces

KINDS = ("made up", "seed")


@pytest.fixture(scope="module")
def pages(seed_result):
    results = {"made up": small(), "seed": seed_result}
    return {name: (result, lxml.html.document_fromstring(render(result))) for name, result in results.items()}


def text(element):
    return " ".join(element.text_content().split())


@pytest.mark.parametrize("kind", KINDS)
def test_the_matrix_is_the_tallies_and_its_links_lead_to_the_quotations(pages, kind):
    result, page = pages[kind]
    rows = page.xpath("//table[@class='matrix']/tbody/tr")
    assert len(rows) == len(result.policy.provisions)
    for row, tally in zip(rows, result.tallies, strict=True):
        cells = row.xpath("td[contains(@class, 'count')]")
        assert [int(text(c)) for c in cells] == [tally.respondents[s] for s in (*STANCES, "any")]
        for cell, stance in zip(cells, STANCES, strict=False):
            for link in cell.xpath("a/@href"):
                (group,) = page.xpath("//*[@id=$id]", id=link[1:])
                respondents = re.match(r"\d+", text(group.xpath("h4/*[@class='note']")[0]))[0]
                assert int(respondents) == tally.respondents[stance]
        assert ("silent" in row.get("class", "")) == (tally.respondents["any"] == 0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_accepted_finding_is_there_once_a_stance(pages, kind):
    result, page = pages[kind]
    shown = Counter(
        (f.get("data-provision"), f.get("data-stance")) for f in page.xpath("//section[@id='provisions']//li[@id]")
    )
    assert shown == Counter((f.provision_id, s) for f in result.findings if f.accepted for s in f.labels)
    candidates = page.xpath("//section[@id='review']//li[@id]")
    assert len(candidates) == sum(f.review and not f.accepted for f in result.findings)
    listed = page.xpath("//section[@id='review']//ul/li/a/@href")
    assert len(listed) == sum(f.review and f.accepted for f in result.findings)


@pytest.mark.parametrize("kind", KINDS)
def test_every_character_of_each_response_is_in_the_page(pages, kind):
    result, page = pages[kind]
    texts = page.xpath("//*[@data-response]")
    assert len(texts) == len(result.responses)
    for response, shown in zip(result.responses, texts, strict=True):
        assert shown.text_content() == response.text.translate(SHOWN)
        passages = [p for p in result.passages if p.response_id == response.id]
        spans = shown.xpath(".//span[contains(concat(' ', @class), ' passage')]")
        assert [s.text_content() for s in spans] == [p.text.translate(SHOWN) for p in passages]
        assert [s.get("class").split()[1] for s in spans] == [p.disposition for p in passages]


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_given_once_and_every_link_leads_somewhere(pages, kind):
    _, page = pages[kind]
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {h[1:] for h in page.xpath("//a/@href")} <= set(ids)
    for names in page.xpath("//@aria-labelledby"):
        assert names in ids


@pytest.mark.parametrize("kind", KINDS)
def test_headings_are_in_order_and_table_heads_have_a_scope(pages, kind):
    _, page = pages[kind]
    levels = [int(h.tag[1]) for h in page.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    assert all(th.get("scope") for th in page.iter("th"))
    assert all(table.find("caption") is not None for table in page.iter("table"))


def test_text_of_others_stays_text(pages):
    result, page = pages["made up"]
    assert len(page.xpath("//script")) == 1
    assert len(page.xpath("//style")) == 1
    assert not page.xpath("//img | //b | //i | //u | //iframe | //object | //link | //*[@onerror] | //*[@style]")
    assert all(h.startswith("#") for h in page.xpath("//@href"))
    assert not page.xpath("//@src")
    outside = page.xpath("//section[@id='outside']//blockquote")
    assert [text(q) for q in outside] == [" ".join(HOSTILE.split())]
    assert text(page.find(".//h1")) == result.policy.title
    assert "7 * 7" in outside[0].text_content()


def test_names_of_others_stand_in_isolation(pages):
    _, page = pages["made up"]
    assert {text(b) for b in page.iter("bdi")} >= {
        'Anna "<i>A</i>"',
        "b/b.txt",
        "Om <u>ro</u>",
        "c<b>.pdf",
        "is <broken>",
    }
    assert all(q.get("dir") == "auto" for q in page.iter("blockquote"))
    assert [q.get("lang") for q in page.xpath("//blockquote[contains(., 'Light')]")] == ["en"]


def test_nothing_is_fetched_and_only_our_script_may_run(pages):
    for _, page in pages.values():
        (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        source = lxml.html.tostring(page, encoding="unicode")
        assert not re.search(r"https?://|//cdn|@import|url\(", page.find(".//style").text + page.find(".//script").text)
        assert "<link" not in source


def test_marks_overlap_and_reasons_are_plain(pages):
    _, page = pages["made up"]
    (found,) = page.xpath("//li[@id='finding-r1-1-princip-a-endorsed']")
    marks = [(m.text, m.get("class")) for m in found.iter("mark")]
    assert marks == [
        ("Vi støtter ", "cue"),
        ("princip A", "cue reference"),
        (", for ", "cue"),
        ("ingen", "cue quote"),
        (" må larme", "quote"),
    ]
    assert text(found.find("blockquote")) == "Vi støtter princip A, for ingen må larme om natten."
    why = text(found.xpath("p[@class='why']")[0])
    assert why.startswith("henvisning Henviser med ordene »princip A« til princip A. Citerer 3 ord fra princip A.")
    assert "Handler om princip A: over 99 %" in why
    assert "side 1" in text(found)
    (proposal,) = page.xpath("//li[@id='finding-r1-1-princip-a-proposal']")
    assert "cue" not in {m.get("class") for m in proposal.iter("mark")}
    drafts = page.xpath("//section[@id='princip-a']//div[contains(@class, 'draft')]//mark")
    assert [(m.text, m.get("class")) for m in drafts] == [("ingen må larme", "quoted-1")]


def test_reasons_of_the_real_case_name_its_words(pages):
    _, page = pages["seed"]
    said = [text(w) for w in page.xpath("//section[@id='princip-e']//p[@class='why']")]
    assert any("Citerer 38 ord fra princip E" in w for w in said)
    assert any("Viser med ordene »Netop dette princip« tilbage til princip E" in w for w in said)
    assert any("Ligner princip E i betydning" in w for w in said)


def test_failures_review_and_silence_are_said(pages):
    _, page = pages["made up"]
    assert "kunne ikke læses" in text(page.xpath("//section[@id='errors']//tbody/tr")[0])
    assert "Ingen høringsparter har udtalt sig om princip C." in text(page.xpath("//section[@id='princip-c']")[0])
    (badge,) = page.xpath("//section[@id='princip-b']//span[@class='badge']")
    assert text(badge) == "bør gennemses"
    method = text(page.xpath("//section[@id='method']")[0])
    for word in ("Et menneske afgør", "46 %", "30 % – 70 %", "e-1", "a-1", "j-1", "0" * 64):
        assert word in method
    assert "ikke kalibreret" not in text(page)


def test_an_encoder_that_was_not_fitted_is_said_at_the_top():
    made = small()
    models = made.provenance.models | {"encoder": "another"}
    other = made.model_copy(update={"provenance": made.provenance.model_copy(update={"models": models})})
    page = lxml.html.document_fromstring(render(other))
    assert "ikke kalibreret for den sprogmodel, der er brugt (another)" in text(page.xpath("//*[@id='overview']")[0])


def test_the_page_is_in_the_language_asked_for_else_the_drafts_else_english():
    made = small()
    assert '<html lang="da">' in render(made)
    assert "To review" in render(made, "en")
    french = made.model_copy(update={"policy": made.policy.model_copy(update={"language": "fr"})})
    assert '<html lang="en">' in render(french)
    with pytest.raises(SettingsError, match="no report in language 'xx'"):
        render(made, "xx")


def test_the_same_result_gives_the_same_page(seed_result):
    again = Comparison.model_validate_json(seed_result.model_dump_json())
    assert render(seed_result) == render(again)


def test_five_thousand_findings_are_written_in_seconds():
    result = large()
    assert len(result.findings) == 5000
    seconds = []
    for _ in range(2):
        start = time.process_time()
        page = render(result)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 3  # 1.3 where it was written; a busy machine may take twice that
    assert page.count('<li class="finding') == 5000


def test_an_empty_result_is_a_page_too():
    made = small()
    empty = made.model_copy(
        update={
            "responses": (),
            "passages": (),
            "findings": (),
            "tallies": tuple(
                t.model_copy(update={"respondents": dict.fromkeys(t.respondents, 0)}) for t in made.tallies
            ),
        }
    )
    assert "Ingen høringssvar kunne sammenlignes." in render(empty)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], [("abcdef", "")]),
        ([(0, 2, "x"), (4, 9, "y")], [("ab", "x"), ("cd", ""), ("ef", "y")]),
        ([(0, 4, "x"), (2, 6, "y")], [("ab", "x"), ("cd", "x y"), ("ef", "y")]),
        (
            [(1, 5, "x"), (2, 3, "x"), (3, 3, "z"), (-4, 0, "w")],
            [("a", ""), ("b", "x"), ("c", "x"), ("de", "x"), ("f", "")],
        ),
    ],
)
def test_pieces(spans, expected):
    assert pieces("abcdef", [Span(*s) for s in spans]) == tuple(Piece(*e) for e in expected)


def test_flowing_text_joins_lines_and_keeps_marks():
    assert flowing("en  række-\nfølge\n her", [Span(4, 16, "x")]) == (("en ", ""), ("rækkefølge", "x"), (" her", ""))


def test_a_provisions_paragraphs_and_items_stand_apart():
    shown = ["".join(p.text for p in paragraph) for paragraph in paragraphs("Et\nto.\n\n1. Tre\n- fire\n", ())]
    assert shown == ["Et to.", "1. Tre", "- fire"]


def test_layers_count_what_lies_over_each_other():
    assert list(layered([(0, 4), (2, 6), (2, 3), (2, 3)])) == [
        (0, 2, "quoted-1"),
        (2, 3, "quoted-3"),
        (3, 4, "quoted-2"),
        (4, 6, "quoted-1"),
    ]


def test_anchors_are_unique_whatever_is_asked_for():
    anchors = Anchors()
    given = [anchors.new(w) for w in ("princip-e", "princip e", "review", "", "</x>", "r1/2", "princip-e-h")]
    assert given == ["princip-e", "princip-e-2", "review-2", "x", "x-2", "r1-2", "princip-e-h-2"]


def test_the_command_writes_the_page_from_a_comparison_and_from_its_result(tmp_path, capsys, koebenhavn):
    first, again, result = (tmp_path / name for name in ("a.html", "b.html", "result.json"))
    draft, response = str(koebenhavn / "udkast.md"), str(koebenhavn / "hoeringssvar-tingbjerg.txt")
    assert main(["compare", draft, response, "--html", str(first), "--json", str(result)]) == 0
    assert main(["report", str(result), "--html", str(again)]) == 0
    assert capsys.readouterr().out == ""
    assert first.read_bytes() == again.read_bytes()
    assert main(["report", str(result), "--html", str(again), "--report-language", "en"]) == 0
    assert b'<html lang="en">' in again.read_bytes()


@pytest.mark.parametrize(
    "arguments", [[], ["--html", "none/there/x.html"], ["--html", "x.html", "--report-language", "xx"]]
)
def test_a_report_that_cannot_be_written_is_status_2(arguments, tmp_path, capsys):
    file = tmp_path / "result.json"
    file.write_text(small().model_dump_json(), encoding="utf-8")
    assert main(["report", str(file), *arguments]) == 2
    assert capsys.readouterr().err.startswith("policydiff: ")


def test_copies_are_pointed_out_and_the_independent_ones_counted(koebenhavn, tmp_path):
    text = (koebenhavn / "hoeringssvar-tingbjerg.txt").read_text(encoding="utf-8")
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(f"{text}\n\nVenlig hilsen\nForening {number}\n", encoding="utf-8")
    names = [{"file": f"{n}.txt", "respondent": f"Forening {n}", "kind": "", "weight": ""} for n in range(3)]
    rows = "\n".join(["file,respondent,kind,weight", *(",".join(row.values()) for row in names)])
    (tmp_path / "respondents.csv").write_text(rows, encoding="utf-8")
    result = compare(koebenhavn / "udkast.md", tmp_path, encoder=load_encoder("static"))
    page = lxml.html.fromstring(render(result))
    assert len(result.campaigns) == 1
    campaign = page.xpath("//ul[@class='campaigns']/li")[0]
    assert campaign.text_content().startswith("3 næsten ens svar: Forening 0, Forening 1, Forening 2")
    for link in campaign.xpath(".//a/@href"):
        assert page.xpath(f"//*[@id='{link[1:]}']")
    shown = {e.text_content() for e in page.xpath("//table[contains(@class, 'matrix')]//span[@class='independent']")}
    assert shown == {"(1)"}
