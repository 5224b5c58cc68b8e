"""What all tests need."""

import signal

# a shell starts background jobs with Ctrl-C ignored, and children inherit it: the tests of Ctrl-C need it back
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
