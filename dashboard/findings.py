"""Free text -> findings with their status, in Chinese and English.

Scope rules in the manner of NegEx (Chapman et al. 2001) and ConText (Harkema et al. 2009): a cue opens a scope, the
end of the clause or a turning word closes it, some cues look back, and phrases that only look like a cue are kept out
of it. The rules are the tables of cues.py; the code here only walks them.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from zhconv import convert

from dashboard import cues
from dashboard.domain import Finding, Status, language_of
from dashboard.records import clean

_FOLD = str.maketrans("‘’`´“”", "''''\"\"")
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}  # keeps every place; str.lower does not
_EDGE = re.compile(r"(?<![^\s-])(?=[^\s-])|$")
_ADJECTIVE = re.compile(r"(?:\w+ )*(?:tear|burn|throb|stabb|crush|shoot|squeez|ach)ing\s*")
_MASKED = re.compile(  # what dashboard.privacy has put in the place of an identifier, with its label: no finding
    r"(?:(?:(?:联系)?(?:电话|方式)|手机|姓名|住院号|病历号|身份证号?|出生(?:日期|于)?|生日|家住|住在|[住地]址|我叫)[:是为 ]*"
    r"|\b(?:MRN|DOB|date of birth|born(?: on)?|tel|phone|address|name|lives? at|Mr|Mrs|Ms|Miss|Dr|Prof)\b[.:#]? ?)?"
    r"▮+(?:'s)?(?:出生)?",
    re.IGNORECASE,
)
_LIMIT = 20_000  # one character can fold to eighteen
_LONGEST = 8  # characters of a Chinese term, words of an English one
_REACH = {"zh": 20, "en": 70}  # characters of a name that opens with a cue, or stands behind one
_SCOPES = {"family", "uncertain", "absent", "historical", "past"}


def normalise(text: str) -> str:
    """NFKC, traditional characters as simplified ones, control characters out. For matching, and shown as such."""
    folded = clean(unicodedata.normalize("NFKC", text).translate(_FOLD))
    return convert(folded, "zh-cn") if language_of(folded) == "zh" else folded


def extract(text: str, wordings: Iterable[str] = ()) -> tuple[Finding, ...]:
    """The findings of a text in the order told, repeats dropped.

    ``wordings`` are known symptom terms, folded; runs of them without a mark between (发热咳嗽) are told apart by them.
    """
    known = wordings if isinstance(wordings, Collection) else frozenset(wordings)
    folded = _MASKED.sub(" ", normalise(text))[:_LIMIT]
    name = folded.strip(" ,.。!").rstrip("?").casefold()
    # A name of more than one word is not to be taken apart: hand, foot and mouth disease.
    if name in known and not _denial(name):
        return (Finding(folded.strip(" ,.。!?"), said=folded),)
    found: dict[tuple[str, Status], Finding] = {}
    for finding in _Reader(folded, known).read():
        found.setdefault((finding.text.casefold(), finding.status), finding)
    return tuple(found.values())


class _Reader:
    """Reads from left to right. ``group`` are the items that a cue behind them can still change."""

    def __init__(self, text: str, known: Collection[str]):
        self.text, self.known = text, known
        self.lowered = text.translate(_LOWER)
        self.self_told = bool(cues.SELF.search(self.lowered))
        self.findings: list[Finding] = []
        self.sentence = 0  # findings before this sentence
        self.recent = 0  # findings before the last group
        self.group: list[str] = []
        self.scope = "present"
        self.sticky = False  # "FHx: ..." holds to the end of the sentence
        self.skip = ""  # "comma" or "end": where reading goes on
        self.words = ""  # of the item being read
        self.site = ""  # 腹部 in 腹部无压痛
        self.signed = bool(cues.SIGNED.search(self.lowered))
        self.sign_first = False  # "(-) fever (+) cough"
        self.begin = 0  # where the sentence began
        self.clause = 0  # where the clause began
        self.opened = ""  # the cue of the scope
        self.opened_at = 0  # where it ended
        self.opens = False  # it opens its sentence

    def read(self) -> list[Finding]:
        place = since = 0
        while cue := cues.LEXER.search(self.lowered, since):
            self.words += self.text[place : cue.start()]
            place = cue.end()
            kind = _kind(cue)
            if kind in ("keep", "absent") and (denial := cues.ABSENT.match(self.lowered, cue.start())):
                kind, cue, place = self.denied(kind, cue, denial)
            self.take(kind, cue)
            self.words += self.text[cue.end() : place]
            since = place + (place == cue.start())  # the list cue between 压痛 and 反跳痛 is of no length
        self.words += self.text[place:]
        self.settle()
        if not self.findings and self.plain():
            self.findings.append(Finding(self.text.strip(" ,.。!?"), said=self.text))
        return self.findings

    def denied(self, kind: str, cue: re.Match[str], denial: re.Match[str]) -> tuple[str, re.Match[str], int]:
        """What looks like a denial, as it is to be read, and where reading goes on: a name that opens with it (没有呼吸)
        is a finding, if it reaches further than the name of what is denied."""
        negative = cues.NEGATIVE.search(self.lowered, denial.start(), denial.end()) or denial
        name = max(map(self.name, {denial.start(), negative.start()}))
        if kind == "keep":
            name = max(name, cue.end())
        other = max(map(self.name, {denial.end(), negative.end()}))
        if other > max(name, denial.end()):
            return "absent", denial, other
        return ("keep", cue, name) if name >= cue.end() else (kind, cue, cue.end())

    def name(self, start: int) -> int:
        """Where the longest known wording from here ends that ends where an item can; 0 if there is none."""
        start += self.lowered[start : start + 1] == " "
        reach = start + _REACH[language_of(self.lowered[start : start + 1])]
        ends = [m.start() for m in cues.BORDER.finditer(self.lowered, start + 1, reach)]
        for end in reversed(ends):
            word = self.lowered[start:end]
            if word in self.known and not _denial(word):
                return end
        return 0

    def plain(self) -> bool:
        """The text is one word: a name, even if it looks like something to leave out (甲肝, ALL)."""
        word = self.lowered.strip(" ,.。!?")
        if not word.isalpha() or not 1 < len(word) < 16:
            return False
        if cues.ASKING.search(word) or cues.NORMAL.search(word) or cues.PERSON.fullmatch(word):
            return False
        return all(_kind(cue) == "relative" for cue in cues.LEXER.finditer(word))

    def take(self, kind: str, cue: re.Match[str]) -> None:
        if self.skip and kind not in ("end", self.skip, "question" if self.skip == "comma" else ""):
            self.words = ""
        elif kind == "keep":
            self.words += self.text[cue.start() : cue.end()]
        elif kind in _SCOPES:
            self.open(kind, cue)
        elif kind == "relative":
            first = not self.findings and not self.self_told
            self.open("present" if first else "family", cue)
        elif kind in ("minus", "plus"):
            self.sign(kind, cue)
        elif kind.endswith("_after"):
            ahead = cue.group()[0] == "(" and self.signs(cue)
            kind = kind.removesuffix("_after")
            self.open(kind, cue) if ahead else self.look_back(kind, cue.start())
        elif kind == "no_fever":
            self.settle()
            self.group = [cues.NAMED_FEVER[language_of(cue.group())]]
            self.settle("absent")
        elif kind == "has":
            self.has(cue)
        elif kind in ("told", "double", "turn", "with", "void"):
            self.settle()
            if kind != "void" and not self.sticky and not (kind == "with" and self.scope == "absent"):
                self.scope = "present"
        elif kind == "list":
            self.item()
        elif kind in ("comma", "colon"):
            self.pause(kind, cue)
        elif kind in ("idle", "advice"):
            self.words, self.group, self.skip = "", [], "comma" if kind == "idle" else "end"
        elif kind == "ask":
            self.settle()
            self.skip = "comma"
        else:
            self.stop(kind, cue)

    def open(self, kind: str, cue: re.Match[str]) -> None:
        fresh = not self.words.strip() and not self.group
        subject = self.subject(cue) if kind == "absent" else ""
        self.settle()
        self.site = subject or self.site
        self.opened, self.opened_at = cue.group(), cue.end()
        self.opens = not self.lowered[self.begin : cue.start()].strip(" -*")
        if kind == "past" and self.scope == "historical" and fresh:  # "remote history of"
            return
        if not (self.sticky and kind == "present"):
            self.scope = kind

    def subject(self, cue: re.Match[str]) -> str:
        """What is said not to be so belongs to the denial, if it is no finding itself: 颈静脉 in 颈静脉无怒张."""
        core = _trim(self.words)
        lowered = core.translate(_LOWER)
        other = any(p.fullmatch(lowered) for p in (cues.PERSON, cues.NOTHING, cues.SITE_ZH))
        english = language_of(core) == "en"
        if (
            self.scope != "present"
            or not core
            or other
            or self.site
            or not cues.SUBJECT.fullmatch(lowered)
            or (english and "not" not in cue.group())
        ):
            return ""
        if not english and any(
            lowered[i:j] in self.known for i in range(len(core)) for j in range(i + 2, len(core) + 1)
        ):
            return ""
        self.words = ""
        return f"{core} " if english else core

    def signs(self, cue: re.Match[str]) -> bool:
        """A sign stands before its word here, not behind it: "(-) fever (+) cough"."""
        word = self.lowered[cue.end() : cue.end() + 2].strip()[:1].isalpha()
        if word and not self.words.strip() and not self.group:
            self.sign_first = True
        return word and self.sign_first

    def sign(self, kind: str, cue: re.Match[str]) -> None:
        """A plus or a minus directly before a word; a minus can be a bullet or a dash."""
        if self.signed or "ve" in cue.group():
            self.open("absent" if kind == "minus" else "present", cue)
        elif kind == "plus":
            self.item()
        elif self.lowered[cue.start() - 1 : cue.start()].isspace():
            self.words += " "
            if cue.group()[-1] == " ":
                self.pause("comma", cue)

    def has(self, cue: re.Match[str]) -> None:
        """有 ends a denial where it begins an item (无胸痛、有气促) or follows a name (无胸痛有胸闷)."""
        words = self.words.strip()
        behind_mark = self.lowered[: cue.start()].rstrip()[-1:] in ("、", ",") and not words
        if self.scope == "absent" and (behind_mark or words in self.known):
            self.settle()
            self.scope = "present"
        else:
            self.words += self.text[cue.start() : cue.end()]

    def begun(self, place: int) -> bool:
        """The clause tells of an onset, so "3 years ago" does not make it past."""
        return bool(cues.ONSET.search(self.lowered, max(self.clause, place - 60), place))

    def look_back(self, kind: str, place: int) -> None:
        if kind == "past" and self.lowered[place : place + 1] == "病" and self.of_illness():
            self.words += "病"
        self.item()
        overruled = kind in ("historical", "past", "family") and self.scope in ("absent", "family")
        if overruled or (kind == "historical" and self.begun(place)):
            return
        if self.group:
            self.settle(kind)
        elif self.scope == "present" and not self.site:
            for i in range(max(self.recent, self.sentence), len(self.findings)):
                old = self.findings[i]
                if old.status is Status.PRESENT:
                    self.findings[i] = replace(old, status=_status(kind, old.text))

    def of_illness(self) -> bool:
        """糖尿病史 is of 糖尿病, 高血压病史 of 高血压."""
        words = _trim(self.words).translate(_LOWER)
        return words not in self.known and (f"{words}病" in self.known or bool(cues.OF_ILLNESS.search(words)))

    def pause(self, kind: str, cue: re.Match[str]) -> None:
        """A comma or a colon."""
        self.skip = ""
        if kind == "colon" and self.heads():
            self.words = ""
        if kind == "colon" and not self.words.strip() and not self.group and self.scope != "present":
            self.sticky = True
        self.settle()
        self.site = ""
        if not self.sticky:
            self.scope = self.goes_on(cue) if kind == "comma" else "present"
        self.clause = cue.end()

    def heads(self) -> bool:
        """What stands before the colon names a section."""
        words = self.words.strip().translate(_LOWER)
        short = len(words) <= 6 if language_of(words) == "zh" else len(words.split()) <= 2
        return short and not self.group and self.scope == "present" and words not in self.known

    def goes_on(self, comma: re.Match[str]) -> str:
        """The scope behind a comma."""
        place, text = comma.end(), self.lowered
        if self.scope == "past" and cues.BARE.match(text, place):
            return "past"
        if self.scope != "absent":
            return "present"
        bare = cues.BARE.match(text, place)
        if (cues.STRONG.search(self.opened) and bare) or cues.GOES_ON.match(text, place):
            return "absent"
        if comma.group() != "," or not cues.LISTING.search(self.opened):
            return "present"
        if cues.ENDED.search(text, self.opened_at, comma.start()):
            return "present"
        if cues.ENDED_LIST.match(text, place) or (self.opens and cues.BARE_LIST.match(text, place)):
            self.opened = "negative"  # for the commas to come
            return "absent"
        # "No fever, cough." leaves it open; who says 没有发烧，咳嗽 has a cough.
        unsaid = self.opens and "没" not in self.opened and bare and cues.LAST.match(text, bare.end())
        return "uncertain" if unsaid else "present"

    def stop(self, kind: str, cue: re.Match[str]) -> None:
        """The end of a sentence, or a question mark."""
        self.item()
        asked = kind == "question"
        clause = self.lowered[self.clause : cue.start()]
        if asked and self.scope == "present" and cues.ASKING.search(clause):
            self.group = []
        only = not self.findings and not self.clause and not self.lowered[cue.end() :].strip()  # the query is: 发热?
        doubted = asked and self.scope == "present" and not only and len(clause) < 30
        self.settle("uncertain" if doubted else None)
        if asked and cues.GENERAL.match(self.lowered[self.begin : cue.start()][:200]):
            del self.findings[self.sentence :]
        self.site, self.skip, self.scope, self.sticky, self.sign_first = "", "", "present", False, False
        self.begin = self.clause = cue.end()
        self.sentence = self.recent = len(self.findings)

    def item(self) -> None:
        words, self.words = self.words, ""
        if self.skip:
            return
        for core in [words.strip()] if self.site and len(words.strip()) == 1 else _cores(words):
            if _site(core) and core not in self.known:
                self.site += core
            else:
                self.group += _split(self.site + core, self.known)
                self.site = ""

    def settle(self, kind: str | None = None) -> None:
        """The items so far have this status, unless another is given that of the scope."""
        self.item()
        if self.group:
            self.recent = len(self.findings)
        said = re.split(r"[,。;!?\n]|\.(?=\s|$)", self.text[self.clause : self.clause + 200], maxsplit=1)[0].strip()
        for place, text in enumerate(self.group):
            # How long and how bad are told of the first thing that the clause names.
            status = _status(kind or self.scope, text)
            self.add(Finding(text, status, said, () if place else _details(said, text, status)))
        self.group = []

    def add(self, finding: Finding) -> None:
        before = self.findings[-1] if len(self.findings) > self.sentence else None
        how = finding.status is Status.PRESENT and cues.QUALIFIER.fullmatch(finding.text.translate(_LOWER))
        if not before or not how:
            self.findings.append(finding)
        elif before.status is Status.PRESENT:
            comma = "," if language_of(finding.text) == "zh" else ", "
            self.findings[-1] = replace(before, text=before.text + comma + finding.text)


def _details(said: str, finding: str, status: Status) -> tuple[str, ...]:
    """Durations and severities of a clause that its finding does not carry itself; what is absent is not severe."""
    told, text = cues.BESIDE.sub(" ", said.translate(_LOWER)), finding.translate(_LOWER)
    patterns = (cues.DURATION,) if status is Status.ABSENT else (cues.SEVERITY, cues.DURATION)
    found = [m.group().strip() for p in patterns for m in p.finditer(told)]
    return tuple(dict.fromkeys(d for d in found if d and d not in text))[:2]


def _denial(name: str) -> bool:
    """A name of the lexicon that is the denial of fever."""
    found = cues.ABSENT.search(name)
    return bool(cues.AFEBRILE.fullmatch(name) or (found and cues.NO_FEVER.fullmatch(name, found.end())))


def _site(text: str) -> bool:
    return bool(cues.SITE_ZH.fullmatch(text) or cues.FUNCTION.fullmatch(text))


def _kind(cue: re.Match[str]) -> str:
    return (cue.lastgroup or "")[3:]


def _status(kind: str, text: str) -> Status:
    if kind == "past":
        return Status.HISTORICAL if cues.EVENT.search(text.translate(_LOWER)) else Status.PRESENT
    return Status(kind)


def _cores(words: str) -> Iterator[str]:
    """An item freed of ages, durations and fillers, without what is no finding."""
    gap = "\n" if language_of(words) == "zh" else " "  # in Chinese a duration parts: 恶心一上午了眼前发黑
    kept = list(words)
    for pattern in (cues.AGE, cues.DURATION):
        for cut in pattern.finditer(words.translate(_LOWER)):
            kept[cut.start() : cut.end()] = gap * (cut.end() - cut.start())
    for state in cues.STATE.finditer(words):
        kept[state.end() - 1] += "\n"
    for piece in "".join(kept).split("\n"):
        text = _trim(piece)
        if _tells(text.translate(_LOWER), piece.strip().translate(_LOWER)):
            yield text


def _trim(piece: str) -> str:
    text = " ".join(piece.split())
    head, tail = (cues.HEAD, cues.TAIL) if language_of(text) == "zh" else (cues.EN_HEAD, cues.EN_TAIL)
    for _ in range(2):
        lowered = text.translate(_LOWER)
        start = found.end() if (found := head.match(lowered)) else 0
        end = found.start() if (found := tail.search(lowered, start)) else len(text)
        text = text[start:end].strip(" ,.;:\"'()*+-_~<>[]{}|/\\")
    return text if text.count("(") == text.count(")") else text.replace("(", " ").replace(")", " ").strip()


def _tells(text: str, untrimmed: str) -> bool:
    """The item is a finding, or a site that goes with one."""
    short = language_of(text) == "en" and sum(c.isalnum() for c in text) < 2
    if short or not any(c.isalpha() for c in text):
        return False
    if _site(text):
        return True
    empty = (cues.PERSON, cues.NOTHING, cues.TREATMENT)[: 2 if cues.EXPOSURE.search(text) else 3]
    return not (cues.NORMAL.search(text) or any(p.fullmatch(t) for p in empty for t in (text, untrimmed)))


def _split(core: str, known: Collection[str]) -> list[str]:
    """发热咳嗽咳痰 -> 发热, 咳嗽, 咳痰: cut where one known term ends and the next begins."""
    lowered = core.translate(_LOWER)
    # A term begins and ends at any character in Chinese, at words in English.
    edges = range(len(core) + 1) if language_of(core) == "zh" else [m.start() for m in _EDGE.finditer(lowered)]
    pieces, start, ended, place = [], 0, -1, 0
    while place < len(edges) - 1:
        if end := _term(lowered, edges, place, known):
            between = lowered[ended : edges[place]].strip(" 得") if ended >= 0 else core
            if not between and not _ADJECTIVE.fullmatch(lowered, start, ended):
                pieces.append(core[start:ended].strip())
                start = edges[place]
            place, ended = end, edges[end]
        else:
            place += 1
    return [*pieces, core[start:]]


def _term(text: str, edges: Sequence[int], start: int, known: Collection[str]) -> int:
    """The edge where a known term from this edge ends, 0 if there is none: the longest, unless it is two in one."""
    last = min(start + _LONGEST, len(edges) - 1)
    ends = [e for e in range(start + 1, last + 1) if _between(text, edges, start, e) in known]
    for end in reversed(ends):
        halves = [e for e in ends if e < end and _between(text, edges, e, end) in known]
        return halves[0] if halves else end
    return 0


def _between(text: str, edges: Sequence[int], start: int, end: int) -> str:
    word = text[edges[start] : edges[end]].strip()
    return word if len(word) > (1 if language_of(word) == "zh" else 3) else ""
