"""Skrub's table report, in a frame that nothing gets out of."""

from __future__ import annotations

import base64
import gzip
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from html import escape

import matplotlib as mpl
import numpy as np
import pandas as pd

from mlkit.data.charts.style import QUIET

__all__ = ["Report"]

ROWS = 5000
COLUMNS = 40
LOCKED = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    'font-src data:">'
)
UNPACKED = """<script>(async () => {
const bytes = Uint8Array.from(atob("PACKED"), (sign) => sign.charCodeAt(0));
const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
const page = await new Response(plain).text();
document.open(); document.write(page); document.close();
})()</script>"""


@dataclass(frozen=True)
class Report:
    """Skrub's table report on a sample of rows.

    It is a page of its own in a frame without rights: what it shows cannot reach the
    notebook or the net, and it is there without either. It is packed, so that a
    notebook stays small.

    Parameters
    ----------
    sample
        Some rows as they were collected; None where they were not kept.
    rows
        How many rows the whole table has.
    """

    sample: pd.DataFrame | None = field(repr=False)
    rows: int

    @cached_property
    def shown(self) -> pd.DataFrame:
        """The rows and columns that the report is about."""
        table = pd.DataFrame() if self.sample is None else self.sample
        places = np.linspace(0, max(len(table) - 1, 0), min(len(table), ROWS))
        few = table.iloc[np.unique(places.astype(int)), :COLUMNS]
        return few.reset_index(drop=True)

    @cached_property
    def html(self) -> str:
        """The report as a page, whole, offline, and the same every time."""
        import skrub

        with _repeatable():
            page: str = skrub.TableReport(
                self.shown, title=self.about, verbose=0
            ).html()
        made = re.findall(r'\bid="(?:report_)?([0-9a-f]{8})\b', page)
        for place, word in enumerate(dict.fromkeys(made)):
            page = page.replace(word, f"{place:08x}")
        return page.replace("<head>", f"<head>{LOCKED}", 1)

    @property
    def about(self) -> str:
        """What the report is about, in a few words."""
        told = f"{len(self.shown):,} of {self.rows:,} rows, evenly spaced"
        told = told if len(self.shown) < self.rows else f"{self.rows:,} rows"
        wide = 0 if self.sample is None else self.sample.shape[1]
        more = f", the first {COLUMNS} of {wide:,} columns" if wide > COLUMNS else ""
        return told + more

    def __repr__(self) -> str:
        return f"<Report of {self.about}>"

    def _repr_html_(self) -> str:
        if self.sample is None or self.sample.empty:
            return "<div>The rows are not kept with a profile: run it again.</div>"
        packed = gzip.compress(self.html.encode(), 6, mtime=0)
        script = UNPACKED.replace("PACKED", base64.b64encode(packed).decode())
        told = "<noscript>The report needs scripts.</noscript>"
        page = escape(f"<head>{LOCKED}</head><body>{told}{script}</body>")
        return (
            f'<div style="color:{QUIET}">{escape(self.about)}</div>'
            f'<iframe sandbox="allow-scripts" srcdoc="{page}" title="table report" '
            'style="width:100%;height:40em;border:0;background:white"></iframe>'
        )


@contextmanager
def _repeatable() -> Iterator[None]:
    """Let matplotlib write the same SVG every time."""
    name = "SOURCE_DATE_EPOCH"
    before = os.environ.get(name)
    os.environ[name] = "0"
    try:
        with mpl.rc_context({"svg.hashsalt": "mlkit"}):
            yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before
