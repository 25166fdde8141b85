"""Which promise of THREATS.md an attack proves, where it is another than most of its group prove."""

from __future__ import annotations

from typing import Final

OF_NAME: Final = {
    **dict.fromkeys(
        ("poisoning torch", "poisoning the standard library's bytecode", "a file in the root"), 5),
    **dict.fromkeys(
        ("killing everything", "killing its group", "killing the zygote", "killing the parent",
         "signals by a file's owner", "tracing the parent", "writing into the parent",
         "reading the memory of the parent", "looking into the processes", "being inspectable"), 9),
    **dict.fromkeys(
        ("a device of its own", "leaving the root by chroot", "namespaces of its own", "io_uring",
         "a call of the x32 table", "becoming root", "raising its limits", "a typed-in command"), 14),
    "threads without end": 8,
    **dict.fromkeys(
        ("a loop", "a loop of a regular expression", "a number that takes hours", "sleep",
         "a loop that ignores signals", "stopping itself"), 10),
    **dict.fromkeys(
        ("memory in small pieces", "memory in tensors", "memory that is a file",
         "shared memory that no limit counts"), 11),
    **dict.fromkeys(
        ("the disk", "the disk, in files without a name", "the disk, without writing",
         "the shared memory of files", "the names of files", "folders deeper than a path",
         "a folder that nobody may enter"), 13),
    **dict.fromkeys(("the records of the grader", "the modules of the assignment"), 1),
    "the secrets of the environment": 3,
    **dict.fromkeys(
        ("leaving early", "an exit code of ours", "a message that ends the process", "a crash", "an abort",
         "all files closed"), 15),
    "a frame that a decoder's message would quote": 17,
}  # fmt: skip
