"""Diagnostics to text, one style a file."""
