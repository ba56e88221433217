"""A policy before it is live: what it would have decided, over past cases and beside the policies that decide today."""
