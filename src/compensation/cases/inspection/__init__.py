"""Inspections: goods looked at by a checklist, graded, and what was found told to the decision."""
