"""``python -m portal.obctl``: the same as the command ``obctl``."""

import sys

from portal.obctl import main

sys.exit(main())
