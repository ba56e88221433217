"""The only rooms that call out: payment processor, mail, messages, webhooks, and the fakes that ship beside them."""
