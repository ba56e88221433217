"""compensation: a harm becomes a fair remedy, issued as value that cannot be lost or doubled."""
