"""``make demo``: bring everything up, seed the bank through Kafka, play the journey, keep serving until Ctrl-C."""

import argparse
import os
import signal
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType

from openbanking.demo.details import Details
from openbanking.demo.steps import Steps
from openbanking.demo.supervision import supervised, watched
from openbanking.services.errors import ServicesUnavailable
from openbanking.services.locks import try_exclusive
from openbanking.services.service_set import ServiceSet

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".services"


def main() -> int:
    """Run the demo; return 0 unless a step failed."""
    arguments = _arguments()
    _interrupt_on_signals()
    steps = Steps()
    steps.chapter("Millrace: open banking, streamed")
    FOLDER.mkdir(exist_ok=True)
    if try_exclusive(FOLDER / "demo.lock") is None:
        steps.console.print("A demo runs in this directory already.")
        return 1
    with ExitStack() as running:
        try:
            details = _bring_up(steps, running, customers=arguments.customers)
            _play(steps, running, details)
            if not arguments.once:
                steps.console.print(details.banner())
        except KeyboardInterrupt:
            return 130
        except ServicesUnavailable as error:
            steps.console.print(f"\n{error}", style="red", markup=False)
            return 1
        except Exception:  # the demo's edge: say what happened, then end everything.
            steps.console.print_exception()
            steps.console.print(f"A step failed. Every process's log is in {FOLDER / 'logs'}.")
            return 1
        if not arguments.once:
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
        steps.console.print("\nEnding everything.")
    return 0


def _bring_up(steps: Steps, running: ExitStack, *, customers: int) -> Details:
    services = ServiceSet(FOLDER)
    with steps.step("PostgreSQL, Kafka and Valkey run"):
        services.up()
        running.enter_context(watched(services))
    details = Details.load(FOLDER)
    os.environ.update(details.environment())

    import django

    django.setup()
    from openbanking.demo import preparation

    with steps.step("The database is migrated, the topics are declared"):
        preparation.migrate_and_declare()
        preparation.let_staff_in(details.staff)
    steps.chapter("The simulated bank tells Kafka its customers' last two years")
    preparation.seed(customers=customers)
    with steps.step("Web, relay, consumers, dispatcher and the bank core run"):
        running.enter_context(supervised(root=ROOT, folder=FOLDER, environment=details.environment()))
        preparation.wait_until_serving(details.base_url)
    with steps.step("Everything that the core said is in the views"):
        preparation.wait_until_fresh()
        preparation.learn_sizes()
    return details


def _play(steps: Steps, running: ExitStack, details: Details) -> None:
    from openbanking.demo import journey

    steps.chapter("One third party's journey")
    journey.play(steps, running, details, folder=FOLDER)


def _interrupt_on_signals() -> None:
    """Let the first Ctrl-C or SIGTERM interrupt whatever goes on; the tidying up after it is not interrupted again."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--customers", type=int, default=20, help="how many customers the bank has")
    parser.add_argument("--once", action="store_true", help="end after the journey")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
