"""What was handed in: files, folders and zips into submissions, not yet read."""
