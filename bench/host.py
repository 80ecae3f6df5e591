"""A server that takes as many sessions as it is told to: `python -m bench.host SESSIONS`.

The command line has no such option: more than the machine's cores carry serves nobody.
"""

from __future__ import annotations

import sys
from functools import partial

from server.limits import Limits
from server.serve import serve

if __name__ == "__main__":
    serve(
        port=0,
        ice_host="127.0.0.1",
        limits=Limits(sessions=int(sys.argv[1])),
        say=partial(print, flush=True),
    )
