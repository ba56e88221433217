"""How a decision reaches the customer: the letter, its words, its channels and its links."""
