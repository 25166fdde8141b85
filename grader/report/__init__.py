"""Everything after a grade exists: one small renderer each over the same view records.

`views` and `classview` turn the stored records into what is shown: every decision, every rounding and
every cleaning of text is made there. `html`, `terminal`, `github`, `gradebook` and `documents` only
lay it out and escape it for their sink.
"""
