"""Programs that tests start can be interrupted, also where the tests themselves run in the background."""

from __future__ import annotations

import signal

# A shell starts background jobs with SIGINT ignored, which children would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
