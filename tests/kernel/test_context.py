"""The context of a call is carried into what it does, and ends with it."""

from kernel import context


def test_a_field_changes_for_the_body_only():
    with context.acting(actor="staff:1", correlation_id="a"), context.acting(actor="customer:2"):
        assert context.current().actor == "customer:2"
        assert context.current().correlation_id == "a"

    assert context.current() == context.CallContext()
