"""Dates, amounts and flags as any spreadsheet writes them, decided from the whole column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fulfilltools.errors import SettingsError, TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

DATE_ORDERS = ("dmy", "mdy", "ymd")

AS_SENT = "try_strptime(t, '%Y-%m-%d %H:%M:%S %z')"
"""Shopify's own form: 2025-11-10 07:31:07 -0300."""

_DATE = (
    r"^(\d{1,4})([-/.]) ?(\d{1,2})[-/.] ?(\d{1,4})"
    r"(?:[T, ]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?)?"
    r"\s*(?:([AaPp])\.?[Mm]\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_PARTS = "['a', 'mark', 'b', 'c', 'hour', 'minute', 'second', 'half', 'zone']"
_IN_WORDS = (
    "['%d %b %Y %H:%M:%S', '%d %b %Y %H:%M', '%d %b %Y', '%d-%b-%Y', '%d-%b-%y', '%d %B %Y', "
    "'%b %d, %Y %H:%M', '%b %d, %Y', '%B %d, %Y', '%b %d %Y']"
)
_TRUE = "'true', 'yes', '1', 'sant', 'ja', 'wahr', 'vrai', 'verdadero', 'vero', 'waar', 'tosi'"
_FALSE = "'false', 'no', '0', 'falskt', 'nej', 'falsch', 'faux', 'falso', 'onwaar', 'epätosi'"

MACROS = rf"""
CREATE MACRO western(t) AS translate(t, '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹', '01234567890123456789');
CREATE MACRO parts(t) AS regexp_extract(western(trim(t)), '{_DATE}', {_PARTS});
CREATE MACRO century(y) AS CASE WHEN y < 100 THEN 2000 + y ELSE y END;
CREATE MACRO placed(p, date_order) AS try_strptime(printf(
    '%04d-%02d-%02d %02d:%02d:%02d %s',
    century(try_cast(CASE WHEN len(p.a) = 4 OR date_order = 'ymd' THEN p.a ELSE p.c END AS INT)),
    CASE WHEN len(p.a) < 4 AND date_order = 'mdy' THEN try_cast(p.a AS INT)
        ELSE try_cast(p.b AS INT) END,
    try_cast(CASE WHEN len(p.a) = 4 OR date_order = 'ymd' THEN p.c
        WHEN date_order = 'mdy' THEN p.b ELSE p.a END AS INT),
    coalesce(try_cast(p.hour AS INT), 0) % CASE WHEN p.half = '' THEN 24 ELSE 12 END
        + CASE WHEN lower(p.half) = 'p' THEN 12 ELSE 0 END,
    coalesce(try_cast(p.minute AS INT), 0),
    coalesce(try_cast(p.second AS INT), 0),
    CASE WHEN p.zone IN ('', 'Z', 'UTC', 'GMT') THEN '+0000' ELSE replace(p.zone, ':', '') END
), '%Y-%m-%d %H:%M:%S %z');
-- A spreadsheet's own number of a day counts from the last day but one of 1899.
CREATE MACRO day_number(t) AS TIMESTAMPTZ '1899-12-30 00:00:00+00'
    + to_seconds(86400 * try_cast(regexp_extract(t, '^\d{{5}}([.]\d+)?$') AS DOUBLE));
CREATE MACRO any_moment(t, date_order) AS coalesce(
    {AS_SENT},
    placed(parts(t), date_order),
    try_strptime(t, {_IN_WORDS})::TIMESTAMPTZ,
    day_number(t)
);
CREATE MACRO flag(t) AS CASE
    WHEN lower(t) IN ({_TRUE}) THEN true
    WHEN lower(t) IN ({_FALSE}) THEN false
END;
CREATE MACRO bare(t) AS regexp_replace(
    CASE WHEN t LIKE '(%' THEN '-' || t ELSE western(t) END, '[^0-9,.-]', '', 'g'
);
CREATE MACRO last_sign(t) AS regexp_extract(t, '([,.])[^,.]*$', 1);
CREATE MACRO is_grouped(t, sign) AS
    regexp_full_match(t, '-?\d{{1,3}}([' || sign || ']\d{{3}})+');
CREATE MACRO any_amount(t, decimal_comma) AS try_cast(CASE
    WHEN t NOT LIKE '%,%' AND NOT (decimal_comma AND is_grouped(t, '.')) AND t NOT LIKE '%.%.%'
        THEN bare(t)
    WHEN t LIKE '%,%' AND t LIKE '%.%' AND last_sign(t) = ','
        THEN replace(replace(bare(t), '.', ''), ',', '.')
    WHEN t LIKE '%,%' AND t LIKE '%.%' THEN replace(bare(t), ',', '')
    WHEN is_grouped(bare(t), ',') AND NOT decimal_comma THEN replace(bare(t), ',', '')
    WHEN is_grouped(bare(t), '.') THEN replace(bare(t), '.', '')
    ELSE replace(bare(t), ',', '.')
END AS DECIMAL(24, 4));
"""
"""DuckDB macros: any_moment, any_amount, flag; what they need to know is given to them."""


def learn_dates(
    database: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    date_order: str | None,
) -> None:
    """Make the macro `moment(t)` for the dates in some columns of a table.

    The order of day and month is read off the whole of them; `date_order` settles what they do
    not say. Raises SettingsError when it cannot be known, TableError when two orders mix.
    """
    if date_order is not None and date_order not in DATE_ORDERS:
        raise SettingsError(f"The date order is {date_order!r}. Give dmy, mdy or ymd.")
    texts = _other_forms(database, table, columns)
    if texts is None:
        database.execute(f"CREATE OR REPLACE MACRO moment(t) AS {AS_SENT}")
        return
    first, second, is_open, has_dots = texts
    beyond = 12
    if first > beyond and second > beyond:
        raise TableError(
            "The dates mix day-first and month-first: both parts go beyond 12. "
            "Export the file again, and open it in no spreadsheet before."
        )
    seen = "dmy" if first > beyond else "mdy" if second > beyond else None
    order = seen or date_order or ("dmy" if has_dots or not is_open else None)
    if order is None:
        raise SettingsError(
            "Nothing in the dates tells the day from the month. "
            "Say which comes first: --date-order dmy or --date-order mdy."
        )
    database.execute(f"CREATE OR REPLACE MACRO moment(t) AS any_moment(t, '{order}')")


def _other_forms(
    database: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]
) -> tuple[int, int, bool, bool] | None:
    """Look at the dates that are not as Shopify sends them; None where all are."""
    listed = ", ".join(columns)
    row = database.execute(
        f"""
        SELECT count(*), coalesce(max(a), 0), coalesce(max(b), 0),
            coalesce(bool_or(a <> b), false), coalesce(bool_and(mark = '.'), false)
        FROM (
            SELECT CASE WHEN len(p.a) < 4 THEN try_cast(p.a AS INT) END AS a,
                CASE WHEN len(p.a) < 4 THEN try_cast(p.b AS INT) END AS b,
                CASE WHEN len(p.a) < 4 AND p.a <> '' THEN p.mark END AS mark
            FROM (
                SELECT parts(t) AS p FROM (SELECT unnest([{listed}]) AS t FROM {table})
                WHERE t IS NOT NULL AND {AS_SENT} IS NULL
            )
        )
        """  # noqa: S608 - names of our own columns
    ).fetchone()
    if row is None or row[0] == 0:
        return None
    return int(row[1]), int(row[2]), bool(row[3]), bool(row[4])


