"""Tables that are malformed or treacherous, made by code, and what is true of them."""

from bad_tables.case import Case
from bad_tables.cells import CELLS
from bad_tables.files import FILES
from bad_tables.names import NAMES
from bad_tables.typed import TYPED

CASES: list[Case] = [*FILES, *NAMES, *CELLS, *TYPED]
