"""Files people have -> entries: JSON, JSONL, CSV and XLSX, in the encodings they really come in."""

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd
from charset_normalizer import from_bytes

from dashboard.domain import Entry, RedFlag, RowProblem, ZhenluError, language_of

FIELDS = tuple(f.name for f in fields(Entry))
LISTS = ("aliases", "aliases_en", "ages")
FORMATS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".xlsx")
MAX_TEXT = 20_000
csv.field_size_limit(100_000_000)  # an over-long cell is a matter of its row, not of the file

# The names people already use, tried when no mapping is given.
SYNONYMS = {
    "disease": ("disease", "title", "name", "疾病", "疾病名称", "病名", "名称"),
    "symptoms": ("symptoms", "symptom", "症状", "临床表现", "abstract", "text", "content"),
    "description": ("description", "abstract", "描述", "简介", "概述", "说明"),
    "id": ("id", "编号", "_id"),
    "department": ("department", "科室"),
    "icd10": ("icd10", "icd", "ICD-10", "ICD10"),
    "disease_en": ("disease_en", "name_en", "英文名"),
    "aliases": ("aliases", "alias", "synonyms", "synonym", "别名", "同义词"),
}

# A slash parts Chinese or whole words, not mmol/L, 1/2 or </b>; a comma does not part 10,000.
_SPLIT = re.compile(
    r"[、，;；|\n\t]+|(?<!\d),|,(?!\d)|(?<=[\u3400-\u9fff])/(?=[\u3400-\u9fff])|(?<=[^\W\d_]{4})/(?=[^\W\d_]{4})"
)
# with lone surrogates, which JSON can spell and UTF-8 cannot
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\ufeff\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n|\n|\r")  # str.splitlines would also break at U+2028 and U+0085 inside a text


@dataclass(frozen=True)
class Table:
    """The records of a file before they are mapped; ``bad`` are rows that could not even be read."""

    columns: tuple[str, ...]
    records: tuple[tuple[int, Mapping[str, Any]], ...]  # (row number from 1, record)
    bad: tuple[RowProblem, ...] = ()

    @property
    def rows(self) -> int:
        return len(self.records) + len(self.bad)


@dataclass(frozen=True)
class Parsed:
    entries: tuple[Entry, ...]
    rejected: tuple[RowProblem, ...]
    rows: int


def clean(text: str) -> str:
    """NFC, without control and direction characters, white space trimmed."""
    return _CONTROL.sub("", unicodedata.normalize("NFC", text)).strip()


def key(text: str) -> str:
    """A text folded for comparison: NFKC, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def read_table(path: Path, max_mb: int = 200) -> Table:
    """Read a file of records.

    Raises ZhenluError: file_missing, file_format, file_too_large, file_empty, file_encoding, file_not_json, file_no_rows.
    """
    if not path.is_file():
        raise ZhenluError("file_missing", file=path.name)
    if path.suffix.lower() not in FORMATS:
        raise ZhenluError("file_format", file=path.name, formats=" ".join(FORMATS))
    if path.stat().st_size > max_mb * 1_000_000:
        raise ZhenluError("file_too_large", file=path.name, megabytes=max_mb)
    data = path.read_bytes()
    if not data.strip():
        raise ZhenluError("file_empty", file=path.name)
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        table = _excel(data, path.name)
    else:
        text = decode(data, path.name)
        if not text.strip():
            raise ZhenluError("file_empty", file=path.name)
        if suffix in (".csv", ".tsv"):
            table = _csv(text, path.name)
        else:
            table = _json(text, path.name)
    if not table.rows:
        raise ZhenluError("file_no_rows", file=path.name)
    return table


def decode(data: bytes, name: str) -> str:
    """Text from bytes: a byte-order mark decides, then UTF-8, then UTF-16, then what charset-normalizer finds."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise ZhenluError("file_encoding", file=name) from error
    # UTF-16 without a mark has a zero byte in every ASCII character, always on the same side. Text in other encodings
    # has none, but for a stray one: then it is UTF-8 still, which Chinese in UTF-16 is not, and ASCII in it half zeros.
    high, low = data[:4000:2].count(0), data[1:4000:2].count(0)
    if high or low:
        guesses = ["utf-16-le" if low > high else "utf-16-be"]
        if (high + low) * 4 < len(data[:4000]):
            guesses.insert(0, "utf-8")
        for encoding in guesses:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
        raise ZhenluError("file_encoding", file=name)
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    best = from_bytes(data[:200_000]).best()
    try:
        return data.decode(best.encoding if best else "utf-8")
    except UnicodeDecodeError as error:
        raise ZhenluError("file_encoding", file=name) from error


