"""The operator with AWS's rates multiplied: a thousand objects need no half hour. `python -m benchmarks.scaled`.

The first argument is the factor, all others are the operator's own. With IVS_BENCHMARK_TRACE=<file> it also notes who
holds memory, and writes that to the file when it receives SIGUSR1.
"""

import gc
import json
import os
import signal
import sys
import tracemalloc
from pathlib import Path
from typing import Any

_TRACE = "IVS_BENCHMARK_TRACE"


def main() -> None:
    if trace := os.environ.pop(_TRACE, ""):
        tracemalloc.start()
        signal.signal(signal.SIGUSR1, lambda *_: _tell(Path(trace)))
    factor = float(sys.argv.pop(1))
    _scale(factor)

    from ivs_operator.__main__ import main as run

    run()


def _scale(factor: float) -> None:
    from ivs_operator.aws import audience, rates

    scaled: Any = {operation: rate * factor for operation, rate in rates.RATES.items()}
    for module, name, value in (
        (rates, "RATES", scaled),
        (rates, "_OTHERS", rates._OTHERS * factor),
        (audience, "_RATE", audience._RATE * factor),
    ):
        setattr(module, name, value)


def _tell(target: Path) -> None:
    gc.collect()
    found = tracemalloc.take_snapshot().statistics("lineno")
    lines = [
        {"file": item.traceback[0].filename, "line": item.traceback[0].lineno, "bytes": item.size} for item in found
    ]
    part = target.with_suffix(".part")
    part.write_text(json.dumps(lines))
    part.replace(target)


if __name__ == "__main__":
    main()
