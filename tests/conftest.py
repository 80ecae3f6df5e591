"""Set before numpy and torch are imported: threads that wait for each other beside other
programs make small networks forty times slower than one alone."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
