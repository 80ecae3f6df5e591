"""Speed: stages, sessions, and the table that the README quotes."""
