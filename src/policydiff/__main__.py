"""``python -m policydiff`` is ``policydiff``."""

import sys

from policydiff.cli import main

sys.exit(main())
