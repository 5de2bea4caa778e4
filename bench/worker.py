"""One more web worker of an installation, on a port of its own: `python -m bench.worker DATA PORT`.

It is `guichet web` with another port; `guichet start` runs one and the bench wants two.
"""

import sys
from pathlib import Path

from msgspec.structs import replace

from guichet.logs import configure
from guichet.settings import Settings
from guichet.web.serve import main

if __name__ == "__main__":
    configure("web")
    main(replace(Settings.find(Path(sys.argv[1])), port=int(sys.argv[2])))
