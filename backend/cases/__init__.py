"""Cases: how they are opened, sealed, read, worked and erased."""
