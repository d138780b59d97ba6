"""The jars that Kafka consists of: fetched once, checked at every start against the sums in ``kafka_jars.sha256``."""

import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from openbanking.services.errors import ServicesUnavailable
from openbanking.services.locks import exclusive

KAFKA_VERSION = "4.3.1"
LOG4J_VERSION = "2.25.4"
"""The version of log4j-core that this Kafka asks for; its SLF4J binding must match, or Kafka logs nothing."""

BROKER = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
LOG_BINDING = f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J_VERSION}"
SUMS_FILE = Path(__file__).with_name("kafka_jars.sha256")


def class_path() -> str:
    """
    Return Kafka's class path, every jar of it checked; fetch what is missing.

    :raises ServicesUnavailable: if a jar cannot be fetched, or is not the one that was recorded.
    """
    folder, sums = cache_folder(), recorded_sums(SUMS_FILE)
    with exclusive(folder / "lock"):
        if any(not (folder / name).exists() for name in sums):
            _fetch(folder, sums)
    return os.pathsep.join(str(jar) for jar in verified(folder, sums))


def verified(folder: Path, sums: Mapping[str, str]) -> list[Path]:
    """
    Return the recorded jars of a folder, whatever else may lie there.

    :raises ServicesUnavailable: if a jar is missing or differs from its sum.
    """
    jars = []
    for name, expected in sums.items():
        jar = folder / name
        if not jar.exists():
            raise ServicesUnavailable(f"The Kafka jar {jar} is missing.")
        check_sum(jar, name, expected)
        jars.append(jar)
    return jars


def check_sum(jar: Path, name: str, expected: str) -> None:
    """
    Refuse a jar that is not the one recorded under this name.

    :raises ServicesUnavailable: if it differs.
    """
    found = hashlib.sha256(jar.read_bytes()).hexdigest()
    if found != expected:
        problem = (
            f"The Kafka jar {jar} is not the one recorded in {SUMS_FILE.name}: "
            f"SHA-256 of {name} is {found}, expected {expected}. Delete it to fetch it again."
        )
        raise ServicesUnavailable(problem)


def recorded_sums(file: Path) -> dict[str, str]:
    """Read lines as ``sha256sum`` writes them into file name → sum."""
    pairs = (line.split() for line in file.read_text().splitlines())
    return {name: digest for digest, name in pairs}


def cache_folder() -> Path:
    """Return the folder in the user's cache where the jars of this Kafka lie, shared by all working copies."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "millrace" / f"kafka-{KAFKA_VERSION}"


def _fetch(folder: Path, sums: Mapping[str, str]) -> None:
    """Copy the jars into the cache, each whole or not at all, and none that is not recorded."""
    sys.stderr.write(f"Fetching Kafka {KAFKA_VERSION} (about 45 MB, once) ...\n")
    for jar in _resolve():
        if jar.name not in sums:
            raise ServicesUnavailable(f"Kafka's dependencies include {jar.name}, which {SUMS_FILE.name} does not list.")
        check_sum(jar, jar.name, sums[jar.name])
        fresh = folder / f"{jar.name}.new"
        shutil.copyfile(jar, fresh)
        fresh.replace(folder / jar.name)


def _resolve() -> list[Path]:
    """
    Resolve and download the broker with all it depends on, and the logging binding without.

    Resolved together, the versions that log4j's own build manages would win over Kafka's: an old kafka-clients, say.
    Repositories set in jgo's own configuration are honoured.
    """
    import jgo  # Slow to import, and needed on the first run only.
    from jgo.config import GlobalSettings

    repositories = GlobalSettings.load().repositories or None
    try:
        broker = jgo.resolve(BROKER, repositories=repositories)
        binding = jgo.resolve(LOG_BINDING, repositories=repositories)[0]
        return [artifact.resolve() for artifact in (*broker, binding)]
    except Exception as error:  # jgo raises whatever its transport and its parsers raise.
        problem = (
            f"Kafka's jars cannot be downloaded ({type(error).__name__}: {error}). They are needed once, in "
            f"{cache_folder()}: {BROKER} with its dependencies and {LOG_BINDING}, as listed in {SUMS_FILE.name}. "
            "Run again with network access, or copy that folder from a machine where it ran."
        )
        raise ServicesUnavailable(problem) from error
