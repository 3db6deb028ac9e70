"""The real response: what the tool is for must come out, with exact spans."""

import re

import pytest

QUOTED = "forståelsen af at integration er en gensidig proces"


def the_passage(result, beginning):
    found = [p for p in result.passages if " ".join(p.text.split()).startswith(beginning)]
    assert len(found) == 1, f"{len(found)} passages begin with {beginning!r}"
    return found[0]


def the_finding(result, passage, provision):
    ids = {p.id for p in result.policy.provisions if (p.kind, p.label) == provision}
    found = [f for f in result.findings if f.passage_id == passage.id and f.provision_id in ids]
    assert len(found) == 1
    return found[0]


E = ("princip", "E")


def test_principle_e_is_endorsed_by_quotation_with_both_spans(seed_result):
    passage = the_passage(seed_result, "Vi bifalder det princip (E)")
    finding = the_finding(seed_result, passage, E)
    assert finding.accepted
    assert finding.labels == ("endorsed",)
    assert finding.via in ("quote", "reference")
    quote = next(e for e in finding.evidence if e.kind == "quote")
    response = seed_result.responses[0]
    said = " ".join(response.text[quote.start : quote.end].split())
    drafted = seed_result.policy.text[quote.provision_start : quote.provision_end]
    assert said.startswith(QUOTED)
    assert said.endswith("egen integration og medborgerskab")
    assert said == drafted


def test_the_cue_of_the_endorsement_is_shown(seed_result):
    finding = the_finding(seed_result, the_passage(seed_result, "Vi bifalder det princip (E)"), E)
    text = seed_result.responses[0].text
    assert any("bifalder" in text[c.start : c.end] for c in finding.cues if c.stance == "endorsed")


def test_principle_e_is_asked_to_be_more_explicit_carried_from_the_passage_before(seed_result):
    finding = the_finding(seed_result, the_passage(seed_result, "Netop dette princip kunne"), E)
    assert finding.accepted
    assert "more_explicit" in finding.labels
    assert finding.via == "carried"


def test_the_bullet_on_the_mutual_process_reaches_e(seed_result):
    passage = the_passage(seed_result, "Københavns Kommune som arbejdsgiver")
    assert "jf. ambitionen om at integration" in " ".join(passage.text.split())
    assert the_finding(seed_result, passage, E).accepted


def test_the_health_pejlemaerke_is_endorsed(seed_result):
    passage = the_passage(seed_result, "Vi støtter den vigtige ambition om at fremme social lighed")
    finding = the_finding(seed_result, passage, ("pejlemærke", "4"))
    assert finding.accepted
    assert "endorsed" in finding.labels


@pytest.mark.parametrize(
    ("section", "beginning"),
    [
        ("Generelle bemærkninger", "Vi ønsker at kvittere"),
        (
            "Forslag til ændringer i indledende afsnit (forord, indledning og pejlemærker og principper)",
            "Vi bifalder det princip (E)",
        ),
        ("Forslag til ændringer i ”Beskæftigelsesområdet”", "Vi mener at Københavns Kommune ikke blot"),
        ("Forslag til ændringer i ”Sundheds- og omsorgsområdet”", "Vi støtter den vigtige ambition"),
        ("Forslag til ændringer i ”Børne- og ungdomsområdet”", "På Tingbjerg Skole har man"),
        ("Afsender (organisation og kontaktoplysninger)", "Steno Diabetes Center"),
    ],
)
def test_the_template_sections_are_recognised(seed_result, section, beginning):
    assert the_passage(seed_result, beginning).section == section


@pytest.mark.parametrize(
    "beginning",
    [
        "Københavns Kommune fastsætter mål",
        "Københavns Kommune som arbejdsgiver",
        "Københavns Kommune yder positiv særbehandling",
        "Københavns Kommune etablerer en taskforce",
        "Sundhedsfremmende indsatser skal udvikles",
        "Sundhedsfremmende indsatser skal placeres",
        "Københavns Kommunes skoler arbejder",
        "Københavns Kommune skaber mulighed",
        "Københavns Kommune fortsætter det vigtige arbejde",
    ],
)
def test_each_bullet_is_a_passage_of_its_own(seed_result, beginning):
    passage = the_passage(seed_result, beginning)
    assert len(passage.text.split()) < 75
    assert "\uf0b7" not in passage.text


def test_no_page_top_line_is_taken_for_a_bullet(seed_result):
    for passage in seed_result.passages:
        assert not passage.text.startswith("fællesskab om målsætninger")
    assert "fællesskab om målsætninger" in the_passage(seed_result, "På Tingbjerg Skole").text


def test_nothing_of_the_response_is_lost(seed_result):
    response = seed_result.responses[0]
    covered = bytearray(len(response.text))
    for passage in seed_result.passages:
        assert response.text[passage.start : passage.end] == passage.text
        covered[passage.start : passage.end] = b"\1" * (passage.end - passage.start)
    headings = " ".join({p.section for p in seed_result.passages})
    left = "".join(c if not covered[i] else " " for i, c in enumerate(response.text))
    left = re.sub(r"mailto:\S+", " ", left)
    words = [w for w in re.findall(r"\w+", left) if w not in headings]
    assert words == []
