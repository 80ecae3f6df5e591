from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from client.interrupt import interrupted


@pytest.mark.skipif(sys.platform == "win32", reason="its event loops take no signals")
async def test_the_first_ends_in_order_and_the_second_at_once() -> None:
    ended = asyncio.Event()
    with interrupted(ended):
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(ended.wait(), 2)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
