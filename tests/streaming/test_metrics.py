"""Metrics come from the database and the broker, in any process."""

import pytest
from prometheus_client import generate_latest

from streaming import outbox
from tests.streaming.effects import REJECTED_STEP
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import deliver


@pytest.mark.django_db
def test_the_scrape_tells_of_log_relay_letters_and_broker():
    outbox.record(a_thing_moved())
    deliver([a_thing_moved(step=REJECTED_STEP)], "tests.effects")

    text = generate_latest().decode()

    assert 'millrace_dead_letters{group="tests.effects",state="poison"} 1.0' in text
    assert 'millrace_parked_keys{group="tests.effects"} 1.0' in text
    assert "millrace_partition_days_left" in text
    assert "millrace_broker_up" in text
