"""The ``qbsim`` command; the top layer."""

from .main import main

__all__ = ["main"]
