"""The files people have become entries, every row is accounted for, and what cannot be read is refused with a reason."""

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from dashboard.domain import Entry, RedFlag, RowProblem, ZhenluError
from dashboard.records import FIELDS, MAX_TEXT, Parsed, guess_mapping, read_entries, read_table
from dashboard.text import hint, message, problem

Read = Callable[..., Parsed]

TWO = "疾病,症状\n流感,发热、咳嗽\n肺炎,咳嗽、胸痛\n"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Writes a file and reads its entries; whatever is refused or rejected must have words in both languages."""

    def write_and_read(
        name: str, content: str | bytes, mapping: dict[str, str] | None = None, **options: Any
    ) -> Parsed:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        try:
            parsed = read_entries(path, mapping, **options)
        except ZhenluError as error:
            assert all(f(error, language) for f in (message, hint) for language in ("zh", "en"))
            raise
        assert all(problem(row, language) for row in parsed.rejected for language in ("zh", "en"))
        assert parsed.rows == len(parsed.entries) + len(parsed.rejected)
        return parsed

    return write_and_read


def refused(read: Read, *args: Any, **options: Any) -> ZhenluError:
    with pytest.raises(ZhenluError) as caught:
        read(*args, **options)
    return caught.value


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def lines(*records: Any) -> str:
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records)


def names(parsed: Parsed) -> list[str]:
    return [entry.disease for entry in parsed.entries]


def problems(parsed: Parsed) -> list[tuple[int, str]]:
    return [(row.row, row.code) for row in parsed.rejected]


# -- the shapes people already have -----------------------------------------------------------------------------


def test_a_json_array_with_symptoms_in_one_text(read: Read) -> None:
    records = [{"disease": "流感", "symptoms": "发热、咳嗽、乏力", "description": "由流感病毒引起。"}]
    (entry,) = read("kb.json", json.dumps(records, ensure_ascii=False)).entries
    assert entry == Entry(
        id=entry.id, disease="流感", symptoms=("发热", "咳嗽", "乏力"), description="由流感病毒引起。"
    )
    assert entry.id.startswith("h")


def test_json_lines_of_id_title_abstract_with_a_mapping(read: Read) -> None:
    content = lines(
        {"id": "d1", "title": "Influenza", "abstract": "fever, dry cough; myalgia"},
        {"id": "d2", "title": "Migraine", "abstract": "unilateral headache, photophobia"},
    )
    parsed = read("corpus.jsonl", content, {"disease": "title", "symptoms": "abstract"})
    assert [e.id for e in parsed.entries] == ["d1", "d2"]
    assert parsed.entries[0].symptoms == ("fever", "dry cough", "myalgia")


def test_one_column_may_stand_for_two_fields_when_asked(read: Read) -> None:
    mapping = {"disease": "title", "symptoms": "abstract", "description": "abstract"}
    (entry,) = read(
        "corpus.jsonl", lines({"id": 7, "title": "Gout", "abstract": "joint pain, swelling"}), mapping
    ).entries
    assert entry == Entry("7", "Gout", ("joint pain", "swelling"), description="joint pain, swelling")


GRID = [["代码", "名", "表现", "备注"], ["A1", "流感", "发热、咳嗽", "多见于冬季"], ["A2", "肺炎", "咳嗽;胸痛", ""]]
GRID_MAPPING = {"id": "代码", "disease": "名", "symptoms": "表现", "description": "备注"}
GRID_ENTRIES = (
    Entry("A1", "流感", ("发热", "咳嗽"), description="多见于冬季"),
    Entry("A2", "肺炎", ("咳嗽", "胸痛")),
)


@pytest.mark.parametrize(
    ("name", "delimiter"), [("kb.csv", ","), ("kb.csv", "\t"), ("kb.tsv", "\t"), ("kb.csv", ";"), ("kb.csv", "|")]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_with_any_column_names_and_a_mapping(read: Read, name: str, delimiter: str, end: str) -> None:
    rows = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in GRID]
    assert read(name, end.join(map(delimiter.join, rows)) + end, GRID_MAPPING).entries == GRID_ENTRIES


def test_xlsx_with_any_column_names_and_a_mapping(read: Read) -> None:
    assert read("kb.xlsx", workbook(GRID), GRID_MAPPING).entries == GRID_ENTRIES


def test_xlsx_numbers_and_blank_cells_are_texts(read: Read) -> None:
    content = workbook([["id", "disease", "symptoms"], [12, "流感", "发热"], [None, None, None], [13, "肺炎", None]])
    parsed = read("kb.xlsx", content)
    assert [e.id for e in parsed.entries] == ["12"]
    assert problems(parsed) == [(3, "row_no_symptoms")]


def test_every_field_of_our_own_format_is_read(read: Read) -> None:
    record = {
        "id": "influenza",
        "disease": "流感",
        "disease_en": "Influenza",
        "aliases": ["流行性感冒"],
        "aliases_en": ["flu"],
        "symptoms": ["发热", "咳嗽"],
        "symptoms_en": ["fever", "cough"],
        "description": "病毒性",
        "description_en": "viral",
        "department": "感染科",
        "department_en": "Infectious diseases",
        "icd10": "J11",
        "urgent": True,
        "red_flags": [{"flag": "呼吸困难", "flag_en": "dyspnoea", "reason": "肺炎", "reason_en": "pneumonia"}],
        "sex": "any",
        "pregnancy": "any",
        "ages": ["child", "adult"],
        "source": "手册",
    }
    assert set(record) == set(FIELDS)
    (entry,) = read("kb.jsonl", lines(record)).entries
    assert entry == Entry(
        **{k: tuple(v) if isinstance(v, list) else v for k, v in record.items() if k != "red_flags"},
        red_flags=(RedFlag("呼吸困难", "dyspnoea", "肺炎", "pneumonia"),),
    )


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("疾病名称", "临床表现", "科室"), {"disease": "疾病名称", "symptoms": "临床表现", "department": "科室"}),
        (("ID", "Title", "Abstract"), {"id": "ID", "disease": "Title", "symptoms": "Abstract"}),
        (("name", "symptom", "ICD-10"), {"disease": "name", "symptoms": "symptom", "icd10": "ICD-10"}),
        (("ｄｉｓｅａｓｅ", "SYMPTOMS"), {"disease": "ｄｉｓｅａｓｅ", "symptoms": "SYMPTOMS"}),
        (("a", "b"), {}),
    ],
)
def test_known_column_names_need_no_mapping(columns: tuple[str, ...], expected: dict[str, str]) -> None:
    assert guess_mapping(columns) == expected


def test_a_mapping_goes_before_a_guess_and_can_leave_a_guess_out(read: Read) -> None:
    content = "disease,症状,title,description\nx,咳嗽,流感,不要\n"
    (entry,) = read("kb.csv", content, {"disease": "title", "description": ""}).entries
    assert (entry.disease, entry.symptoms, entry.description) == ("流感", ("咳嗽",), "")


# -- symptoms in one text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("发热、咳嗽，胸痛；乏力", ["发热", "咳嗽", "胸痛", "乏力"]),
        ("fever, cough; chest pain | rash", ["fever", "cough", "chest pain", "rash"]),
        ("恶心/呕吐、nausea/vomiting", ["恶心", "呕吐", "nausea", "vomiting"]),
        ("发热\n咳嗽\r\n咳痰\t胸痛。", ["发热", "咳嗽", "咳痰", "胸痛"]),
        ("、发热、、发热，", ["发热"]),
        ("体温38.5℃，白细胞10,000/μL", ["体温38.5℃", "白细胞10,000/μL"]),
        ("血糖≥11.1mmol/L、视力1/2", ["血糖≥11.1mmol/L", "视力1/2"]),
    ],
)
def test_symptoms_are_parted_at_marks_but_not_inside_numbers_and_units(
    read: Read, text: str, expected: list[str]
) -> None:
    (entry,) = read("kb.jsonl", lines({"disease": "x", "symptoms": text})).entries
    assert list(entry.symptoms) == expected


def test_a_list_of_symptoms_is_not_parted(read: Read) -> None:
    (entry,) = read("kb.jsonl", lines({"disease": "x", "symptoms": ["发热，尤其夜间", "", "咳嗽", "咳嗽"]})).entries
    assert entry.symptoms == ("发热，尤其夜间", "咳嗽")


def test_english_symptoms_keep_the_order_of_the_chinese_ones(read: Read) -> None:
    (entry,) = read(
        "kb.jsonl", lines({"disease": "x", "symptoms": "发热、发热、咳嗽", "symptoms_en": "a, b, c"})
    ).entries
    assert (entry.symptoms, entry.symptoms_en) == (("发热", "咳嗽"), ("a", "c"))
    parsed = read("kb.jsonl", lines({"disease": "x", "symptoms": "发热、咳嗽", "symptoms_en": ["fever"]}))
    assert parsed.rejected == (RowProblem(1, "row_symptom_order", {"zh": 2, "en": 1}),)


# -- encodings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("kb.csv", TWO, id="csv, Chinese header"),
        pytest.param("kb.csv", TWO.replace("疾病,症状", "disease,symptoms"), id="csv, English header"),
        pytest.param(
            "kb.jsonl",
            lines({"disease": "流感", "symptoms": "发热、咳嗽"}, {"disease": "肺炎", "symptoms": "咳嗽、胸痛"}),
            id="jsonl",
        ),
    ],
)
def test_encodings_that_files_really_come_in(read: Read, name: str, content: str, encoding: str) -> None:
    parsed = read(name, content.encode(encoding))
    assert [(e.disease, e.symptoms) for e in parsed.entries] == [
        ("流感", ("发热", "咳嗽")),
        ("肺炎", ("咳嗽", "胸痛")),
    ]


def test_utf_16_big_endian_with_a_mark(read: Read) -> None:
    assert names(read("kb.csv", b"\xfe\xff" + TWO.encode("utf-16-be"))) == ["流感", "肺炎"]


def test_a_long_text_of_chinese_without_a_mark_is_still_utf_16(read: Read) -> None:
    content = "疾病,症状\n" + "急性上呼吸道感染,发热咳嗽咽痛流涕头痛乏力\n" * 300
    assert read("kb.csv", content.encode("utf-16-le")).entries[0].disease == "急性上呼吸道感染"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf" + "疾病".encode("gbk"), id="UTF-8 mark, other text"),
        pytest.param("疾病,症状\n".encode("utf-16")[:-1], id="UTF-16 cut in a character"),
        pytest.param(bytes(range(256)) * 20, id="no text"),
    ],
)
def test_what_no_encoding_fits_is_refused(read: Read, content: bytes) -> None:
    assert refused(read, "kb.csv", content).code == "file_encoding"


# -- files that cannot be read ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["kb.json", "kb.jsonl", "kb.csv", "kb.xlsx"])
@pytest.mark.parametrize("content", [b"", b" \r\n\t\n"])
def test_an_empty_file(read: Read, name: str, content: bytes) -> None:
    assert refused(read, name, content).code == "file_empty"


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\xff\xfe", "\n \n".encode("utf-16")])
def test_a_file_of_nothing_but_a_mark(read: Read, content: bytes) -> None:
    assert refused(read, "kb.json", content).code == "file_empty"


@pytest.mark.parametrize(
    ("name", "content"),
    [("kb.json", b"[]"), ("kb.csv", b"disease,symptoms\n"), ("kb.csv", b"disease,symptoms\n,\n , \n")],
)
def test_a_file_without_records(read: Read, name: str, content: bytes) -> None:
    assert refused(read, name, content).code == "file_no_rows"


@pytest.mark.parametrize("rows", [[], [["disease", "symptoms"]]])
def test_a_workbook_without_records(read: Read, rows: list[list[str]]) -> None:
    assert refused(read, "kb.xlsx", workbook(rows)).code == "file_no_rows"


@pytest.mark.parametrize(
    "content", ["disease: 流感", '[{"disease": "流感"', '[{"disease": "流感"} {"a": 1}]', "5", '"text"', "[" * 100_000]
)
@pytest.mark.parametrize("name", ["kb.json", "kb.jsonl"])
def test_not_json(read: Read, name: str, content: str) -> None:
    error = refused(read, name, content)
    assert error.code == "file_not_json"
    assert error.params["file"] == name
    assert error.params["reason"]


def test_no_such_file_and_no_such_format(tmp_path: Path) -> None:
    for name, code in (("none.csv", "file_missing"), ("kb.txt", "file_format")):
        (tmp_path / "kb.txt").write_text(TWO)
        with pytest.raises(ZhenluError) as caught:
            read_table(tmp_path / name)
        assert caught.value.code == code
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ZhenluError, match="file_missing"):
        read_table(tmp_path / "folder.csv")


def test_the_size_limit(read: Read) -> None:
    content = (TWO + "#" * (1_000_000 - len(TWO.encode()))).encode()
    assert len(content) == 1_000_000
    assert names(read("kb.csv", content, max_mb=1))[:2] == ["流感", "肺炎"]
    error = refused(read, "kb.csv", content + b"#", max_mb=1)
    assert (error.code, error.params["megabytes"]) == ("file_too_large", 1)


GOOD = workbook([["disease", "symptoms"], ["流感", "发热"]])


def _zip(**members: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(GOOD[: len(GOOD) // 2], id="cut off"),
        pytest.param(GOOD[:200] + bytes(60) + GOOD[260:], id="compressed data overwritten"),
        pytest.param(TWO.encode(), id="a csv by another name"),
        pytest.param(_zip(a="b"), id="a zip of something else"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), id="an old xls, or an encrypted workbook"),
    ],
)
def test_a_broken_xlsx(read: Read, content: bytes) -> None:
    error = refused(read, "kb.xlsx", content)
    assert error.code == "file_not_table"
    assert error.params["reason"]


def test_any_single_wrong_byte_in_a_workbook_is_either_harmless_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "kb.xlsx"
    codes = set()
    for place in range(0, len(GOOD), 61):
        spoilt = bytearray(GOOD)
        spoilt[place] ^= 0xFF
        path.write_bytes(spoilt)
        try:
            read_entries(path)
        except ZhenluError as error:
            codes.add(error.code)
    assert "file_not_table" in codes
    assert codes <= {"file_not_table", "file_no_rows", "mapping_incomplete"}


def test_a_quote_that_is_never_closed_is_refused_instead_of_swallowing_the_rows_after_it(read: Read) -> None:
    error = refused(read, "kb.csv", 'disease,symptoms,description\na,x,"open\nb,y,z\nc,y,z\n')
    assert error.code == "file_not_table"
    assert "(4)" in str(error.params["reason"])  # the line it stopped at


# -- mappings that do not fit -----------------------------------------------------------------------------------


def test_missing_columns_are_named_with_those_there_are(read: Read) -> None:
    error = refused(read, "kb.csv", "甲,乙\n1,2\n")
    assert error.code == "mapping_incomplete"
    assert error.params == {"fields": "disease, symptoms", "columns": "甲, 乙"}
    assert refused(read, "kb.csv", "疾病,乙\n1,2\n").params["fields"] == "symptoms"


def test_a_mapping_to_what_is_not_there(read: Read) -> None:
    error = refused(read, "kb.csv", TWO, {"disease": "病"})
    assert (error.code, error.params) == ("mapping_unknown_column", {"column": "病", "columns": "疾病, 症状"})
    error = refused(read, "kb.csv", TWO, {"illness": "疾病"})
    assert (error.code, error.params["field"]) == ("mapping_unknown_field", "illness")


# -- rows that cannot be entries --------------------------------------------------------------------------------


def test_every_row_is_loaded_or_rejected_with_its_number(read: Read) -> None:
    content = lines({"id": "1", "disease": "流感", "symptoms": "发热"}, {"id": "2", "disease": "", "symptoms": "发热"})
    content += '\n\nnot json\n[1]\n"text"\nnull\n'
    content += lines(
        {"id": "3", "disease": "肺炎", "symptoms": []},
        {"id": "1", "disease": "重复", "symptoms": "x"},
        {"id": "4", "disease": {"zh": "哮喘"}, "symptoms": "喘息"},
        {"id": "5", "disease": "哮喘", "symptoms": {"a": 1}},
        {"id": "6", "disease": "哮喘", "symptoms": "喘息", "red_flags": [{"reason": "没有 flag"}]},
        {"id": "7", "disease": "哮喘", "symptoms": "喘息"},
    )
    parsed = read("kb.jsonl", content)
    assert parsed.rows == 12
    assert [e.id for e in parsed.entries] == ["1", "7"]
    assert problems(parsed) == [
        (2, "row_no_disease"),
        (3, "row_not_object"),
        (4, "row_not_object"),
        (5, "row_not_object"),
        (6, "row_not_object"),
        (7, "row_no_symptoms"),
        (8, "row_duplicate_id"),
        (9, "row_bad_field"),
        (10, "row_bad_field"),
        (11, "row_bad_field"),
    ]


def test_of_a_repeated_id_the_first_is_kept(read: Read) -> None:
    parsed = read("kb.csv", "id,疾病,症状\n7,甲,a\n7,乙,b\n8,丙,c\n7,丁,d\n")
    assert names(parsed) == ["甲", "丙"]
    assert parsed.rejected == (
        RowProblem(2, "row_duplicate_id", {"id": "7", "first": 1}),
        RowProblem(4, "row_duplicate_id", {"id": "7", "first": 1}),
    )


def test_without_ids_the_name_makes_one_and_names_that_differ_in_case_and_width_are_the_same(read: Read) -> None:
    parsed = read("kb.csv", "disease,symptoms\nGout,a\nＧＯＵＴ,b\nMigraine,c\n")
    assert names(parsed) == ["Gout", "Migraine"]
    assert problems(parsed) == [(2, "row_duplicate_id")]
    again = read("kb.json", json.dumps([{"disease": " gout ", "symptoms": "x"}]))
    assert again.entries[0].id == parsed.entries[0].id


@pytest.mark.parametrize("field", ["disease", "symptoms", "description", "id", "symptoms list"])
def test_an_over_long_text_is_rejected_and_the_limit_itself_is_not(read: Read, field: str) -> None:
    def record(size: int) -> dict[str, Any]:
        wrapped: Any = ["x" * size] if field == "symptoms list" else "x" * size
        return {"disease": f"d{size}", "symptoms": "s"} | {field.split(maxsplit=1)[0]: wrapped}

    parsed = read("kb.jsonl", lines(record(MAX_TEXT), record(MAX_TEXT + 1)))
    assert len(parsed.entries) == 1
    assert parsed.rejected == (RowProblem(2, "row_too_long", {"field": field.split(maxsplit=1)[0], "limit": MAX_TEXT}),)


def test_an_enormous_csv_cell_is_a_problem_of_its_row_alone(read: Read) -> None:
    parsed = read("kb.csv", f"disease,symptoms\n流感,发热\n肺炎,{'x' * 200_000}\n哮喘,喘息\n")
    assert names(parsed) == ["流感", "哮喘"]
    assert problems(parsed) == [(2, "row_too_long")]


def test_ragged_csv_rows_are_filled_up_or_rejected(read: Read) -> None:
    content = "疾病,症状,科室\n流感,发热\n肺炎,咳嗽,呼吸科,多余\n哮喘,喘息,呼吸科,,\n胃炎\n"
    parsed = read("kb.csv", content)
    assert [(e.disease, e.department) for e in parsed.entries] == [("流感", ""), ("哮喘", "呼吸科")]
    assert parsed.rejected == (
        RowProblem(2, "row_columns", {"found": 4, "expected": 3}),
        RowProblem(4, "row_no_symptoms"),
    )


def test_quoted_csv_cells_keep_commas_quotes_and_line_ends(read: Read) -> None:
    content = '疾病,症状,描述\n流感,"发热,咳嗽","第一行\n第二行 ""引用"""\n肺炎,咳嗽,\n'
    parsed = read("kb.csv", content)
    assert parsed.entries[0].symptoms == ("发热", "咳嗽")
    assert parsed.entries[0].description == '第一行\n第二行 "引用"'
    assert parsed.rows == 2


