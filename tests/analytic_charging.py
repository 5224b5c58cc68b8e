"""Closed forms of charging and extraction, with the equation numbers of [campaioli2018]."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import eval_laguerre

# max over x of sin(x)^2 / x, at tan x = 2 x: the average power of one freely rotating cell
FREE_ROTATION = 0.724611353776708


def parallel_time(n, Emax=1.0):
    """Eq. (20), left."""
    return n * math.pi / (2 * Emax)


def collective_time(Emax=1.0):
    """Eq. (20), right."""
    return math.pi / (2 * Emax)


def drive_energy(t, n, k, gap=1.0, Emax=1.0):
    """Stored energy of n/k groups under Eqs. (18), (19) at equal operator norm: n gap sin^2(Emax k t / n)."""
    return n * gap * np.sin(Emax * k * t / n) ** 2


def dicke_short_time(n, lam, tau):
    """Leading order of Eq. (23): n (2n + 1) (lam tau)^2."""
    return n * (2 * n + 1) * (lam * tau) ** 2


def dicke_strong(n, lam, tau):
    """Eq. (23) without its free part: n [1 - exp(-theta^2/2) L_n(theta^2)] / 2, theta = 2 lam tau."""
    theta = 2 * lam * tau
    return n * (1 - np.exp(-(theta**2) / 2) * eval_laguerre(n, theta**2)) / 2


def tavis_cummings_two(lam, tau):
    """Two cells at weak coupling: (2/3) sin^2 s + (4/9) (1 - cos s)^2, s = sqrt(6) lam tau."""
    s = math.sqrt(6) * lam * tau
    return 2 / 3 * np.sin(s) ** 2 + 4 / 9 * (1 - np.cos(s)) ** 2


def chain_strength(n, profile, alpha, ratio=1.0):
    """r = (1 - alpha) sum g_ij / (n B) for g/B = ratio."""
    harmonic = sum(1 / k for k in range(1, n))
    G = {"nn": n - 1, "lr": n * (harmonic - 1 + 1 / n), "uni": n * (n - 1) / 2}[profile]
    return (1 - alpha) * ratio * G / n


def chain_advantage(r):
    """Weak coupling of Eqs. (27), (28): max over x of [(1 - cos x) + r sin^2 x] / x over that at r = 0."""
    best = minimize_scalar(
        lambda x: -((1 - math.cos(x)) + r * math.sin(x) ** 2) / x,
        bounds=(0.3, 3.0),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return -best.fun / FREE_ROTATION


def ghz_negativity_bound(n, eps):
    """r^n - r^(n-k) - r^k - 1, r = exp(2 eps), k = floor(n/2): positive where the flip entangles thermal cells."""
    r, k = math.exp(2 * eps), n // 2
    return r**n - r ** (n - k) - r**k - 1


def pair_flip_transfer(splitting, K):
    """Largest transfer of a pair flip with a residual splitting, K^2 / (K^2 + D^2)."""
    return K**2 / (K**2 + splitting**2)
