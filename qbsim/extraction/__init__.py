"""Work extraction: the bound for many copies, and paths that reach it with or without entanglement."""

from .._checks import other_roads
from .paths import ExtractionPath, direct_path, follow, indirect_path
from .work import extra_work, extra_work_limit, gibbs_bound, is_completely_passive, work_per_copy

__all__ = [
    "ExtractionPath",
    "direct_path",
    "extra_work",
    "extra_work_limit",
    "follow",
    "gibbs_bound",
    "indirect_path",
    "is_completely_passive",
    "work_per_copy",
]

__getattr__ = other_roads(__name__)
