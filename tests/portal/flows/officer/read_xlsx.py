"""Prints what a spreadsheet holds, as openpyxl reads it: type and value of every cell, and the looks of the sheet."""

import json
import sys

from openpyxl import load_workbook

book = load_workbook(sys.argv[1])
sheet = book.active
rows = []
for row in sheet.iter_rows():
    rows.append([{
        "type": "d" if cell.is_date else cell.data_type,
        "value": cell.value.isoformat() if cell.is_date else cell.value,
        "format": cell.number_format,
    } for cell in row])
json.dump({
    "sheets": book.sheetnames,
    "title": book.properties.title,
    "created": book.properties.created.isoformat(),
    "language": next((one.value for one in book.custom_doc_props.props if one.name == "Language"), None),
    "frozen": sheet.freeze_panes,
    "filter": sheet.auto_filter.ref,
    "widths": [sheet.column_dimensions[cell.column_letter].width for cell in sheet[1]],
    "rows": rows,
}, sys.stdout)
