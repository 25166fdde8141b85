"""An assignment into a kit: a process of its own, for it imports torch, Hypothesis and the solution."""
