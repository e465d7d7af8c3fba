"""Every page by Streamlit's own test runner, on a tiny model: it draws, in both languages, and explains what is wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import services
from dashboard.domain import Finding, Status
from dashboard.records import read_entries
from dashboard.retrieval import from_findings
from dashboard.services import Services
from dashboard.settings import Settings
from dashboard.ui.text import INTERFACE

ROOT = Path(__file__).parent.parent.parent
PAGES = ("search", "terms", "compare", "knowledge")


@pytest.fixture
def running(m3_folder: Path, own_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Services with a small base in place of the built-in one."""
    file = tmp_path / "base.json"
    file.write_text(
        '[{"disease": "流行性感冒", "disease_en": "Influenza", "symptoms": ["高热", "乏力"], "symptoms_en": ["high fever", "fatigue"]},'
        ' {"disease": "<script>alert(1)</script>", "symptoms": "发热、**咳嗽**"}]',
        encoding="utf-8",
    )
    found = Services(Settings(data=own_data, encoder=str(m3_folder), reranker="none"))
    monkeypatch.setattr(services, "BUILTIN_FILE", file)
    found.store.load(services.BUILTIN, read_entries(file), found.encoder, file=services.builtin_stamp())
    with services.replaced(found):
        yield found


def page(name: str, language: str = "zh") -> AppTest:
    test = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)
    test.run()
    test.session_state["zhenlu"].language = language
    return test.run()


def shown(test: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in test.get("html"))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_draws_in_both_languages(name: str, language: str, running: Services) -> None:
    test = page(name, language)
    assert not test.exception
    title = {"terms": "terms_title", "compare": "compare_title", "knowledge": "knowledge_title"}.get(name)
    if title:
        assert test.title[0].value == INTERFACE[title][language == "en"]
    else:
        assert test.text_area(key="said").label == INTERFACE["describe"][language == "en"]


def test_search_escapes_what_a_base_holds(running: Services) -> None:
    test = page("search")
    test.text_area(key="said").set_value("发热，咳嗽")
    test.button[0].click().run()
    assert not test.exception
    drawn = shown(test)
    assert "&lt;script&gt;" in drawn
    assert "<script>" not in drawn


@pytest.mark.parametrize(("typed", "said"), [("", "还没有输入内容"), ("痛", "内容太少"), ("痛，" * 3000, "超过上限")])
def test_search_explains_what_it_cannot_do_and_keeps_the_text(typed: str, said: str, running: Services) -> None:
    test = page("search")
    test.text_area(key="said").set_value(typed)
    test.button[0].click().run()
    assert not test.exception
    assert said in shown(test)
    assert test.text_area(key="said").value == typed


