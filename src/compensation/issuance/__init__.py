"""From a choice, or an order, to issued rewards."""
