"""Fits: rates of a battery from measured curves, with errors, and what follows from them."""

from .result import Estimate, FitResult

__all__ = ["Estimate", "FitResult"]
