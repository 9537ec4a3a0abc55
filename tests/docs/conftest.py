"""What the documentation's tests share."""

import sys
from pathlib import Path

from support.emulator import emulator, emulator_process

__all__ = ["emulator", "emulator_process"]

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))  # site_sources
