"""The people who were harmed: found again by keyed hashes, readable only under a key of their own, and erasable."""
