"""What browsers get: the built pages, the texts they speak, and headers that hold them tight."""
