"""How `sweep` works, one idea per file; users need only `qbsim.sweep` and `qbsim.replay`.

plan (arguments to a grid of curves) -> rows (what is stored and what is missing) -> dispatch (batches to workers: work,
executors) -> tasks (what a worker computes) -> batches (verified files) -> ensemble (averages) -> result (labels,
provenance, manifest)

`jobs` says what rows, dispatch and batches need to know of what is computed; `tasks.Curve` is one such job.
"""
