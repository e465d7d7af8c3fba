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
_LIMIT = 20_000  # one character can fold to eighteen
_LONGEST = 8  # characters of a Chinese term, words of an English one
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
    folded = normalise(text)[:_LIMIT]
    name = folded.strip(" ,.。!?").casefold()
    if name in known:  # of more than one word, and not to be taken apart: hand, foot and mouth disease
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
        self.begin = 0  # where the sentence began
        self.clause = 0  # where the clause began
        self.opened = ""  # the cue of the scope

    def read(self) -> list[Finding]:
        place = 0
        for cue in cues.LEXER.finditer(self.lowered):
            self.words += self.text[place : cue.start()]
            place = cue.end()
            self.take(_kind(cue), cue)
        self.words += self.text[place:]
        self.settle()
        if not self.findings and self.plain():
            self.findings.append(Finding(self.text.strip(" ,.。!?"), said=self.text))
        return self.findings

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
        elif kind.endswith("_after"):
            self.look_back(kind.removesuffix("_after"), cue.start())
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
        self.settle()
        self.opened = cue.group()
        if kind == "past" and self.scope == "historical" and fresh:  # "remote history of"
            return
        if not (self.sticky and kind == "present"):
            self.scope = kind

    def begun(self, place: int) -> bool:
        """The clause tells of an onset, so "3 years ago" does not make it past."""
        return bool(cues.ONSET.search(self.lowered, max(self.clause, place - 60), place))

    def look_back(self, kind: str, place: int) -> None:
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

    def pause(self, kind: str, cue: re.Match[str]) -> None:
        """A comma or a colon."""
        self.skip = ""
        if kind == "colon" and self.heads():
            self.words = ""
        if kind == "colon" and not self.words.strip() and not self.group and self.scope != "present":
            self.sticky = True
        self.settle()
        self.site = ""
        if not self.sticky and not (kind == "comma" and self.goes_on(cue.end())):
            self.scope = "present"
        self.clause = cue.end()

    def heads(self) -> bool:
        """What stands before the colon names a section."""
        words = self.words.strip().translate(_LOWER)
        short = len(words) <= 6 if language_of(words) == "zh" else len(words.split()) <= 2
        return short and not self.group and self.scope == "present" and words not in self.known

    def goes_on(self, place: int) -> bool:
        if self.scope == "past":
            return bool(cues.BARE.match(self.lowered, place))
        if self.scope != "absent":
            return False
        strong = cues.STRONG.search(self.opened) and cues.BARE.match(self.lowered, place)
        return bool(strong or cues.GOES_ON.match(self.lowered, place))

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
        self.site, self.skip, self.scope, self.sticky = "", "", "present", False
        self.begin = self.clause = cue.end()
        self.sentence = self.recent = len(self.findings)

    def item(self) -> None:
        words, self.words = self.words, ""
        if self.skip:
            return
        for core in [words.strip()] if self.site and len(words.strip()) == 1 else _cores(words):
            if cues.SITE.fullmatch(core) and core not in self.known:
                self.site += core
            else:
                self.group += _split(self.site + core, self.known)
                self.site = ""

    def settle(self, kind: str | None = None) -> None:
        """The items so far have this status, unless another is given that of the scope."""
        self.item()
        if self.group:
            self.recent = len(self.findings)
        said = re.split(r"[,。;!?\n]", self.text[self.clause : self.clause + 200], maxsplit=1)[0].strip()
        for place, text in enumerate(self.group):
            # How long and how bad are told of the first thing that the clause names.
            self.add(Finding(text, _status(kind or self.scope, text), said, () if place else _details(said, text)))
        self.group = []

    def add(self, finding: Finding) -> None:
        before = self.findings[-1] if len(self.findings) > self.sentence else None
        how = finding.status is Status.PRESENT and cues.QUALIFIER.fullmatch(finding.text.translate(_LOWER))
        if not before or not how:
            self.findings.append(finding)
        elif before.status is Status.PRESENT:
            comma = "," if language_of(finding.text) == "zh" else ", "
            self.findings[-1] = replace(before, text=before.text + comma + finding.text)


def _details(said: str, finding: str) -> tuple[str, ...]:
    """Durations and severities of a clause that its finding does not carry itself."""
    found = [m.group().strip() for p in (cues.SEVERITY, cues.DURATION) for m in p.finditer(said.translate(_LOWER))]
    return tuple(dict.fromkeys(d for d in found if d and d not in finding.translate(_LOWER)))[:2]


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
    if cues.SITE.fullmatch(text):
        return True
    empty = (cues.PERSON, cues.NOTHING, cues.TREATMENT)
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
