"""``python -m compensation.partners.payment_simulator``: serve until Ctrl-C, by the settings of the environment."""

import sys

from compensation.core.settings import load
from compensation.partners.payment_simulator.server import main

sys.exit(main(load()))
