"""Faces that are moved from outside: by cameras, streams of motion, motion files."""
