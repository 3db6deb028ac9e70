"""Evidence that a passage addresses a provision; each kind on its own, none knows the others."""
