"""Image files before a decoder sees them: what kind, how they stand, and only what draws pixels.

A decoder is made for honest files. Metadata, which it would parse (and log, at debug level), and
pictures that it would draw thousands of times are taken out or refused here, by walking the
container once: the decoder's own guards are the second line.
"""

from backend.media.images.errors import CleaningError, NotAnImage, TooLarge
from backend.media.images.slimming import Slim, slim_image

__all__ = ["CleaningError", "NotAnImage", "Slim", "TooLarge", "slim_image"]
