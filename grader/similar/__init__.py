"""Near-identical code in a class, as a list for the instructor; never a verdict."""
