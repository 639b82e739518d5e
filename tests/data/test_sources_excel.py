from __future__ import annotations

import base64
import datetime as dt
import zipfile
import zlib

import openpyxl
import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Schema
from mlkit.data.collect import collect
from mlkit.data.sources import Place, read

XLS = (
    "c-rk)OK1~O6g_V;X+EU+nF_5?LZMY_3l$f3(~e5DtCZ@-FKF6iA(ccz7uJo{nx!BJg2hdtF5Fbz_(2"
    "8Txey|{5CkF7r7J<fMVs;7o0*!{3JqwX^3L$iyYIet=G~e1na`V2tUULit%6k;ga=hSfTlX1q7-loQ"
    "Bb{Yv+3r3O18$PLcmW0+2qC3=GQ(RLmux64BR(g5(A$oox*vH<a62N2I7FkkX9VS0I|Yt@`TYUQN@M"
    "Fg|`Ubla|kf_lf74@Bp<fs}m?$Bi;SZEIwv*NL?6w-bbSOAfDZ5!7HA{m#(W?TQBw(&Zf_8vWj*ygn"
    "7__4rg=O0+%DWgCKC6(3?v24h@x&puwKUcRLAub653?r1o#DUxEBTR{DK^@cU^HSNm@mCNK^Aj4YBO"
    "LI{~$V`3;hnO;OE%?U^%_jo>&^#Gal6wQ|lWcBs!748r6-Y$DVbj4oKENdi0oIynFn5>j21+#ef>)X"
    "`WsC8OA)3X29o)VoL6l`2(1&PB_<5}izQS1`FB4^zucAId5!lk@xw8b$F%}AT8QrkuS>=C@Pw%6G^$"
    "S!_4{J6dN+1g3=!f@qcV&T0thYosbWk}D*40=?Ln!Uw%V!63;c9f68t-tLqek1C{Zaa^{2$py~5n{r"
    "%65k!QTr!+{#cH*NT8WzP$8+kRql@EaiB%^JR<q7nLuZK2baaO3W<^))b<l|8AvdC(@E3y6(9qD((9"
    "qD(&`|QmSbHlsoeu?m@Ao<Xb(Sbq^>32@7Dte$W0F294<bi-0aFdlpRMpJ_gre78ux!8<0$oBzy!u5"
    "j){inFMa>0`s-P@F#7kFP^0}<8;SED_x}@457QI"
)
ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">
<office:body><office:spreadsheet><table:table table:name="Data">{rows}
</table:table></office:spreadsheet></office:body></office:document-content>"""

MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest
 xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<manifest:file-entry manifest:full-path="/"
 manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>
</manifest:manifest>"""


@pytest.fixture
def book(tmp_path):
    """Write a workbook, a sheet a keyword; return what is read of it."""

    def write(*, name="x.xlsx", touch=None, options=None, **sheets):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, rows in sheets.items():
            sheet = made.create_sheet(title)
            for row in rows:
                sheet.append(row)
        if touch:
            touch(made)
        path = tmp_path / name
        made.save(path)
        return read(Place(name, options=options or {}).at(path))

    return write


HEAD = ["code", "day", "n", "x", "ok"]
BODY = [
    ["007", dt.datetime(2026, 1, 31), 1, 1.5, True],
    ["008", dt.datetime(2026, 2, 1), 2, None, False],
    [None, None, 3, 2, None],
]


def test_cells_are_what_they_are(book):
    found = book(Data=[HEAD, *BODY])
    assert found.facts == {"format": "xlsx", "sheet": "Data", "header": True}
    assert found.columns.to_pylist()[0] == {
        "code": "007",
        "day": dt.datetime(2026, 1, 31),
        "n": 1,
        "x": 1.5,
        "ok": True,
    }
    assert found.columns["code"].to_pylist() == ["007", "008", None]
    assert found.columns["n"].to_pylist() == [1, 2, 3]
    assert found.columns["ok"].to_pylist() == [True, False, None]
    assert found.notes == ()


