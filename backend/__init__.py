"""The backend: encrypts and stores what people tell, and coordinates those who help."""
