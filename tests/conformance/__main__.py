"""Write the conformance set to a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.conformance.material import write_material

for path in write_material(Path(sys.argv[1])):
    sys.stdout.write(f"{path}\n")