def test_a_collected_sheet_has_types(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = openpyxl.Workbook()
    for row in [HEAD, *BODY]:
        made.active.append(row)
    made.save("x.xlsx")
    table = collect("x.xlsx").table
    types = {column.name: column.type for column in Schema.of(table)}
    assert (types["code"], types["day"], types["x"]) == ("category", "date", "number")
    assert types["ok"] == "category"


def test_titles_above_the_header_are_passed_over(book):
    def merge(made):
        made["Data"].merge_cells("A1:E1")

    rows = [["Sales 2026"], [], ["all in EUR", None, 7], HEAD, *BODY]
    found = book(Data=rows, touch=merge)
    assert found.columns.column_names == HEAD
    assert found.columns.num_rows == 3
    assert "row 4 names the columns; what stands above is a title" in found.notes


def test_the_row_of_the_header_may_be_told(book):
    rows = [["a", "b"], ["c", "d"], ["1", "2"], ["3", "4"]]
    assert book(Data=rows).columns.column_names == ["a", "b"]
    found = book(Data=rows, options={"header": "2"})
    assert found.columns.to_pylist() == [{"c": "1", "d": "2"}, {"c": "3", "d": "4"}]
    found = book(Data=rows, options={"header": "false"})
    assert found.columns.column_names == ["c1", "c2"]
    assert found.columns.num_rows == 4
    assert book(Data=rows, options={"header": False}).facts["header"] is False
    with pytest.raises(InputError, match="no row '9'"):
        book(Data=rows, options={"header": "9"})


def test_numbers_alone_have_no_header(book):
    found = book(Data=[[1, 2.5], [3, 4.5], [5, 6.5]])
    assert found.columns.column_names == ["c1", "c2"]
    assert found.facts["header"] is False
    found = book(Data=[["name", 2019, 2020], ["x", 1, 2], ["y", 3, 4]])
    assert found.columns.column_names == ["name", "2019", "2020"]


def test_sheets_are_chosen_and_the_choice_is_said(book):
    def hide(made):
        made["Secret"].sheet_state = "hidden"

    sheets = {
        "Secret": [["s"], [1], [2]],
        "Empty": [],
        "Data": [HEAD, *BODY],
        "More": [["m"], [1], [2]],
    }
    found = book(**sheets, touch=hide)
    assert found.facts["sheet"] == "Data"
    assert "'Data' is read, and not 'Secret', 'Empty', 'More'" in found.notes[0]
    for asked in ("More", "4"):
        found = book(**sheets, touch=hide, options={"sheet": asked})
        assert found.columns.to_pylist() == [{"m": 1}, {"m": 2}]
        assert found.notes == ()
    assert book(**sheets, touch=hide, options={"sheet": "1"}).facts["sheet"] == "Secret"
    with pytest.raises(InputError, match="did you mean 'More'"):
        book(**sheets, options={"sheet": "Mroe"})
    with pytest.raises(InputError, match="this sheet is empty"):
        book(**sheets, options={"sheet": "Empty"})


def test_errors_are_missing_and_counted(book):
    rows = [HEAD, *BODY, ["#N/A", None, "#DIV/0!", 3, True]]
    found = book(**{"A & B": rows})
    assert found.columns.to_pylist()[3]["code"] is None
    assert "2 cells hold an error such as #N/A (A5, C5), and is read as missing" in (
        found.notes
    )


def test_empty_rows_and_columns_are_passed_over(book):
    def shade(made):
        made["Data"]["H9"].fill = openpyxl.styles.PatternFill("solid", "FFFF0000")

    rows = [[None, "a", None, "b"], [], [None, 1, None, 2], [None, 3, None, 4], [" "]]
    found = book(Data=rows, touch=shade)
    assert found.columns.to_pylist() == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    told = " ".join(found.notes)
    assert "empty rows passed over" in told
    assert "empty columns passed over" in told


def test_columns_without_a_name_and_names_used_twice(book):
    found = book(Data=[["a", None, "c"], [1, 2, 3], [4, 5, 6]])
    assert found.columns.column_names == ["a", "c2", "c"]
    assert "columns without a name are called c2" in found.notes
    with pytest.raises(InputError, match="used twice: a"):
        book(Data=[["a", "a"], [1, 2], [3, 4]], options={"header": "1"})


def test_what_a_sheet_cannot_hold_is_said(book):
    rows = [["n", "t"], [12345678901234567, "x"], [1, "y"], ["Source: us", None]]
    told = " ".join(book(Data=rows).notes)
    assert "row 4, the last, has one cell only" in told
    assert "n: holds numbers and text: kept as text" in told
    rows = [["n", "t"], [1234567890123456, "x"], [1, "y"]]
    assert "more than 15 digits" in " ".join(book(Data=rows).notes)


def test_times_and_days_beside_moments(book):
    rows = [["when", "at"], [dt.date(2026, 1, 31), dt.time(8, 30)]]
    rows += [[dt.datetime(2026, 2, 1, 9, 15), dt.time(9, 0)]]
    found = book(Data=rows)
    assert found.columns["when"].to_pylist() == [
        dt.datetime(2026, 1, 31),
        dt.datetime(2026, 2, 1, 9, 15),
    ]
    assert found.columns["at"].to_pylist() == ["08:30:00", "09:00:00"]


def test_merged_cells_in_the_body_are_told(book):
    def merge(made):
        made["Data"].merge_cells("A2:A3")

    found = book(Data=[["a", "b"], ["x", 1], [None, 2], ["y", 3]], touch=merge)
    assert found.columns["a"].to_pylist() == ["x", None, "y"]
    assert "of merged cells the first holds the value" in " ".join(found.notes)


def test_old_workbooks_are_read(tmp_path):
    path = tmp_path / "x.xls"
    path.write_bytes(zlib.decompress(base64.b85decode(XLS)))
    found = read(Place("x.xls").at(path))
    assert found.columns.to_pylist() == [
        {"code": "007", "day": dt.datetime(2026, 1, 31), "x": 1.5},
        {"code": "008", "day": dt.datetime(2026, 2, 1), "x": 2.0},
    ]


def test_open_documents_are_read(tmp_path):
    def cell(text, kind="string"):
        value = {
            "float": f'office:value="{text}"',
            "date": f'office:date-value="{text}"',
        }
        return (
            f'<table:table-cell office:value-type="{kind}" {value.get(kind, "")}>'
            f"<text:p>{text}</text:p></table:table-cell>"
        )

    rows = [
        [cell("code"), cell("day"), cell("x")],
        [cell("007"), cell("2026-01-31", "date"), cell("1.5", "float")],
        [cell("008"), cell("2026-02-01", "date"), cell("2", "float")],
    ]
    lines = "".join(f"<table:table-row>{''.join(r)}</table:table-row>" for r in rows)
    path = tmp_path / "x.ods"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", MANIFEST)
        packed.writestr("content.xml", ODS.format(rows=lines))
    found = read(Place("x.ods").at(path))
    assert found.columns["code"].to_pylist() == ["007", "008"]
    assert found.columns["day"].to_pylist()[0] == dt.datetime(2026, 1, 31)
    assert found.columns["x"].to_pylist() == [1.5, 2.0]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"a,b\n1,2\n"])
def test_a_torn_workbook_is_one_clear_error(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.xlsx").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read") as caught:
        collect("x.xlsx")
    assert caught.value.where == "x.xlsx"


def test_a_workbook_that_unfolds_without_end_is_refused(book, monkeypatch):
    from mlkit.data.sources import excel

    monkeypatch.setattr(excel, "MOST", 100)
    with pytest.raises(InputError, match="unfolds"):
        book(Data=[HEAD, *BODY])


def test_all_empty(book):
    with pytest.raises(InputError, match="every sheet is empty"):
        book(One=[], Two=[[" "]])
