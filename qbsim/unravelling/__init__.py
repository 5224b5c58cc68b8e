"""Long chains by quantum trajectories."""
