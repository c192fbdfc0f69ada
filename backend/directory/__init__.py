"""Who helps where: the tables, and the frozen snapshot that the engine is given."""
