"""Write docs/causes.md and docs/columns.md again; with --check, only say whether they are fresh."""

import sys
from pathlib import Path

from fulfilltools.catalogue import causes_page, columns_page

DOCS = Path(__file__).resolve().parent.parent / "docs"


def main() -> int:
    """Write what is stale, or with --check name it and fail."""
    stale = []
    for name, text in {"causes.md": causes_page(), "columns.md": columns_page()}.items():
        file = DOCS / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                file.write_text(text, encoding="utf-8")
    verb = "is stale; run scripts/refresh_docs.py" if "--check" in sys.argv else "written"
    for name in stale:
        print(f"docs/{name} {verb}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
