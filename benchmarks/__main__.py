"""Runs every benchmark in turn and keeps each answer in ``benchmarks/results/NAME.json``."""

import subprocess
import sys
from pathlib import Path

QUESTIONS = ("quote", "travel", "booking", "search", "stream", "ingest")


def main() -> int:
    """Return 0 when every benchmark ended well; a failed one is named and the others still run."""
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    failed = [name for name in QUESTIONS if not run(name, results / f"{name}.json")]
    for name in failed:
        print(f"benchmarks.{name} failed", file=sys.stderr)
    return len(failed) > 0


def run(name: str, result: Path) -> bool:
    """Run one benchmark in a process of its own, so that none warms another's caches."""
    print(f"\n== python -m benchmarks.{name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(result)]
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
