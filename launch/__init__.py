"""The composition root: the only place that puts backend, bots and texts together."""
