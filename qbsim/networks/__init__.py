"""`Network`: qubit cells on a graph, and `TERMS`, the record of the terms of its master equation."""

from .network import MORE_ARRAYS, NETWORK_TERMS, OPERATORS, TERMS, Network
from .parts import Term

__all__ = ["MORE_ARRAYS", "NETWORK_TERMS", "OPERATORS", "TERMS", "Network", "Term"]
