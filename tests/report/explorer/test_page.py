"""The explorer in a browser: what is shown, that it asks for nothing, that texts stay texts."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from dsi.report.explorer.document import explorer_page
from tests.report.explorer.browser import PROGRAM, Browser
from tests.report.explorer.studies import EVIL, write_study

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium here, which this test drives: apt-get install chromium"
)

DataOf = Callable[[Path], str]
CELLS = (
    "[...document.querySelectorAll('#table .tabulator-row')]"
    ".map(row => [...row.querySelectorAll('.tabulator-cell')].map(cell => cell.textContent))"
)
HEADS = "[...document.querySelectorAll('#table .tabulator-col-title')].map(head => head.textContent)"
DEFAULT_ORDER = ['<b>Bold</b> & "quoted"', "matrix trace", "paths of a graph", "random walk of a graph"]


class Page:
    """What a test does with the page and reads from it."""

    def __init__(self, browser: Browser, path: Path) -> None:
        self.browser, self.address = browser, path.as_uri()

    def open(self, view: str = "", width: int = 1280) -> None:
        self.browser.open(self.address + view, width)

    def choose(self, name: str, value: str) -> None:
        self.browser.run(
            f"(() => {{ const chosen = document.getElementById({name!r}); chosen.value = {json.dumps(value)};"
            " const kind = chosen.type === 'search' ? 'input' : 'change';"
            " chosen.dispatchEvent(new Event(kind, {bubbles: true})); })()"
        )
        self.browser.run("new Promise(done => setTimeout(done, 50))")

    def rows(self) -> list[dict[str, str]]:
        heads, rows = self.browser.run(HEADS), self.browser.run(CELLS)
        return [dict(zip(heads, cells, strict=True)) for cells in rows]

    def column(self, name: str) -> list[str]:
        return [row[name] for row in self.rows()]

    def text(self, selector: str) -> str:
        return str(self.browser.run(f"document.querySelector({selector!r}).innerText"))

    def hash(self) -> str:
        return str(self.browser.run("location.hash"))

    def clean(self) -> bool:
        """Nothing was complained of, and nothing asked for but the page."""
        assert self.browser.complaints() == []
        assert {address.partition("#")[0] for address in self.browser.requests()} == {self.address}
        return True


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page_of(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Page]:
    def make(data: str) -> Page:
        path = tmp_path_factory.mktemp("page") / "explore.html"
        path.write_text(explorer_page(data, "Explorer: toy"), encoding="utf-8")
        return Page(browser, path)

    return make


@pytest.fixture(scope="module")
def page(results: Path, data_of: DataOf, page_of: Callable[[str], Page]) -> Page:
    return page_of(data_of(results))


def test_the_largest_difference_from_the_control_comes_first(page: Page) -> None:
    page.open()
    assert page.column("query") == DEFAULT_ORDER
    # Rate 0.9, recovered less restart: 1/12 - 1/2, 1/14 - 1/12, and twice nothing.
    assert page.column("difference") == ["▼ −0.417", "▼ −0.012", " 0.000", " 0.000"]
    assert page.column("recovered") == ["0.083", "0.071", "1.000", "1.000"]
    assert page.column("over seeds") == ["2", "2", "2", "2"]
    assert page.text("#summary") == "4 of 4 queries: 0 better, 2 the same, 2 worse than restart (rate 0)"
    assert page.clean()


def test_seeds_rates_and_arms_change_what_is_compared(page: Page) -> None:
    page.open("#seed=2")
    page.choose("compare", "pruned")
    # Of seed 2 pruned 0.9 finds qa at rank 3, dense at 1.
    assert dict(zip(page.column("query"), page.column("difference"), strict=True)) == {
        '<b>Bold</b> & "quoted"': "▼ −0.923",
        "matrix trace": "▼ −0.012",
        "paths of a graph": "▼ −0.667",
        "random walk of a graph": " 0.000",
    }
    page.choose("rate", "0.5")
    page.choose("measure", "nDCG@10")
    assert page.column("pruned")[:2] == ["0.000", "0.631"]  # 1 / log2(3)
    assert page.hash() == "#rate=0.5&seed=2&compare=pruned&measure=nDCG%4010&query=qb"
    assert page.clean()


def test_where_a_query_is_lost_and_whether_recovery_brings_it_back(page: Page) -> None:
    page.open("#seed=1")
    found = {row["query"]: (row["lost at"], row["brought back"], row["then lost at"]) for row in page.rows()}
    assert found == {
        "paths of a graph": ("0.9", "yes", ""),
        '<b>Bold</b> & "quoted"': ("0.5", "no", "0.5"),
        "matrix trace": ("", "", ""),  # dense does not find it
        "random walk of a graph": ("", "", ""),
    }
    page.choose("seed", "all")
    # Of two seeds that find it one still does: it is not lost.
    assert dict(zip(page.column("query"), page.column("lost at"), strict=True))["paths of a graph"] == ""
    assert page.clean()


def test_filters_leave_some_queries(page: Page) -> None:
    page.open("#seed=1")
    for show, expected in {
        "worse": DEFAULT_ORDER[:2],
        "better": [],
        "same": DEFAULT_ORDER[2:],
        "gone": [DEFAULT_ORDER[0], DEFAULT_ORDER[2]],
        "back": [DEFAULT_ORDER[2]],
        "never": [DEFAULT_ORDER[0]],
    }.items():
        page.choose("show", show)
        assert page.column("query") == expected, show
        if expected:  # a query that it leaves is shown below the table
            assert page.text("#query-head") in expected
    page.choose("show", "all")
    page.choose("find", "GRAPH walk")
    assert page.column("query") == ["random walk of a graph"]
    assert page.text("#summary").startswith("1 of 4 queries")
    assert "find=GRAPH+walk" in page.hash()
    page.choose("find", "nothing like it")
    assert page.rows() == []
    assert "No query is like this." in page.text("#table")
    assert page.clean()


def test_a_column_sorts_by_mouse_and_by_key(page: Page) -> None:
    page.open()
    head = "[...document.querySelectorAll('#table .tabulator-col')].find(one => one.textContent === 'BM25')"
    page.browser.run(f"{head}.click()")
    assert page.column("BM25") == ["1.000", "1.000", "0.500", "0.333"]
    assert page.browser.run(f"{head}.getAttribute('aria-sort')") == "descending"
    assert "sort=bm25%3Adesc" in page.hash()
    page.browser.run(f"{head}.focus()")
    page.browser.press("Enter", 13)
    assert page.column("BM25") == ["0.333", "0.500", "1.000", "1.000"]
    page.browser.press("Enter", 13)  # and back to the largest divergence
    page.browser.wait_for("!location.hash.includes('sort')")
    page.choose("show", "worse")
    page.choose("show", "all")
    assert page.column("query") == DEFAULT_ORDER
    assert page.clean()


def test_the_address_holds_the_view(page: Page) -> None:
    page.open("#rate=0.5&seed=2&compare=pruned&show=worse&sort=difference:asc&axis=zeros&query=qa&control=1")
    first = (page.rows(), page.text("#query"), page.text("#figure-head"), page.hash())
    assert page.text("#query-head") == "paths of a graph"
    assert page.browser.run("document.querySelector('input[name=axis]:checked').value") == "zeros"
    page.open(page.hash())
    assert (page.rows(), page.text("#query"), page.text("#figure-head"), page.hash()) == first
    page.browser.run("location.hash = 'rate=0.9&seed=1'")
    page.browser.wait_for("document.getElementById('rate').value === '0.9'")
    assert page.clean()


def test_an_address_with_what_is_not_there_gives_the_default(page: Page) -> None:
    page.open("#rate=0.7&seed=12&baseline=none&show=x&sort=nothing:up&query=gone&axis=%")
    assert page.column("query") == DEFAULT_ORDER
    assert page.text("#query-head") == DEFAULT_ORDER[0]
    assert page.clean()


def test_ids_of_any_letters_are_found_by_address(page: Page) -> None:
    page.open(f"#query={quote('qü&=#')}")
    assert page.text("#query-head") == "matrix trace"
    assert page.hash() == f"#query={quote('qü&=#', safe='')}"


def test_rankings_stand_side_by_side_with_the_relevant_documents_marked(page: Page) -> None:
    page.open("#seed=1&query=qa")
    lists = page.browser.run(
        "[...document.querySelectorAll('.list')].map(one => [one.querySelector('h3').textContent,"
        " [...one.querySelectorAll('li')].findIndex(item => item.className === 'relevant') + 1,"
        " one.querySelectorAll('li').length, one.querySelector('p').textContent])"
    )
    assert lists == [
        ["BM25", 2, 10, "AP 0.5000 · first relevant document at rank 2"],
        ["dense E1", 1, 10, "AP 1.0000 · first relevant document at rank 1"],
        ["pruned magnitude 0.9", 0, 10, "AP 0.0833 · first relevant document at rank 12"],
        ["recovered magnitude 0.9", 1, 10, "AP 1.0000 · first relevant document at rank 1"],
    ]
    page.browser.run("document.getElementById('control').click()")
    assert page.browser.run("document.querySelectorAll('.list').length") == 5
    commands = page.text(".list:last-child .commands summary")
    assert commands == "Where this comes from"
    page.browser.run("document.querySelector('.list:last-child .commands').open = true")
    assert "runs/recovered/dsi/seed1/magnitude-0.9.trec.gz" in page.text(".list:last-child .commands")


def test_texts_are_never_markup(page: Page) -> None:
    page.open("#query=qa&seed=1")
    assert EVIL in page.text("#relevant")
    assert page.browser.run("document.querySelectorAll('img, #table b, #query b').length") == 0
    assert page.browser.run("window.injected") is None
    page.open("#query=qb&find=%3Cb%3E")
    assert page.text("#query-head") == DEFAULT_ORDER[0]
    assert page.clean()


def test_the_policy_refuses_a_handler_that_came_in_by_other_ways(page: Page) -> None:
    page.open()
    page.browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.injected=1>')")
    page.browser.wait_for("true")
    assert page.browser.run("window.injected") is None
    assert page.browser.complaints()


def test_the_keyboard_reaches_queries_and_steps_through_them(page: Page) -> None:
    page.open()
    page.browser.run("document.querySelectorAll('#table button.query')[2].focus()")
    page.browser.press("Enter", 13)
    assert page.text("#query-head") == DEFAULT_ORDER[2]
    chosen = "[...document.querySelectorAll('#table [aria-pressed=true]')].map(one => one.textContent)"
    assert page.browser.run(chosen) == [DEFAULT_ORDER[2]]
    page.browser.run("document.getElementById('next').focus()")
    page.browser.press(" ", 32)
    assert page.text("#query-head") == DEFAULT_ORDER[3]
    assert page.browser.run("document.getElementById('next').disabled") is True
    assert page.clean()


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_hangs_over_the_edge(page: Page, width: int) -> None:
    page.open("#control=1", width)
    assert page.browser.run("document.documentElement.scrollWidth") == width


def test_the_figure_gives_values_and_a_click_chooses_a_rate(page: Page) -> None:
    page.open("#compare=pruned")
    over = page.browser.run("(({x, y}) => [x, y])(document.querySelector('.u-over').getBoundingClientRect())")
    # Where rate 0.5 of the recovered curve lies: found by moving over the whole figure.
    sizes = page.browser.run(
        "(({width, height}) => [width, height])(document.querySelector('.u-over').getBoundingClientRect())"
    )
    place = {"x": over[0] + sizes[0] * 0.5 / (0.9 * 1.04), "y": over[1] + sizes[1] * 0.3}
    page.browser.send("Input.dispatchMouseEvent", type="mouseMoved", **place)
    page.browser.wait_for("document.getElementById('reading').textContent.includes('0.5')")
    reading = page.text("#reading")
    assert "mean of 2 seeds" in reading
    assert "25.0 % zeros" in reading
    for kind in ("mousePressed", "mouseReleased"):
        page.browser.send("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)
    page.browser.wait_for("document.getElementById('rate').value === '0.5'")
    assert "rate=0.5" in page.hash()
    page.browser.run("document.querySelector('#values').parentElement.open = true")
    assert "pruned\tmagnitude\t0.9\t0.4500" in page.text("#values")
    assert page.clean()


@pytest.mark.parametrize(
    ("arms", "compared", "columns"),
    [
        (("bm25", "dense"), "dense", ["query", "difference", "dense E1", "BM25"]),
        (
            ("bm25", "dense", "restart", "recovered"),
            "recovered",
            ["query", "difference", "recovered", "restart (rate 0)", "BM25", "lost at"],
        ),
    ],
)
def test_studies_without_pruned_models(
    tmp_path: Path, data_of: DataOf, page_of: Callable[[str], Page], arms: Any, compared: str, columns: Any
) -> None:
    page = page_of(data_of(write_study(tmp_path, seeds=(1,), arms=arms)))
    page.open()
    assert page.browser.run("document.getElementById('compare').value") == compared
    assert list(page.rows()[0]) == columns
    assert page.browser.run("document.querySelectorAll('.list').length") == len(set(arms) - {"restart"})
    assert page.browser.run("document.getElementById('seed').disabled") is True
    assert page.clean()


def test_two_baselines_have_their_own_criteria_and_rates(
    tmp_path: Path, data_of: DataOf, page_of: Callable[[str], Page]
) -> None:
    results = write_study(tmp_path / "a", seeds=(1,))
    write_study(tmp_path / "b", seeds=(1,), arms=("dense",), baseline="a-list")
    for part in ("metrics", "runs"):
        (tmp_path / "b" / part / "baselines/a-list").rename(results / part / "baselines/a-list")
    page = page_of(data_of(results))
    page.open()
    # The one that is pruned comes first.
    assert page.browser.run("document.getElementById('baseline').value") == "dsi"
    page.choose("baseline", "a-list")
    assert list(page.rows()[0]) == ["query", "difference", "dense E1", "BM25"]
    assert page.browser.run("document.getElementById('rate').parentElement.hidden") is True
    assert page.hash().startswith("#baseline=a-list")
    assert page.clean()


def test_of_many_queries_only_those_in_sight_have_rows(
    results: Path, data_of: DataOf, page_of: Callable[[str], Page]
) -> None:
    """As many as MS MARCO's test queries of this project."""
    data = json.loads(data_of(results))
    times = 349
    data["queries"] = [
        {**query, "qid": f"{query['qid']}{number}"} for number in range(times) for query in data["queries"]
    ]
    for system in data["systems"]:
        system["first"], system["lists"] = system["first"] * times, system["lists"] * times
        system["values"] = {name: values * times for name, values in system["values"].items()}
    page = page_of(json.dumps(data).replace("<", "\\u003c"))
    page.open()
    assert page.text("#summary").startswith("1396 of 1396 queries")
    assert 10 < page.browser.run("document.querySelectorAll('#table .tabulator-row').length") < 100
    page.choose("find", "qd348")
    assert len(page.rows()) == 1
    assert page.clean()
