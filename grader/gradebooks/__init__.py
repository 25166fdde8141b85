"""Marks on their way back: into files that learning systems were asked for, and the pages beside them."""
