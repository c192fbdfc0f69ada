"""The demo: an invented organisation and directory, and a marked coordinator who signs for it."""
