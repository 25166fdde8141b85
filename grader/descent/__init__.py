"""Gradient descents as programs of slots: what a student's run did otherwise, read, composed and run again."""
