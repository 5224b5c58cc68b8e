"""What the README says about speed, runnable in one command each."""
