"""F. Campaioli, F. A. Pollock, S. Vinjanampathy, "Quantum Batteries", in Thermodynamics in the Quantum Regime,
Springer (2018), pp. 207-225; arXiv:1805.05507.

Only Fig. 3 of the chapter is a plot of data. The other scenarios compute what its text states; their parameters are
ours where the chapter prints none.
"""
