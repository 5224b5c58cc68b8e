"""Design of batteries: the best parameters, initial states and graphs for a goal."""
