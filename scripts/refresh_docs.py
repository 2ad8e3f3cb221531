"""Write the generated pages of docs/ again; with --check, only say whether they are fresh."""

import sys
import tempfile
from pathlib import Path

import pandas as pd
from pydantic import SecretStr

from fulfilltools import admin, demo, tables
from fulfilltools.catalogue import GENERATED, causes_page, columns_page
from fulfilltools.causes import BY_CODE
from fulfilltools.demo.world import World, build_world
from fulfilltools.diagnosis import diagnose
from fulfilltools.exports import read_shipments
from fulfilltools.settings import Connection, Policy

DOCS = Path(__file__).resolve().parent.parent / "docs"


def main() -> int:
    """Write what is stale, or with --check name it and fail."""
    check = "--check" in sys.argv
    world = build_world()
    pages = {
        "accuracy.md": accuracy_page(world, found_in(world)),
        "causes.md": causes_page(),
        "columns.md": columns_page(),
    }
    stale = [name for name, text in pages.items() if _read(DOCS / name) != text]
    for name in stale:
        if not check:
            (DOCS / name).write_text(pages[name], encoding="utf-8")
        print(f"docs/{name} {'is stale; run make fix' if check else 'written'}")
    return 1 if stale and check else 0


def found_in(world: World) -> pd.DataFrame:
    """Diagnose the demo shop over HTTP, with its suppliers' list; one finding a row, by row_id."""
    with demo.serve(world) as server, tempfile.TemporaryDirectory() as scratch:
        connection = Connection(
            name="demo",
            domain=demo.SHOP_DOMAIN,
            api_url=server.url,
            access_token=SecretStr(server.access_token),
        )
        folder = Path(scratch)
        with admin.AdminClient(connection) as client:
            admin.fetch(client, folder, as_of=demo.AS_OF)
        listed = folder / "supplier.csv"
        pd.DataFrame(world.supplier_rows).to_csv(listed, index=False)
        read_shipments([listed], folder)
        built = tables.build(folder, folder, as_of=demo.AS_OF, policy=Policy())
        return diagnose(built.backlog, as_of=demo.AS_OF).findings.set_index("row_id")


def accuracy_page(world: World, findings: pd.DataFrame) -> str:
    """Hold what was found against the stories that the demo shop acted out, cause by cause."""
    truth = {row: one.code for row, one in world.truth.items()}
    lines = [_line(code, truth, world, findings) for code in BY_CODE]
    right = sum(findings.loc[row, "cause"] == code for row, code in truth.items())
    return (
        "# Found against true, in the demo shop\n\n"
        f"{GENERATED}\n\n"
        "The demo shop acts out stories (place, pay, request, hold, split, cancel, ...) whose "
        "author wrote down why the order is stuck; the causes never see that. Of "
        f"{len(truth)} open rows {right} have the story's cause as their root. *Beside* counts "
        "findings about the shop's settings, which stand beside a root. Look-alikes are rows made "
        "to resemble a cause without being one.\n\n"
        "| cause | stories | found | beside | called otherwise | look-alikes | wrongly taken |\n"
        "|--|--|--|--|--|--|--|\n" + "\n".join(lines) + "\n"
    )


def _line(code: str, truth: dict[str, str], world: World, findings: pd.DataFrame) -> str:
    told = findings.loc[[row for row, true in truth.items() if true == code]]
    # Some look-alikes are not even open, so they have no row.
    alike = [row for row, codes in world.look_alikes.items() if code in codes]
    found = told["cause"] == code
    beside = told["also"].map(lambda also: code in also).astype(bool) & ~found
    otherwise = told.loc[~found & ~beside, "cause"].value_counts()
    called = ", ".join(f"{n} × `{other}`" for other, n in otherwise.items()) or "0"
    taken = int((findings.loc[findings.index.isin(alike), "cause"] == code).sum())
    counts = f"{len(told)} | {found.sum()} | {beside.sum()} | {called} | {len(alike)} | {taken}"
    return f"| `{code}` | {counts} |"


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8") if page.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
