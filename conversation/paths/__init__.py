"""Every way through an interview, walked in the real engine: reached, counted, measured."""

from conversation.paths.contexts import contexts_for
from conversation.paths.counting import Stat, median
from conversation.paths.exploring import Paths, explore

__all__ = ["Paths", "Stat", "contexts_for", "explore", "median"]
