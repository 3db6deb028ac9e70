"""The web page in a real browser: what its script and style do, and what a checker of accessibility says of it."""

import shutil

import pytest
from tests.made_up import HOSTILE, large, small

from policydiff.report.html import render

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        # The tests run as root in a container, where Chromium's own sandbox cannot start; the pages are our own.
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def files(seed_result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    results = {"small": small(), "seed": seed_result, "large": large(60), "huge": large()}
    for name, result in results.items():
        (folder / f"{name}.html").write_text(render(result), encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in results}


@pytest.fixture
def visit(browser, files):
    """Opens a page; whatever it says to the console, asks the network for or fails at makes the test fail."""
    opened, complaints = [], []

    def go(name, place="", size="desktop", **options):
        page = browser.new_page(viewport=SIZES[size], **options)
        page.set_default_timeout(60_000)  # milliseconds; a busy machine is no failure
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda r: None if r.url.startswith("file:") else complaints.append(r.url))
        page.goto(files[name] + place)
        opened.append(page)
        return page

    yield go
    for page in opened:
        page.close()
    assert complaints == []


def shown(page, selector="#provisions .finding"):
    return page.locator(f"{selector}:visible").count()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["small", "seed"])
def test_accessible_and_no_wider_than_the_screen(visit, name, size, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(name, size=size, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    # Contrast is measured on what is painted: all of it must be.
    page.evaluate("document.querySelectorAll('.finding').forEach((e) => { e.style.contentVisibility = 'visible'; })")
    page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")] == []


def test_hostile_text_is_shown_as_text(visit):
    page = visit("small")
    assert page.title() == "Høringssvar: Politik <b>& ro</b>"
    assert page.evaluate("document.querySelectorAll('img, b, script').length") == 1
    assert page.locator("#outside blockquote").inner_text() == " ".join(HOSTILE.split())
    page.locator(".response summary").first.click()
    assert HOSTILE in page.locator("[data-response]").first.text_content()
    # An override inside a name or a quotation does not turn what follows it.
    assert page.locator("#outside blockquote").evaluate("e => getComputedStyle(e).unicodeBidi") in (
        "isolate",
        "plaintext",
    )


def test_filters_show_what_fits_count_it_and_stand_in_the_address(visit):
    page = visit("small")
    output = page.locator("#filter output")
    assert output.inner_text() == "Viser 4 af 4 citater"
    page.locator("#filter").get_by_label("støttes").check(force=True)
    assert output.inner_text() == "Viser 2 af 4 citater"
    assert page.evaluate("location.hash") == "#?stance=endorsed"
    assert page.locator("#princip-b-challenged").is_hidden()
    assert page.locator("#princip-c").is_hidden()
    page.locator("#filter").get_by_label("Høringspart").select_option("citizen")
    assert shown(page) == 1
    page.get_by_role("button", name="Nulstil").click()
    playwright.expect(page.locator("#filter output")).to_have_text("Viser 4 af 4 citater")
    assert shown(page) == 4
    page.locator("#filter").get_by_label("Sandsynlighed").select_option("70")
    assert shown(page) == 3
    page.locator("#filter [name=provision]").select_option("princip-b")
    assert shown(page) == 1
    page.locator("#filter").get_by_label("kun dem, der bør gennemses").check()
    assert shown(page) == 0
    assert page.locator("#no-match").is_visible()


def test_search_finds_words_across_lines_and_hyphens_in_any_case(visit):
    page = visit("small")
    page.locator("#filter").get_by_label("Søg i citater").fill("LARME om natten")
    playwright.expect(page.locator("#filter output")).to_have_text("Viser 2 af 4 citater")
    assert "q=LARME" in page.evaluate("location.hash")


def test_an_address_with_filters_shows_what_it_showed(visit):
    page = visit("small", "#princip-b?stance=endorsed,challenged&kind=citizen")
    assert page.locator("#filter output").inner_text() == "Viser 2 af 4 citater"
    assert page.locator("#filter").get_by_label("kritiseres").is_checked()
    assert page.locator("#princip-b").evaluate("e => e.classList.contains('target')")


@pytest.mark.parametrize("size", SIZES)
def test_a_deep_link_opens_the_finding_and_brings_it_into_view(visit, size):
    page = visit("large", size=size)
    last = page.locator("details.rest .finding").last.get_attribute("id")
    assert not page.locator(f"[id='{last}']").is_visible()
    page = visit("large", f"#{last}", size=size)
    playwright.expect(page.locator(f"[id='{last}']")).to_be_focused()
    box = page.locator(f"[id='{last}']").bounding_box()
    assert 0 <= box["y"] < SIZES[size]["height"] - 100


def test_a_link_to_a_stance_leads_to_its_heading(visit):
    page = visit("large", "#princip-h-challenged")
    playwright.expect(page.locator("[id='princip-h-challenged']")).to_be_focused()
    box = page.locator("#princip-h-challenged h4").bounding_box()
    assert page.locator("#filter").bounding_box()["height"] <= box["y"] < 300


def test_a_link_to_what_is_filtered_out_or_folded_leads_there(visit):
    page = visit("small", "#?stance=challenged")
    assert shown(page) == 1
    page.locator("table.matrix a[href='#princip-a-endorsed']").click()
    playwright.expect(page.locator("[id='princip-a-endorsed']")).to_be_focused()
    assert shown(page) == 4
    page.locator("#finding-r1-3-princip-b-challenged").get_by_text("Se i høringssvaret").click()
    playwright.expect(page.locator("[id='passage-r1-3']")).to_be_focused()
    assert page.locator("[id='passage-r1-3']").is_visible()


def test_five_thousand_findings_are_filtered_while_one_looks(visit):
    page = visit("huge")
    milliseconds = page.evaluate("""() => {
        const start = performance.now();
        document.querySelector('#filter [name=stance]').click();
        document.body.offsetHeight;
        return performance.now() - start;
    }""")
    assert milliseconds < 5000
    page.locator("#filter").get_by_label("Søg i citater").fill("part 17")
    page.wait_for_url(lambda url: "q=part" in url)
    assert 0 < shown(page, "#provisions [data-group]") < 60


def test_without_script_everything_can_be_read(visit):
    page = visit("seed", java_script_enabled=False)
    assert page.locator("#filter").is_hidden()
    assert page.locator("#finding-r1-13-princip-e-endorsed").is_visible()
    assert page.locator("noscript p").is_visible()


def test_on_paper_nothing_is_folded_and_nothing_is_to_be_clicked(visit):
    page = visit("small")
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator("#filter").is_hidden()
    folded = page.locator("details:not([open]) > :not(summary)")
    assert folded.count() >= 3
    assert all(folded.evaluate_all("all => all.map((e) => e.getBoundingClientRect().height > 0)"))
