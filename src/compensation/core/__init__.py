"""The words every room shares: money, ids, errors, settings, sealing, text. It knows Python only."""
