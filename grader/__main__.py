"""`python -m grader`, as `grader`: no module is taken from the folder where it is started."""

import sys

if not sys.flags.safe_path:
    # Python puts the working folder there, before the standard library; it may be a student's.
    del sys.path[0]

from grader.cli import main

if __name__ == "__main__":  # a process that is spawned from this one imports its main module
    main()
