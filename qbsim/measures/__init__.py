"""Figures of merit of a state, one topic per file, and the table of those that `evolve` can record.

The functions of one state are reached as ``qbsim.ergotropy`` and so on; the table evaluates the same formulas over a
whole series of states at once.
"""

from .table import MEASURES, Measure

__all__ = ["MEASURES", "Measure"]
