"""Who calls: the web page, the microphone, the file."""
