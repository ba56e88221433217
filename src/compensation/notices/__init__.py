"""What merchants' own systems are told: events in the order of their numbers, and the endpoints that hear of them."""
