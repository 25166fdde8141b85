"""Running what students wrote: the parent's side (pool, limits) and the child's side (zygote, worker)."""
