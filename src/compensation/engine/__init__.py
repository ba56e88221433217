"""From harm to offers: assess, decide and explain. It is pure: no SQL, no clock, no randomness, no files."""
