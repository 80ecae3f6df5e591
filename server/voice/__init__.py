"""Voices that come over a WebSocket or as a file, played in real time."""
