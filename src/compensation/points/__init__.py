"""Loyalty points: earned, released, spent, turned into credit, taken back. Those given as a remedy count among them."""
