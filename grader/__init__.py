"""An automated grading harness for PyTorch exercises."""

__version__ = "0.1.0"