def learn_amounts(database: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> None:
    """Make the macro `amount(t)`: whether a comma is the decimal sign is read off the whole."""
    listed = ", ".join(columns)
    row = database.execute(
        f"""
        SELECT coalesce(bool_or(regexp_matches(t, ',\\d{{1,2}}\\D*$')), false)
            AND NOT coalesce(bool_or(regexp_matches(t, '\\.\\d{{1,2}}\\D*$')), false)
        FROM (SELECT unnest([{listed}]) AS t FROM {table}) WHERE contains(t, ',')
        """  # noqa: S608 - names of our own columns
    ).fetchone()
    comma = "true" if row and row[0] else "false"
    plain = "" if row and row[0] else "try_cast(t AS DECIMAL(24, 4)), "
    database.execute(
        f"CREATE OR REPLACE MACRO amount(t) AS coalesce({plain}any_amount(t, {comma}))"
    )


def refuse_unread(
    database: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], macro: str, kind: str
) -> None:
    """Raise TableError for a text that is no date, or no amount, naming column and row."""
    for column in columns:
        row = database.execute(
            f"""
            SELECT
                rowid - (SELECT min(rowid) FROM {table} AS one WHERE one.file_no = row.file_no) + 2,
                CASE WHEN regexp_full_match({column}, '[\\d\\s:./+-]{{1,25}}') THEN {column} END
            FROM {table} AS row
            WHERE {column} IS NOT NULL AND {macro}({column}) IS NULL
            ORDER BY rowid LIMIT 1
            """  # noqa: S608 - names of our own columns
        ).fetchone()
        if row:
            # A text that is not made of digits may be somebody's data, so it is not shown.
            seen = f" ({row[1]})" if row[1] else ""
            raise TableError(
                f"Row {row[0]} has no {kind} under {column.replace('_', ' ')}{seen}. "
                "Mend the cell, or export the file again."
            )