def test_a_password_guards_the_changes(running: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    guarded = Services(
        running.settings.model_copy(update={"admin_password": Settings(admin_password="高山流水").admin_password})
    )
    monkeypatch.setattr("dashboard.ui.access.time.sleep", lambda seconds: None)
    with services.replaced(guarded):
        test = page("knowledge", "en")
        assert not test.get("file_uploader")
        test.text_input[0].set_value("wrong")
        next(b for b in test.button if b.label == "Enter").click().run()
        assert test.error[0].value == "That is not the password."
        assert not test.get("file_uploader")
        test.text_input[0].set_value("高山流水")
        next(b for b in test.button if b.label == "Enter").click().run()
        assert test.get("file_uploader")


def searched(text: str) -> AppTest:
    test = page("search")
    test.text_area(key="said").set_value(text)
    return test.button[0].click().run()


def test_a_finding_changes_its_status_and_the_search_follows(running: Services) -> None:
    test = searched("高热，乏力")
    mine = test.session_state["zhenlu"]
    assert [f.text for f in mine.query.findings] == ["高热", "乏力"]
    before = mine.result
    mine.query, mine.stale = from_findings(mine.query.text, [Finding("高热", Status.ABSENT)]), True
    test.run()
    assert not test.exception
    assert test.session_state["zhenlu"].result is not before
    assert test.session_state["zhenlu"].result.status == "not_enough"


def test_identifiers_are_gone_from_the_session_before_the_search(running: Services) -> None:
    test = searched("电话13812345678，高热")
    assert "13812345678" not in test.text_area(key="said").value
    mine = test.session_state["zhenlu"]
    assert mine.masked == ("telephone",)
    assert "13812345678" not in str(mine)


def test_history_runs_again_with_its_fields_and_clearing_empties_the_page(running: Services) -> None:
    test = searched("高热")
    test.number_input(key="age").set_value(40)
    test.text_area(key="said").set_value("乏力")
    test.button[0].click().run()
    assert [a.form["said"] for a in test.session_state["zhenlu"].history] == ["乏力", "高热"]
    next(b for b in test.button if b.key == "again_1").click().run()
    assert not test.exception
    assert test.text_area(key="said").value == "高热"
    assert test.number_input(key="age").value is None
    assert test.session_state["zhenlu"].patient.age_years is None
    next(b for b in test.button if b.label == INTERFACE["history_clear"][0]).click().run()
    assert not test.exception
    fresh = test.session_state["zhenlu"]
    assert (fresh.history, fresh.query, fresh.generation) == ([], None, 1)
    assert test.text_area(key="said_1").value == ""


def test_a_base_that_is_gone_is_named(running: Services, tmp_path: Path) -> None:
    test = searched("高热")
    mine = test.session_state["zhenlu"]
    mine.kb, mine.stale = "gone", True
    test.run()
    assert not test.exception
    assert "gone" in shown(test)


def test_an_idle_session_is_cleared_and_somebody_s_return_is_not(running: Services) -> None:
    test = AppTest.from_file(str(ROOT / "dashboard" / "router.py"), default_timeout=60).run()
    mine = test.session_state["zhenlu"]
    mine.touched -= running.settings.idle_minutes * 60 + 1
    mine.query = from_findings("x", [Finding("高热")])
    test.run()
    cleared = test.session_state["zhenlu"]
    assert cleared is not mine
    assert cleared.query is None
    assert cleared.idle_minutes() < 1


def test_entries_of_one_name_are_told_apart(running: Services) -> None:
    from dashboard.domain import Entry
    from dashboard.ui.tools import labels

    entries = [Entry("a", "流感", ("发热",)), Entry("b", "流感", ("咳嗽",)), Entry("c", "肺炎", ("咳嗽",))]
    assert labels(entries) == {"a": "流感 (a)", "b": "流感 (b)", "c": "肺炎"}


def test_too_few_terms_leave_the_rest_of_the_page(running: Services) -> None:
    test = page("terms")
    test.text_area(key="terms").set_value("只有一个").run()
    assert not test.exception
    assert "至少需要两个" in shown(test)


def test_bases_are_chosen_before_the_form_and_bring_their_departments(running: Services, tmp_path: Path) -> None:
    file = tmp_path / "ward.json"
    file.write_text('[{"disease": "蓝指病", "symptoms": ["指尖发蓝"], "department": "血管外科"}]', encoding="utf-8")
    running.store.load("ward", read_entries(file), running.encoder)
    test = page("search")
    assert "血管外科" not in test.selectbox(key="department").options
    next(box for box in test.selectbox if box.label == "知识库").set_value("ward").run()
    assert "血管外科" in test.selectbox(key="department").options


def test_what_was_corrected_stays_corrected_in_the_same_text_and_in_the_history(running: Services) -> None:
    test = searched("高热，乏力，咳嗽")
    mine = test.session_state["zhenlu"]
    mine.query = from_findings(mine.query.text, [Finding("高热"), Finding("乏力", Status.ABSENT)])
    test.number_input(key="age").set_value(40)
    test.button[0].click().run()
    assert not test.exception
    assert [(f.text, f.status.value) for f in mine.query.findings] == [("高热", "present"), ("乏力", "absent")]
    assert mine.history[0].query == mine.query
    assert mine.result.findings == mine.query.findings
    test.text_area(key="said").set_value("高热，乏力")
    test.button[0].click().run()
    assert mine.query.present == ("高热", "乏力")
    next(b for b in test.button if b.key == "again_1").click().run()
    test.number_input(key="age").set_value(41)
    test.button[0].click().run()
    assert (mine.query.absent, mine.patient.age_years) == (("乏力",), 41)


def test_a_value_is_read_anew_for_the_age_and_the_corrections_beside_it_stay(running: Services) -> None:
    test = searched("心率150次/分，乏力")
    mine = test.session_state["zhenlu"]
    fast, tired = mine.query.findings
    assert fast.rule
    mine.query = from_findings(mine.query.text, [fast, Finding(tired.text, Status.ABSENT)])
    test.number_input(key="age").set_value(6)
    test.selectbox(key="unit").set_value("months")
    test.button[0].click().run()
    assert mine.query.absent == ("乏力",)
    assert fast not in mine.query.findings


def test_a_change_of_language_changes_no_choice(running: Services) -> None:
    test = searched("高热")
    test.number_input(key="age").set_value(6)
    test.selectbox(key="unit").set_value("months")
    test.selectbox(key="sex").set_value("female")
    test.button[0].click().run()
    mine = test.session_state["zhenlu"]
    mine.language = "en"
    test.run()
    assert (test.selectbox(key="unit").value, test.selectbox(key="sex").value) == ("months", "female")
    test.button[0].click().run()
    assert (mine.patient.age_years, mine.patient.sex) == (0.5, "female")
