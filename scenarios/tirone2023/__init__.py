"""S. Tirone, R. Salvia, S. Chessa, V. Giovannetti, Work Extraction Processes from Noisy Quantum Batteries: The Role of
Nonlocal Resources, PRL 131, 060402 (2023).

In the proof of its Theorem 1 (i), "is certainly smaller than" must read "is not smaller than", as in its own Eq. (8).

Out of scope:
    Fig. 1: a drawing of the four capacitances, which Eqs. (1) to (4) define.
    Proof of Theorem 1, Eqs. (8) and (9): no numbers; the theorem itself is tested with entangled inputs.
    Remark 1, Eq. (10): concave E^(1), where the supremum of Eq. (6) needs one energy only.
    Eq. (11): follows from Theorem 1; the rows on C_sep test more.
    Corollary 2, Eqs. (13) and (14): a condition for equality in Eq. (12), no numbers.
    Eq. (30) of its supplement, the effective temperature: not printed in the Letter.
    Outlook, last sentence: batteries with interacting cells.
"""

import qutip

H = qutip.num(3)  # |1><1| + 2 |2><2|, in units of epsilon_0
