"""What all tests need."""

import signal
import sys

import pytest

# a shell starts background jobs with Ctrl-C ignored, and children inherit it: the tests of Ctrl-C need it back
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_open_figures():
    """Close what a test has drawn: pyplot keeps figures, and warns when there are many."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
