"""More machines, by dask.distributed: submissions go out as bytes, stored records come back, one parent writes.

dask schedules, retries and starts workers. What is ours: `session` (the parent's side), `worker` (a plugin
that holds one sandbox for the life of a worker process) and `agreement` (who may take part).
"""
