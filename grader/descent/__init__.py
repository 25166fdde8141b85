"""Gradient descents as programs of slots: what a student's did otherwise is read, composed and run."""
