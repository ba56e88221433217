"""A payment processor for development, demonstration and tests: it speaks the part of Stripe's API that we use.

It is an outside world of its own: what was refunded lies in a file and outlives a restart, idempotency keys are
remembered with their answers, and the name of a payment says how the processor behaves for it (see ``names``).

    async with PaymentSimulator(folder / FILE) as simulator:
        payments = StripeRefunds(KEY, simulator.url)

Beside Stripe's paths it has two of its own, for a person or a test that plays the bank:

    POST /simulator/refunds/{id}   status=succeeded|failed[&failure_reason=…]   settle a refund now
    POST /simulator/forget-keys    forget every idempotency key, as Stripe may after 24 hours
"""
