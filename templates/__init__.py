"""The default templates, shipped inside the package as `grader.templates`."""
