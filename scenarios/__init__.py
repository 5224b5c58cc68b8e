"""Figures of the papers: one folder per paper, one file per figure. Public names of qbsim only."""
