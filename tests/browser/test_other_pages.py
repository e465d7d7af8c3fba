"""Terms, Compare and Knowledge, as a person uses them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App, choose, ranked, search, settled, typed

PAIRS = json.loads((Path(__file__).parent.parent / "data" / "acceptance.json").read_text(encoding="utf-8"))[
    "similarity"
]


@pytest.mark.parametrize("pair", PAIRS, ids=[p["texts"][0][:8] for p in PAIRS])
def test_compare_grades_two_texts(pair: dict, ready: App, visit: Callable[..., Page]) -> None:
    page = visit("compare")
    first, second = page.get_by_role("textbox").all()
    first.fill(typed(pair["texts"][0]))
    second.fill(typed(pair["texts"][1]))
    second.press("Control+Enter")
    level = page.locator('[data-testid="level"]')
    expect(level).to_be_visible()
    assert level.get_attribute("data-level") in pair["levels"]
    expect(page.locator('[data-testid="percent"]')).to_contain_text("%")


def test_compare_says_when_a_text_is_missing(ready: App, visit: Callable[..., Page]) -> None:
    page = visit("compare", language="en")
    page.get_by_role("textbox").first.fill(typed("a barking cough since Tuesday"))
    page.get_by_role("button", name="Compare Ctrl+Enter").click()
    expect(page.get_by_role("alert")).to_contain_text("One of the texts is empty")


def test_terms_draw_a_heatmap_pairs_and_groups(ready: App, visit: Callable[..., Page]) -> None:
    page = visit("terms", language="en")
    expect(page.locator(".js-plotly-plot .heatmaplayer")).to_be_visible()
    labels = page.locator(".js-plotly-plot .xtick").all_text_contents()
    assert {"心梗", "myocardial infarction"} <= set(labels)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the matrix as CSV").click()
    table = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(table) == len(labels) + 1
    assert table[0].count(",") == len(labels)


def test_terms_need_two(ready: App, visit: Callable[..., Page]) -> None:
    page = visit("terms")
    box = page.get_by_role("textbox").first
    box.fill(typed("这一行是仅有的术语"))
    box.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("至少需要两个")


def test_a_file_is_mapped_loaded_and_searched(ready: App, visit: Callable[..., Page], tmp_path: Path) -> None:
    file = tmp_path / "ward.csv"
    file.write_text(
        "病名称呼,表现清单\n蓝指病,指尖发蓝、遇冷加重\n<b>粗体病</b>,皮肤发紫、**星号**\n,没有名字的行\n",
        encoding="gb18030",
    )
    page = visit("knowledge")
    page.locator('input[type="file"]').set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text("没有列对应")
    for label, column in (("疾病名称", "病名称呼"), ("症状", "表现清单")):
        page.get_by_role("combobox", name=label, exact=True).click()
        page.get_by_role("option", name=column).click()
    expect(page.get_by_text("3 条记录：2 条可载入，1 条有问题")).to_be_visible()
    page.get_by_role("button", name="开始载入").click()
    expect(page.get_by_text("正在载入 ward.csv")).to_be_visible()
    page.reload()
    expect(page.get_by_text("“ward”已是 v0001：新增 2")).to_be_visible(timeout=120_000)

    page = visit()
    choose(page, "知识库", "ward")
    search(page, "手指尖发蓝，天冷更明显")
    ids = ranked(page)
    assert len(ids) == 2
    expect(page.locator('[data-testid="candidate"]').first).to_contain_text("蓝指病")
    expect(page.get_by_role("heading", name="<b>粗体病</b>")).to_be_visible()


def test_another_file_takes_the_place_of_the_first(ready: App, visit: Callable[..., Page], tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("病名称呼,表现清单\n甲病,发热\n", encoding="utf-8")
    two.write_text("名字,别的\n乙病,咳嗽\n丙病,头痛\n", encoding="utf-8")
    page = visit("knowledge")
    upload = page.locator('input[type="file"]')
    upload.set_input_files(one)
    expect(page.get_by_role("alert")).to_contain_text("病名称呼")
    upload.set_input_files(two)
    expect(page.get_by_role("alert")).to_contain_text("名字")
    for label, column in (("疾病名称", "名字"), ("症状", "别的")):
        choose(page, label, column)
    expect(page.get_by_text("2 条记录：2 条可载入")).to_be_visible()


def test_an_update_can_be_rolled_back(ready: App, visit: Callable[..., Page], tmp_path: Path) -> None:
    file = tmp_path / "clinic.jsonl"
    for number, rows in enumerate((["红耳病"], ["红耳病", "绿舌病"]), start=1):
        lines = [json.dumps({"disease": r, "symptoms": [f"{r}的表现", "发热"]}, ensure_ascii=False) for r in rows]
        file.write_text("\n".join(lines), encoding="utf-8")
        page = visit("knowledge")
        page.locator('input[type="file"]').set_input_files(file)
        expect(page.get_by_text(f"{number} 条记录")).to_be_visible()
        page.get_by_role("button", name="开始载入").click()
        expect(page.get_by_text(f"“clinic”已是 v000{number}")).to_be_visible(timeout=120_000)
        settled(page)
    choose(page, "知识库", "clinic")
    entries = page.get_by_test_id("stMetric").filter(has_text="条目")
    expect(entries).to_contain_text("2")
    page.get_by_role("button", name="切换到此版本").click()
    expect(entries).to_contain_text("1")
    expect(page.get_by_test_id("stMetric").filter(has_text="版本")).to_contain_text("v0001")

    page = visit()
    choose(page, "知识库", "clinic")
    search(page, "发热")
    assert len(ranked(page)) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.json", b"", "是空文件"),
        ("broken.json", b"{not json", "不是有效的 JSON"),
        ("columns.csv", b"a,b\n1,2\n", "没有列对应"),
        ("fake.xlsx", b"PK\x03\x04 nothing", "不能作为表格读取"),
    ],
)
def test_a_bad_file_is_explained_and_what_was_loaded_stays(
    name: str, content: bytes, said: str, ready: App, visit: Callable[..., Page], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    page = visit("knowledge")
    page.locator('input[type="file"]').set_input_files(tmp_path / name)
    expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
