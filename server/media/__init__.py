"""Pictures and sound on their way: in step, encoded once, sent to all who watch."""