def _json(text: str, name: str) -> Table:
    """One array of objects, or an object a line."""
    stripped = text.lstrip()
    if stripped.startswith("["):
        try:
            items = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ZhenluError("file_not_json", file=name, reason=str(error)) from error
    else:
        items = []
        for line in _LINE_END.split(text):
            if line.strip():
                try:
                    items.append(json.loads(line))
                except (ValueError, RecursionError):
                    items.append(None)
        if all(not isinstance(item, dict) for item in items):
            raise ZhenluError("file_not_json", file=name, reason="JSON")
    columns: dict[str, None] = {}
    records, bad = [], []
    for row, item in enumerate(items, start=1):
        if isinstance(item, dict):
            columns.update(dict.fromkeys(map(str, item)))
            records.append((row, item))
        else:
            bad.append(RowProblem(row, "row_not_object"))
    return Table(tuple(columns), tuple(records), tuple(bad))


def _csv(text: str, name: str) -> Table:
    text = text.replace("\x00", "")
    header = _LINE_END.split(text.lstrip("\n\r"), maxsplit=1)[0]
    # strict: a quote that is never closed would swallow the rows after it
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t|", key=header.count), strict=True)
    try:
        lines = [line for line in reader if any(line)]
    except csv.Error as error:
        raise ZhenluError("file_not_table", file=name, reason=f"{error} ({reader.line_num})") from error
    return _grid(lines)


def _excel(data: bytes, name: str) -> Table:
    try:
        frame = pd.read_excel(io.BytesIO(data), dtype=str, engine="openpyxl", header=None, keep_default_na=False)
    except Exception as error:  # zipfile, zlib, the XML parser and openpyxl raise many kinds; all mean: not a workbook
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ZhenluError("file_not_table", file=name, reason=reason) from error
    return _grid([[str(cell) for cell in line] for line in frame.values.tolist()])


def _grid(lines: list[list[str]]) -> Table:
    """A header line and its rows; a row with more cells than the header is refused, a shorter one filled up."""
    if not lines:
        return Table((), ())
    columns = tuple(cell.strip() for cell in lines[0])
    records, bad = [], []
    for row, line in enumerate(lines[1:], start=1):
        cells = line[: len(columns)] + [""] * (len(columns) - len(line))
        if any(cell.strip() for cell in line[len(columns) :]):
            bad.append(RowProblem(row, "row_columns", {"found": len(line), "expected": len(columns)}))
        elif any(cell.strip() for cell in cells):
            records.append((row, dict(zip(columns, cells, strict=True))))
    return Table(columns, tuple(records), tuple(bad))


def guess_mapping(columns: Iterable[str]) -> dict[str, str]:
    """field -> column for the columns whose names are known; the caller may override any of it."""
    have = {key(c): c for c in columns}
    mapping = {name: have[key(name)] for name in FIELDS if key(name) in have}
    for name, wordings in SYNONYMS.items():
        if name not in mapping:
            found = next(
                (have[key(w)] for w in wordings if key(w) in have and have[key(w)] not in mapping.values()), None
            )
            if found is not None:
                mapping[name] = found
    return mapping


def to_entries(table: Table, mapping: Mapping[str, str] | None = None) -> Parsed:
    """Map records to entries; what cannot be one is rejected with its row and the reason.

    Raises ZhenluError mapping_unknown_field, mapping_unknown_column or mapping_incomplete.
    """
    chosen = guess_mapping(table.columns)
    mapping = mapping or {}
    for name, column in mapping.items():
        if name not in FIELDS:
            raise ZhenluError("mapping_unknown_field", field=name, fields=" ".join(FIELDS))
        if not column:  # "field=" leaves a field out that would have been guessed
            chosen.pop(name, None)
            continue
        if column not in table.columns:
            raise ZhenluError("mapping_unknown_column", column=column, columns=", ".join(table.columns))
        # a column that was only guessed for another field is taken from it
        chosen = {k: v for k, v in chosen.items() if v != column or k in mapping} | {name: column}
    missing = [name for name in ("disease", "symptoms") if name not in chosen]
    if missing:
        raise ZhenluError("mapping_incomplete", fields=", ".join(missing), columns=", ".join(table.columns))
    entries: list[Entry] = []
    rejected = list(table.bad)
    seen: dict[str, int] = {}
    for row, record in table.records:
        try:
            entry = _entry({name: record.get(column) for name, column in chosen.items()})
        except _Reject as reason:
            rejected.append(RowProblem(row, reason.code, reason.params))
            continue
        if entry.id in seen:
            rejected.append(RowProblem(row, "row_duplicate_id", {"id": entry.id, "first": seen[entry.id]}))
            continue
        seen[entry.id] = row
        entries.append(entry)
    return Parsed(tuple(entries), tuple(sorted(rejected, key=lambda p: p.row)), table.rows)


