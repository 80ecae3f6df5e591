"""What is served over HTTP: the API, WHIP and WHEP, refusals, documentation."""
