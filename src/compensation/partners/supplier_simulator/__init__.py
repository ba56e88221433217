"""A supplier of other brands' cards for development, demonstration and tests. Nothing is bought, no code is good.

It speaks the protocol of ``partners.supplier_orders`` and is an outside world of its own: its orders lie in a file and
outlive a restart, each under the reference it was asked for by, once. The last two digits of a face value, in minor
units, say how it behaves for it (see ``habits``).

    async with SupplierSimulator(folder / FILE) as simulator:
        supplier = SupplierOrders(simulator.url, KEY)
"""
