"""S. Tirone, R. Salvia, S. Chessa, V. Giovannetti, Work Extraction Processes from Noisy Quantum Batteries: The Role of
Nonlocal Resources, PRL 131, 060402 (2023).

In the proof of its Theorem 1 (i), "is certainly smaller than" must read "is not smaller than", as in its own Eq. (8).
"""

import qutip

H = qutip.num(3)  # |1><1| + 2 |2><2|, in units of epsilon_0
