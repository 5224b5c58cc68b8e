"""How `sweep` works, one idea per file; users need only `qbsim.sweep` and `qbsim.replay`.

plan (arguments to a grid of curves) -> dispatch (batches to workers: work, executors) -> tasks (what a worker computes)
-> batches (verified files) -> ensemble (averages) -> result (labels, provenance, manifest)
"""
