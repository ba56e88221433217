"""``compensation up``: the whole product on one machine, from nothing to an address to open."""
