"""Take docs/report.png, the README's picture: the first screen of the demo shop's report."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "report.png"
WIDTH, HEIGHT = 1180, 1620


def main() -> int:
    """Run the demo shop and let Chromium photograph its report."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        print("Chromium is not here (Debian: apt install chromium).")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "fulfilltools", "run", "--demo", "--out", folder]
        subprocess.run(run, check=True, env=os.environ | {"FULFILLTOOLS_RUNS": f"{folder}/runs"})
        subprocess.run(
            [
                chromium,
                "--headless",
                "--no-sandbox",
                "--hide-scrollbars",
                f"--screenshot={PICTURE}",
                f"--window-size={WIDTH},{HEIGHT}",
                f"file://{folder}/report.html",
            ],
            check=True,
            capture_output=True,
        )
    print(f"{PICTURE.name}: {PICTURE.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
