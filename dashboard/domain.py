"""The things the dashboard talks about. Frozen data, no behaviour that needs another module."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

Language = Literal["zh", "en"]
Band = Literal["strong", "possible", "weak", "none"]
Outcome = Literal["ok", "no_good_match", "not_enough"]
BANDS: tuple[Band, ...] = ("strong", "possible", "weak", "none")
LEVELS = ("very_similar", "related", "unrelated")

_HAN = re.compile(r"[\u3400-\u9fff]")
_LEFT = re.compile(r"左|(?<![a-z])left(?![a-z])", re.IGNORECASE)
_RIGHT = re.compile(r"右|(?<![a-z])right(?![a-z])", re.IGNORECASE)


def language_of(text: str) -> Language:
    """zh when the text has Chinese characters, else en."""
    return "zh" if _HAN.search(text) else "en"


def side_of(text: str) -> int:
    """-1 of the left side, 1 of the right, 0 of neither or of both."""
    return bool(_RIGHT.search(text)) - bool(_LEFT.search(text))


class ZhenluError(Exception):
    """A failure a person can act on. ``code`` names its texts in the catalogue, ``params`` fills them."""

    def __init__(self, code: str, **params: object):
        super().__init__(f"{code} {params}" if params else code)
        self.code = code
        self.params = params


@dataclass(frozen=True)
class RedFlag:
    flag: str
    flag_en: str = ""
    reason: str = ""
    reason_en: str = ""

    def texts_in(self, language: Language) -> tuple[str, str]:
        """Flag and reason in a language, each in the other where it has no text in this one."""
        flag, reason = (self.flag_en, self.reason_en) if language == "en" else (self.flag, self.reason)
        return flag or self.flag or self.flag_en, reason or self.reason or self.reason_en


@dataclass(frozen=True)
class Entry:
    """One disease of a knowledge base; `disease` and `symptoms` may be in either language."""

    id: str
    disease: str
    symptoms: tuple[str, ...]
    disease_en: str = ""
    aliases: tuple[str, ...] = ()
    aliases_en: tuple[str, ...] = ()
    symptoms_en: tuple[str, ...] = ()
    description: str = ""
    description_en: str = ""
    department: str = ""
    department_en: str = ""
    icd10: str = ""
    urgent: bool = False
    red_flags: tuple[RedFlag, ...] = ()
    sex: str = "any"
    pregnancy: str = "any"
    ages: tuple[str, ...] = ()
    source: str = ""

    def passages(self) -> dict[Language, str]:
        """The whole entry as one text for each language it is written in, most telling parts first."""
        texts: dict[Language, str] = {}
        language = language_of(self.disease + "".join(self.symptoms))
        texts[language] = _whole(language, self.disease, self.symptoms, self.description)
        if self.symptoms_en:
            texts["en"] = _whole("en", self.disease_en or self.disease, self.symptoms_en, self.description_en)
        return texts

    def briefs(self) -> dict[Language, str]:
        """Name and symptoms alone, in each language in which there is a description besides."""
        whole, bare = self.passages(), replace(self, description="", description_en="").passages()
        return {language: text for language, text in bare.items() if text != whole[language]}

    def phrases(self) -> dict[Language, tuple[str, ...]]:
        """The symptoms by language."""
        language = language_of(self.disease + "".join(self.symptoms))
        return {language: self.symptoms} | ({"en": self.symptoms_en} if self.symptoms_en else {})

    def symptoms_in(self, language: Language) -> tuple[str, ...]:
        """The symptoms in a language, or in the one that the entry has."""
        groups = self.phrases()
        return groups.get(language) or next(iter(groups.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """All that the disease is called, each name once."""
        return tuple(dict.fromkeys(filter(None, (self.disease, self.disease_en, *self.aliases, *self.aliases_en))))

    def name_in(self, language: Language) -> str:
        return (self.disease_en if language == "en" else "") or self.disease

    def department_in(self, language: Language) -> str:
        return (self.department_en if language == "en" else "") or self.department


def _whole(language: Language, name: str, symptoms: Sequence[str], description: str) -> str:
    comma, stop = ("、", "。") if language == "zh" else (", ", ". ")
    return f"{name}{stop}{comma.join(symptoms)}{stop}{description}".strip()


class Status(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    HISTORICAL = "historical"
    FAMILY = "family"


@dataclass(frozen=True)
class Finding:
    """One symptom, sign or fact of a query: what is matched, and what the query said."""

    text: str
    status: Status = Status.PRESENT
    said: str = ""
    details: tuple[str, ...] = ()  # how long, how bad, as the query has it
    rule: str = ""  # of a measured value: why it is this finding


@dataclass(frozen=True)
class Patient:
    """What is known of the patient beside the text; all of it optional."""

    age_years: float | None = None
    sex: Literal["female", "male"] | None = None
    pregnant: bool | None = None
    department: str = ""


@dataclass(frozen=True)
class Evidence:
    finding: str
    symptom: str
    similarity: float


@dataclass(frozen=True)
class Scores:
    """What each stage gave an entry, each on its own scale; None when the stage did not run."""

    dense: float | None = None
    sparse: float | None = None
    multi_vector: float | None = None
    findings: float | None = None
    fused: float | None = None
    rerank: float | None = None


@dataclass(frozen=True)
class Counterpart:
    """The built-in base's entry of the same or a like name: what it explains that the candidate's own entry does not, its fused
    score, and by how much that of the candidate rose for it."""

    entry: Entry
    evidence: tuple[Evidence, ...]
    score: float
    lift: float


@dataclass(frozen=True)
class Candidate:
    entry: Entry
    rank: int
    score: float
    band: Band
    scores: Scores
    evidence: tuple[Evidence, ...] = ()
    unexplained: tuple[str, ...] = ()
    against: tuple[Evidence, ...] = ()
    ask: tuple[str, ...] = ()
    misfits: tuple[str, ...] = ()
    counterpart: Counterpart | None = None
    moved: int = 0  # places gained since the first list


@dataclass(frozen=True)
class CantMiss:
    entry: Entry
    red_flag: RedFlag | None
    evidence: tuple[Evidence, ...]
    misfits: tuple[str, ...] = ()  # why it does not fit the patient, which takes nothing off this list
    lent: bool = False  # it is the built-in base's entry of the same name that is marked as urgent


@dataclass(frozen=True)
class Wanted:
    """What would help most when a text holds too little: duration, age, site, or whether there is a symptom."""

    kind: Literal["duration", "age", "site", "asked"]
    symptom: str = ""


@dataclass(frozen=True)
class SearchResult:
    query: str
    kb: str
    version: str
    encoder: str
    reranker: str | None
    status: Outcome
    findings: tuple[Finding, ...]
    candidates: tuple[Candidate, ...]
    cant_miss: tuple[CantMiss, ...] = ()
    wanted: tuple[Wanted, ...] = ()
    notices: tuple[str, ...] = ()
    timings_ms: Mapping[str, float | None] = field(default_factory=dict)
    reranked: int = 0
    to_rerank: int = 0


@dataclass(frozen=True)
class RowProblem:
    """Why a record was not loaded; ``row`` counts records from 1."""

    row: int
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LoadReport:
    kb: str
    version: str
    encoder: str
    rows: int
    added: int
    changed: int
    unchanged: int
    removed: int
    rejected: tuple[RowProblem, ...]
    seconds: float