# -- what a text may hold ---------------------------------------------------------------------------------------


def test_control_and_direction_characters_and_lone_surrogates_are_taken_out(read: Read) -> None:
    content = '{"disease": "流\\u0000\\u0007感\\u200b", "symptoms": "\\u202e发热\\ud800、咳\\u001b嗽", "description": "\\ufeffx"}'
    (entry,) = read("kb.jsonl", content).entries
    assert (entry.disease, entry.symptoms, entry.description) == ("流感", ("发热", "咳嗽"), "x")
    json.dumps(entry.description, ensure_ascii=False).encode()


def test_a_row_of_nothing_but_control_characters_is_rejected(read: Read) -> None:
    parsed = read(
        "kb.jsonl", lines({"disease": "\x01\x02", "symptoms": "a"}, {"disease": "a", "symptoms": "\x7f、\x00"})
    )
    assert problems(parsed) == [(1, "row_no_disease"), (2, "row_no_symptoms")]


def test_a_stray_zero_byte_does_not_turn_a_csv_into_utf_16(read: Read) -> None:
    (entry,) = read("kb.csv", "疾病,症状\n流\x00感,发热\n").entries
    assert entry.disease == "流感"


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85"])
def test_a_line_separator_inside_a_text_does_not_part_a_record(read: Read, mark: str) -> None:
    content = lines({"disease": "流感", "symptoms": "发热", "description": f"一{mark}二"})
    assert mark in content
    (entry,) = read("kb.jsonl", content).entries
    assert entry.description == f"一{mark}二"


