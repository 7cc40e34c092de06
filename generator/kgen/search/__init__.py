"""Suggestions: points of a search space, as Katib's services would choose them."""
