"""Measures the product beside its floors: the same server, the same machine, the same run. See docs/performance.md."""
