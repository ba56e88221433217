"""The tenants: a merchant, its brands, programs and agents, and everything a stranger may hold up at the door."""
