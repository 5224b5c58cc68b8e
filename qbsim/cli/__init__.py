"""The ``qbsim`` command; the top layer."""