def test_html_is_kept_as_text(read: Read) -> None:
    text = "<script>alert(1)</script> & <b>发热</b>"
    (entry,) = read("kb.json", json.dumps([{"disease": text, "symptoms": text, "description": text}])).entries
    assert (entry.disease, entry.symptoms, entry.description) == (text, (text,), text)


def test_texts_are_composed_and_trimmed(read: Read) -> None:
    (entry,) = read("kb.jsonl", lines({"disease": " Me\u0301nie\u0300re\n", "symptoms": " vertigo .、 耳鸣。"})).entries
    assert (entry.disease, entry.symptoms) == ("Ménière", ("vertigo", "耳鸣"))


# -- whatever comes ---------------------------------------------------------------------------------------------

CELL = st.text(st.sampled_from('ab发热,、;"|\t\n\r\x00\u2028<1/'), max_size=6)


@budget(max_examples=60, deadline=None, database=None)
@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=4), min_size=1, max_size=6), data=st.data())
def test_any_csv_is_refused_or_accounts_for_every_row(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("any") / "kb.csv"
    quote = data.draw(st.booleans())
    cells = [['"' + cell.replace('"', '""') + '"' if quote else cell for cell in row] for row in rows]
    path.write_text("disease,symptoms\n" + "\n".join(map(",".join, cells)), encoding="utf-8", newline="")
    try:
        parsed = read_entries(path)
    except ZhenluError as error:
        assert error.code in ("file_not_table", "file_no_rows", "mapping_incomplete")
        return
    assert parsed.rows == len(parsed.entries) + len(parsed.rejected)
    if quote:
        kept = [row for row in rows if any(cell.replace("\x00", "").strip() for cell in row)]
        assert parsed.rows == len(kept)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), children, max_size=4),
    max_leaves=6,
)


@budget(max_examples=100, deadline=None, database=None)
@given(items=st.lists(JSON | st.fixed_dictionaries({"disease": JSON, "symptoms": JSON}), min_size=1, max_size=5))
def test_any_json_is_refused_or_accounts_for_every_record(
    tmp_path_factory: pytest.TempPathFactory, items: list[Any]
) -> None:
    path = tmp_path_factory.mktemp("any") / "kb.json"
    path.write_text(json.dumps(items), encoding="utf-8")
    try:
        parsed = read_entries(path)
    except ZhenluError as error:
        assert error.code == "mapping_incomplete"
        return
    assert parsed.rows == len(items) == len(parsed.entries) + len(parsed.rejected)
    for entry in parsed.entries:
        assert entry.disease and entry.symptoms
        json.dumps(entry.disease, ensure_ascii=False).encode()
