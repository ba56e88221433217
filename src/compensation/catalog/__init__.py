"""The catalogue: what CX and finance review in a diff, read and compiled once a process."""
