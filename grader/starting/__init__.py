"""A new assignment, written from a file of solutions. The file is read as text and never imported here.

`reading` finds what students could be asked to write, `guessing` proposes what it is called with, `classes`
how a class is tried, `handing` what students begin with, `writing` lays the files out.
"""
