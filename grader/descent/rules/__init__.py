"""The rules: one row for each mistake of a descent, by slot."""
