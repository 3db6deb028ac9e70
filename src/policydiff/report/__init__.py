"""The result as people look at it."""
