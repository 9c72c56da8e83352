"""How long the rehearsal takes and how much memory it needs, first and second run; import time.

Here belongs timing of whole commands in processes of their own. It prints figures and judges
nothing; the bars stand in the README.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
POLL_S = 0.02


def main() -> None:
    """Print wall seconds and peak memory of two runs, and of the bare import."""
    with tempfile.TemporaryDirectory() as folder:
        run = ("-m", "pipeline", "run", "kaesong-rehearsal", "--work", folder)
        for label, words in (
            ("first run", run),
            ("second run", run),
            ("import", ("-c", "import pipeline")),
        ):
            seconds, peak_mb = measure(words)
            print(f"{label:<12}{seconds:6.2f} s {peak_mb:7.0f} MB")


def measure(words: tuple[str, ...]) -> tuple[float, float]:
    """Wall seconds and peak resident megabytes of one Python process.

    Raises:
        RuntimeError: if it fails.
    """
    started = time.perf_counter()
    child = psutil.Popen(
        [sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = 0
    while child.poll() is None:
        peak = max(peak, resident(child))
        time.sleep(POLL_S)
    if child.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {child.returncode}")
    return time.perf_counter() - started, peak / 1e6


def resident(child: psutil.Popen) -> int:
    """Bytes resident now; 0 once it has gone."""
    try:
        return int(child.memory_info().rss)
    except psutil.Error:
        return 0
