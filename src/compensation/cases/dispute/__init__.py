"""Disputes: a customer disagrees with a decision, and somebody who had no part in it looks again and answers."""