class _Reject(Exception):
    def __init__(self, code: str, **params: object):
        super().__init__(code)
        self.code, self.params = code, params


def _entry(raw: Mapping[str, Any]) -> Entry:
    disease = _text(raw.get("disease"), "disease")
    if not disease:
        raise _Reject("row_no_disease")
    values: dict[str, Any] = {name: tuple(dict.fromkeys(_list(raw.get(name), name))) for name in LISTS}
    symptoms, english = (_list(raw.get(name), name) for name in ("symptoms", "symptoms_en"))
    if not symptoms:
        raise _Reject("row_no_symptoms")
    if english and len(english) != len(symptoms):
        raise _Reject("row_symptom_order", zh=len(symptoms), en=len(english))
    # Both in the same order, so that a repeat goes from both.
    first = {symptom: i for i, symptom in reversed(list(enumerate(symptoms)))}
    kept = sorted(first.values())
    values["symptoms"] = tuple(symptoms[i] for i in kept)
    values["symptoms_en"] = tuple(english[i] for i in kept) if english else ()
    for name in ("disease_en", "description", "description_en", "department", "department_en", "icd10", "source"):
        values[name] = _joined(raw.get(name), name)
    values["sex"] = _text(raw.get("sex"), "sex") or "any"
    values["pregnancy"] = _text(raw.get("pregnancy"), "pregnancy") or "any"
    values["urgent"] = str(raw.get("urgent") or "").strip().lower() in {"true", "1", "yes", "y", "是"}
    values["red_flags"] = _red_flags(raw.get("red_flags"))
    identifier = _text(raw.get("id"), "id") or "h" + hashlib.sha256(key(disease).encode()).hexdigest()[:12]
    return Entry(id=identifier, disease=disease, **values)


def _text(value: Any, name: str) -> str:
    if value is None or (isinstance(value, float) and isnan(value)):
        return ""
    if isinstance(value, dict | list):
        raise _Reject("row_bad_field", field=name)
    text = clean(str(value))
    if len(text) > MAX_TEXT:
        raise _Reject("row_too_long", field=name, limit=MAX_TEXT)
    return text


def _joined(value: Any, name: str) -> str:
    """One text; a list of texts, such as several departments, becomes one."""
    if not isinstance(value, list):
        return _text(value, name)
    items = [_text(item, name) for item in value]
    return ("、" if language_of("".join(items)) == "zh" else ", ").join(filter(None, items))


def _list(value: Any, name: str) -> list[str]:
    """A list of texts, or one text split at the marks people use (never inside a number or a fraction)."""
    if isinstance(value, dict):
        raise _Reject("row_bad_field", field=name)
    if isinstance(value, list):
        items = [_text(item, name) for item in value]
    else:
        items = [clean(part) for part in _SPLIT.split(_text(value, name))]
    return [item for item in (item.strip(" 。.") for item in items) if item]


def _red_flags(value: Any) -> tuple[RedFlag, ...]:
    if not value:
        return ()
    if isinstance(value, str):
        return tuple(RedFlag(flag=text) for text in _list(value, "red_flags"))
    if not isinstance(value, list):
        raise _Reject("row_bad_field", field="red_flags")
    names = {f.name for f in fields(RedFlag)}
    flags = []
    for item in value:
        if isinstance(item, str):
            flags.append(RedFlag(flag=clean(item)))
        elif isinstance(item, dict) and item.get("flag"):
            flags.append(RedFlag(**{k: _text(v, "red_flags") for k, v in item.items() if k in names}))
        else:
            raise _Reject("row_bad_field", field="red_flags")
    return tuple(flags)


def read_entries(path: Path, mapping: Mapping[str, str] | None = None, max_mb: int = 200) -> Parsed:
    """`read_table`, then `to_entries`."""
    return to_entries(read_table(path, max_mb), mapping)
