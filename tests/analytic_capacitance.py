"""Closed forms for noisy cells, H = |1><1| where nothing else is said, each with the place it comes from."""

import numpy as np


def gadc_work(p, gamma, eta):
    """Ergotropy after generalized amplitude damping of the ket of energy p; concave in p."""
    root = (1 - 2 * gamma * eta) ** 2 + 8 * (1 - gamma) * gamma * eta * p - 4 * (1 - gamma) * gamma * p**2
    return (1 - gamma) * p + gamma * eta - 0.5 + np.sqrt(root) / 2


def gadc_best_energy(gamma, eta):
    """Energy of the best ket, where it lies below 1."""
    return eta + np.sqrt(1 / (4 * gamma) - eta * (1 - eta)) if gamma > 0 else np.inf


def gadc_capacitance(e, gamma, eta):
    """E^(1) = chi of generalized amplitude damping."""
    return gadc_work(min(e, gadc_best_energy(gamma, eta), 1.0), gamma, eta)


def dephased_damping_work(p, gamma, kappa):
    """Ergotropy after amplitude damping and dephasing of the ket of energy p."""
    root = 1 - 4 * (1 - gamma) * kappa * p + 4 * (1 - gamma) * (kappa - gamma) * p**2
    return (1 - gamma) * p - 0.5 + np.sqrt(root) / 2


def dephased_damping_maximum(gamma, kappa):
    """Largest ergotropy after amplitude damping and dephasing: E_{1,1} of the poster's Fig. 2."""
    if gamma <= (1 + kappa) / 4:
        return max(0.0, 1 - 2 * gamma)
    s = np.sqrt(gamma * (1 + kappa) - kappa)
    return (1 - kappa) * (1 - s) / (2 * (kappa + s))


def dephased_damping_capacitance(e, gamma, kappa):
    """chi of amplitude damping and dephasing: the chord between full and empty where E is convex."""
    if gamma <= kappa / (1 + kappa):
        return e * max(0.0, 1 - 2 * gamma)
    best = np.inf
    if gamma > (1 + kappa) / 4:
        s = np.sqrt(gamma * (1 + kappa) - kappa)
        best = (1 + kappa) / (2 * (kappa + s))
    return dephased_damping_work(min(e, best, 1.0), gamma, kappa)


def mad_capacitance(e):
    """chi of multilevel damping (0.3, 0.2, 0.6) on H = diag(0, 1, 2): the best kets stay in the lowest two levels."""
    e = min(e, 1 / (2 * np.sqrt(0.3)))
    return 0.7 * e - 0.5 + 0.5 * np.sqrt(1 - 0.84 * e**2)


# Letter, Fig. 2(a): e, then chi and chi_tot of MAD and of ReMAD, (g10, g21, g20) = (0.3, 0.2, 0.6), H = diag(0, 1, 2).
FIG_2A = [
    (0.1, 0.0678955714, 0.0678962881, 0.0682920756, 0.0682923643),
    (0.2, 0.1315282291, 0.1315431197, 0.1330347865, 0.1330410054),
    (0.3, 0.1907286137, 0.1908204733, 0.1939676318, 0.1940073623),
    (0.4, 0.2451881340, 0.2455340300, 0.2507230663, 0.2508775945),
    (0.5, 0.2944097209, 0.2954094506, 0.3027755973, 0.3032352998),
    (0.6, 0.3376122604, 0.3400765191, 0.3493531302, 0.3505136762),
    (0.7, 0.3735361782, 0.3790399784, 0.3892711911, 0.3919041796),
    (0.8, 0.4000000000, 0.4116301163, 0.4206060802, 0.4261569269),
    (0.9, 0.4126658805, 0.4369186276, 0.4401494651, 0.4510324260),
    (1.0, 0.4128709292, 0.4535682310, 0.4447103430, 0.4613896808),
    (1.1, 0.4128709292, 0.4535682310, 0.4447103430, 0.4613923513),
    (2.0, 0.4128709292, 0.4535682310, 0.4447103430, 0.4613923513),
]

# Letter, Fig. 2(b): inverse temperature and gap per two-mode cell.
FIG_2B = [
    (0.05, 0.184101428729),
    (0.1, 0.132756187491),
    (0.2, 0.0968747992569),
    (0.5, 0.0639586994244),
    (1, 0.0426046909304),
    (1.5, 0.0288679002948),
    (2, 0.0187559324623),
    (3, 0.00699073982433),
    (5, 0.000770038256362),
    (10, 0.00000293186536726),
]

# Offset of C_sep of the depolarizing channel at zero energy, H = diag(0, ..., d - 1).
DEPOLARIZING = [
    (3, 0.2, 0.0240486730),
    (3, 0.5, 0.0384899209),
    (3, 0.8, 0.0281384810),
    (4, 0.2, 0.0655471203),
    (4, 0.5, 0.1018193196),
    (4, 0.8, 0.0723356741),
    (5, 0.5, 0.1829533247),
]
