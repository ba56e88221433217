"""What may bring a second person to a case, never refuse it: signals with their reasons, and what a person found."""
