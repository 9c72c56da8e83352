"""``./dev bench [NAME ...]``: run the benchmarks by name, all without one.

Here belongs the list of benchmarks. What a benchmark measures and prints stands in its module.
Every run opens with the date, the machine and the hash of the settings it was made with.
"""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module

from pipeline.config import load_config

BENCHMARKS = (
    "detect", "evidence", "fetch", "growth", "limit", "monitor", "pairs", "radar", "romania",
    "signs", "speed", "verdicts",
)  # fmt: skip
"""Modules of this folder with a ``main``; data they need and do not find is said, not faked."""


def main(names: list[str]) -> int:
    """Run some benchmarks; 2 if a name is unknown."""
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        return 2
    print(f"date      {datetime.now(UTC):%Y-%m-%d}")
    python = platform.python_version()
    print(f"machine   {platform.machine()}, {os.cpu_count()} cores, Python {python}")
    print(f"settings  {load_config().sha256}")
    for name in names or BENCHMARKS:
        print(f"\n== {name}")
        import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
