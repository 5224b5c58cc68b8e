"""F. Campaioli, F. A. Pollock, S. Vinjanampathy, "Quantum Batteries", in Thermodynamics in the Quantum Regime,
Springer (2018), pp. 207-225; arXiv:1805.05507.

Only Fig. 3 of the chapter is a plot of data. The other scenarios compute what its text states; their parameters are
ours where the chapter prints none.

Out of scope:
Introduction, Figs. 1, 4, 6, 7 (left of the captions' results): sketches. Eqs. (1)-(7), (9), (11)-(13), (15)-(17):
definitions; uniqueness of the passive state, separability of a diagonal state, at least two-body operations to beat
Eq. (7), and entangling operations needed for an advantage above 1: theorems without numbers. Footnote 4 (the norm is
the largest modulus of an eigenvalue). Eq. (22): derivation by Trotterization; its constant is not given. "Cycle
Precision": that short times mean large fluctuations, said of no model. Effective n-body interactions of Refs. 12, 14;
charge and flux qubits, footnote 6. Discussion: an eigenstate of H_0 stays; open questions.
"""
