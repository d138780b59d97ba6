"""Alerts ask for metrics that exist, and send people to pages whose commands exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from django.core.management import get_commands, load_command_class
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from streaming.broker_topics import apply_topics
from streaming.metrics.collector import FlowCollector
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "alerts" / "millrace.yaml"
RUNBOOKS = ROOT / "docs" / "runbooks"
SECTIONS = ["What it means", "What to look at", "What to do"]
PLACEHOLDERS = {
    "'…'": "why",
    "TOPIC/NUMBER": "consents.lifecycle.v1/0",
    "NUMBER": "1",
    "TIME": "2026-11-24T11:50:00+00:00",
    "YYYY-MM": "2026-01",
}


def _alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    assert all(group.keys() == {"name", "rules"} for group in groups)
    return [rule for group in groups for rule in group["rules"]]


ALERTS = _alerts()
PAGES = sorted(RUNBOOKS.glob("*.md"))


def _series() -> dict[str, set[str]]:
    """Return the name of every series that a scrape can have, with its labels."""
    series: dict[str, set[str]] = {}
    families: list[Any] = list(FlowCollector().collect())
    for family in families:
        labels = set(family._labelnames)
        if isinstance(family, CounterMetricFamily):
            series[f"{family.name}_total"] = labels
        elif isinstance(family, HistogramMetricFamily):
            series |= {f"{family.name}_bucket": labels | {"le"}, f"{family.name}_sum": labels}
            series[f"{family.name}_count"] = labels
        else:
            series[family.name] = labels
    return series


def _nodes(expression: Any) -> list[Any]:
    found: list[Any] = []
    promql_parser.walk(expression, found.append)
    return found


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_is_a_rule_that_prometheus_takes(alert):
    assert re.fullmatch("Millrace[A-Z][A-Za-z]+", alert["alert"])
    promql_parser.parse(alert["expr"])
    promql_parser.parse_duration(alert.get("for", "1s"))
    assert alert.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert alert["annotations"].keys() == {"summary", "runbook"}


def test_no_two_alerts_have_one_name():
    names = [alert["alert"] for alert in ALERTS]

    assert len(names) == len(set(names))


@pytest.mark.django_db
def test_alerts_ask_for_series_that_exist_and_for_labels_that_these_have():
    apply_topics()
    wait_until(lambda: "millrace_lag_records" in _series(), "the broker does not tell its offsets")
    series = _series()
    for alert in ALERTS:
        nodes = _nodes(promql_parser.parse(alert["expr"]))
        selectors = [node for node in nodes if isinstance(node, promql_parser.VectorSelector) and node.name]
        assert selectors
        assert {selector.name for selector in selectors} <= series.keys(), alert["alert"]
        labels = set.intersection(*(series[selector.name or ""] for selector in selectors))
        asked = {matcher.name for selector in selectors for matcher in selector.matchers.matchers}
        grouped = {
            label
            for node in nodes
            if isinstance(node, promql_parser.AggregateExpr) and node.modifier
            for label in node.modifier.labels
        }
        told = set(re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"]))
        assert asked | grouped <= labels, alert["alert"]
        assert told <= grouped, f"{alert['alert']}: its summary names labels that it does not keep"


@pytest.mark.django_db
def test_every_metric_is_explained_with_its_labels():
    apply_topics()
    wait_until(lambda: "millrace_lag_records" in _series(), "the broker does not tell its offsets")
    lines = (ROOT / "docs" / "watching.md").read_text().splitlines()
    rows = [line.split("|")[1:3] for line in lines if line.startswith("| `millrace")]
    explained = {
        name: set(labels.strip().split(", ")) - {""} for names, labels in rows for name in re.findall(r"`(\w+)`", names)
    }

    series = {re.sub("_(bucket|sum|count)$", "", name): labels - {"le"} for name, labels in _series().items()}
    assert explained == series


def test_every_alert_has_a_page_that_names_it_and_every_page_an_alert():
    pages = {alert["alert"]: ROOT / alert["annotations"]["runbook"] for alert in ALERTS}

    for name, page in pages.items():
        assert page.is_file(), name
        assert f"`{name}`" in page.read_text(), f"{page.name} does not name {name}"
    assert set(PAGES) == set(pages.values()) | {RUNBOOKS / "README.md", RUNBOOKS / "database-restored.md"}


def test_the_list_of_pages_names_every_alert_beside_its_page():
    lines = (RUNBOOKS / "README.md").read_text().splitlines()
    for alert in ALERTS:
        page = Path(alert["annotations"]["runbook"]).name
        assert any(f"({page})" in line and f"`{alert['alert']}`" in line for line in lines), alert["alert"]


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "README.md"], ids=lambda page: page.stem)
def test_a_page_says_what_it_means_what_to_look_at_and_what_to_do(page):
    text = page.read_text()

    assert re.findall("^## (.+)$", text, re.MULTILINE) == SECTIONS
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (page.parent / target).is_file(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_can_be_run_as_they_stand(page):
    commands = get_commands()
    for command in _commands(page.read_text()):
        name, *arguments = shlex.split(command)
        app = commands[name]
        load_command_class(str(app), name).create_parser("manage.py", name).parse_args(arguments)


def _commands(text: str) -> Iterator[str]:
    """Yield what stands behind ``python manage.py``, inside a line of code or a block of it."""
    inline = re.findall(r"`python manage\.py ([^`]+)`", text)
    blocks = re.findall(r"^ *python manage\.py (.+)$", text, re.MULTILINE)
    for command in [*inline, *(line for line in blocks if "`" not in line)]:
        for placeholder, value in PLACEHOLDERS.items():
            command = command.replace(placeholder, value)  # noqa: PLW2901 - one after the other.
        yield command.replace("\n", " ")
