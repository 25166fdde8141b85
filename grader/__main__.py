"""`python -m grader`, as `grader`: no module is taken from the folder where it is started."""

import sys

if not sys.flags.safe_path:
    del sys.path[
        0
    ]  # Python puts the working folder there, before the standard library; it may be a student's

from grader.cli import main

main()
