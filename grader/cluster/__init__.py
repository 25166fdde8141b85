"""More machines, by dask.distributed: submissions go out as bytes, records come back, one parent writes.

dask schedules, retries and starts workers. What is ours: `session` (the parent's side), `worker` (a plugin
that holds one sandbox for the life of a process) and `agreement` (who may take part).
"""
