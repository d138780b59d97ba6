"""Pages for errors, the bank's colours, and the way dates and money are written."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client as Browser
from django.test import RequestFactory

from edge import pages
from edge.checks import check_theme
from edge.templatetags.bank_words import money, uk_date, uk_time
from edge.theme import CONTRASTS, FOLDER, Theme, contrast, current_theme, read_theme
from kernel import context
from kernel.money import Money


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (pages.bad_request, 400),
        (pages.forbidden, 403),
        (pages.not_found, 404),
        (pages.server_error, 500),
        (pages.csrf_failure, 403),
    ],
)
def test_an_error_page_says_what_to_do_and_gives_the_reference(handler: object, status: int) -> None:
    request = RequestFactory().get("/somewhere")
    with context.acting(correlation_id="5c6b7e3a-0000-4000-8000-000000000001"):
        answer = handler(request)  # type: ignore[operator]
    text = answer.content.decode()
    assert answer.status_code == status
    assert "5c6b7e3a-0000-4000-8000-000000000001" in text
    assert "Traceback" not in text
    assert answer.headers["Cache-Control"] == "no-store"


def test_programs_get_problem_details_instead_of_a_page() -> None:
    answer = pages.not_found(RequestFactory().get("/open-banking/v4.0/nowhere"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.django_db
def test_an_unknown_address_shows_the_banks_own_page() -> None:
    answer = Browser().get("/no-such-page")
    assert answer.status_code == 404
    assert "Tailrace Bank" in answer.content.decode()


def test_the_stylesheet_of_colours_may_be_kept_for_ever() -> None:
    answer = Browser().get(f"/theme/{current_theme().version}.css")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert b"--stream:#4a2a80" in answer.content


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_theme_can_be_read_by_everybody(path: Path) -> None:
    assert read_theme(path).faults() == []


def test_a_theme_that_is_too_faint_or_incomplete_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    good = current_theme()
    faint = Theme(mark=good.mark, light={**good.light, "ink-soft": "#cccccc"}, dark={"ink": "#ffffff"})
    monkeypatch.setattr("edge.checks.current_theme", lambda: faint)
    said = [error.msg for error in check_theme()]
    assert any("“ink-soft” on “surface” has a contrast of 1.61" in line for line in said)
    assert any("no colour for “stream”" in line for line in said)


def test_the_products_own_tokens_have_enough_contrast_too() -> None:
    import re

    text = (Path(pages.__file__).parent / "static" / "edge" / "tokens.css").read_text()
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part)) for part in text.split("@media"))
    for colours in (light, dark):
        for ink, ground, least in CONTRASTS:
            assert contrast(colours[ink], colours[ground]) >= least, (ink, ground)


@pytest.mark.parametrize(("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48)])
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01) == contrast(other, one)


def test_times_are_those_of_the_uk_in_winter_and_in_summer() -> None:
    assert uk_time(datetime(2026, 11, 23, 14, 5, tzinfo=UTC)) == "23 November 2026, 14:05 (UK time)"
    assert uk_time(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == "2 July 2026, 00:30 (UK time)"
    assert uk_date(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == "2 July 2026"
    assert uk_time(None) == ""


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Money(123_456_789, "GBP"), "£1,234,567.89"),
        (Money(-5, "GBP"), "−£0.05"),
        (Money(5000, "JPY"), "5,000 JPY"),
        (None, ""),
    ],
)
def test_money_is_written_with_symbol_and_all_decimals(amount: Money | None, written: str) -> None:
    assert money(amount) == written
