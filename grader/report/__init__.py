"""One small renderer each over the same records."""
