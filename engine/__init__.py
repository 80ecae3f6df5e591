"""Sound and motion in, pictures out. No sockets, no asyncio, no torch, no clock of its own."""
