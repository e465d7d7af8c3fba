"""Free text -> findings with their status, in Chinese and English.

Scope rules in the manner of NegEx (Chapman et al. 2001) and ConText (Harkema et al. 2009): a cue opens a scope, the
end of the clause or a turning word closes it, and phrases that only look like a cue are shielded first. The rules are
the tables below; the code only walks them.
"""

import re
import unicodedata
from collections.abc import Iterable

from zhconv import convert

from dashboard.domain import Finding, Status, language_of
from dashboard.records import clean

# Words with a negative in them that state a finding, or negate nothing.
SHIELDED = re.compile(
    r"无(?:明显)?(?:诱因|原因)|无力|无痛|无尿|无汗|无法|无精打采|无缘无故|无意|无休止|无月经|无神"
    r"|不能|不适|不舒服|不清|不稳|不畅|不止|不退|不好|不佳|不振|不安|不明|不齐|不足|不全|不良|不孕|不育|不正常|不规则|不规律"
    r"|不消化|不自主|不着|不下|不出|不了|不起|不到|不对|不愿|不敢|不想|不会|不肯|不爱|不愈|不尽|不净|不通|不灵|不醒|不语|不久"
    r"|不同|不慎|不断|不停|不得不|不长|不吃|不喝|不睡|不动|不匀|不均|不耐|不可|不见好|没(?:有)?(?:精神|力气|胃口|食欲|劲|好转|缓解|效果)"
    r"|\bno (?:appetite|energy|better|relief|improvement|longer|idea|strength)\b"
    r"|\bnot (?:getting better|improving|able|sleeping|eating|feeling well|feeling good|relieved|only)\b"
    r"|\bwithout (?:relief|improvement|any reason|reason|warning|apparent cause|obvious cause)\b|\bnot certain\b"
)
# What follows is absent, as far as the scope goes.
NEGATION_ZH = re.compile(
    r"否认(?:有)?|未见(?:明显)?|未(?:诉|述|及|闻及|触及|发现|出现|伴)|不伴(?:有)?|没有|没(?=发|咳|痛|疼|吐|拉|恶|头|胸|流|肿|出|见|什么|伴|腹|呕)"
    r"|无(?!关)|(?<!是)不(?=发烧|发热|咳|痛|疼|吐|痒|肿|喘|流|拉|恶心|头痛|头疼|头晕|胸|怕冷|红|觉得|感觉|伴|出血)|并无|从无"
)
NEGATION_EN = re.compile(
    r"\b(?:no|not|without|denies|denied|denying|never had|has no|have no|had no|doesn'?t have|don'?t have|didn'?t have"
    r"|negative for|absence of|free of|nor|no signs? of|no evidence of|no history of|deny)\b"
)
# A finding, then the word that takes it away: 发热(-), fever: no, cough absent.
POST_NEGATION = re.compile(
    r"(?:[(（]\s*[-－—]\s*[)）]|阴性|[:：]\s*(?:无|否|no|none)|\b(?:absent|not present|ruled out)\b)"
)
POSITIVE_EN = re.compile(
    r"\b(?:has|have|had|with|presents?|presenting|but|complain\w*|reports?|reported|endorses?|positive)\b"
)
TURN = re.compile(
    r"但(?:是)?|不过|然而|却|只是|\bbut\b|\bhowever\b|\bexcept(?: for)?\b|\balthough\b|\bthough\b|\byet\b"
)

FAMILY = re.compile(
    r"家族史|家族中|(?:父亲|母亲|父母|爸爸|妈妈|爷爷|奶奶|外公|外婆|祖父|祖母|兄弟|姐妹|哥哥|姐姐|弟弟|妹妹)(?:均|都|曾)?(?:有|患|得过|死于|因|也有)"
    r"|\bfamily history\b|\b(?:father|mother|brother|sister|parents?|grand(?:father|mother)|uncle|aunt)"
    r"(?:'s)? (?:has|have|had|with|died|was diagnosed|also has|suffers)\b|\bruns in (?:the|my|his|her) family\b"
)
HISTORICAL = re.compile(
    r"曾经|曾(?:患|有|行|因|于)|(?:以前|过去|小时候|年轻时)(?:得过|有过|患过|做过|曾)|得过|患过|做过|已(?:治)?愈|切除术后|术后"
    r"|\bpreviously had\b|\bused to have\b|\byears? ago\b|\bas a child\b|\bin childhood\b|\bhad .{0,30}\b(?:removed|surgery)\b|\bstatus post\b|\bs/p\b"
)

SENTENCE = re.compile(r"[。！？!?;；\n\r]+|\.(?=\s|$)")
COMMA = re.compile(r"[，,](?!\d)|:(?=\s)|：")
LIST_ZH = re.compile(r"、|(?:以及|并且|而且|同时|合并|伴有|伴随|伴(?!侣)|和(?!缓)|及(?!时)|或(?:者)?|还有|又有|加上)")
LIST_EN = re.compile(
    r"\b(?:and|or|nor|as well as|along with|together with|associated with|accompanied by|(?<!worse )(?<!worsens )(?<!better )(?<!improves )with(?! food| meals| exercise| movement))\b|/(?=[a-z])",
    re.IGNORECASE,
)

AMOUNT = r"(?:[\d.]+|[一二两三四五六七八九十半几数多]+)"
DURATION = re.compile(
    rf"(?:已|约|近|最近|大概|大约|快|有|持续|反复|间断)*{AMOUNT}\s*(?:个)?(?:多|余|来)?(?:个)?(?:小时|分钟|星期|礼拜|天|日|周|月|年|晚|夜)(?:多|余|来|左右|以上)*(?:前|了|内|来)*"
    r"|\b(?:for|since|over|during|in)?\s*(?:the )?(?:last|past|about|around|nearly|almost)?\s*(?:a|an|one|two|three|four|five|six|seven|eight|ten|several|few|couple of|a few|\d+)"
    r"[\s-]*(?:more )?(?:minutes?|mins?|hours?|hrs?|hr|days?|nights?|weeks?|wks?|months?|years?|yrs?)\b(?: ago| now)?",
    re.IGNORECASE,
)
FILLER_ZH = re.compile(
    r"^(?:无(?:明显)?(?:诱因|原因)|我家|我们|我的|我|他|她|患者|病人|孩子|小孩|宝宝|女儿|儿子|老人家?|本人|自己|主诉|诉|自诉|自觉|查体|检查|体检|患儿|近期|最近|近来|近日|这几天|这两天|这段时间|昨天|今天|昨晚|今早"
    r"|目前|现在|一直|总是|总|经常|常常|常|老是|老|偶尔|有时候?|时常|突然|忽然|开始|逐渐|就是|就|还|也|又|都|已经|已|而且|并且|并|且|然后|后来|感觉|感到|觉得|出现|发现|表现为|伴随|伴有|伴"
    r"|可见|可闻及|示|提示|因为|由于|因|是|有(?!时)|了|的|得|地|着|以|为|于|在|从|到|[:：\s])+"
)
TAIL_ZH = re.compile(r"(?:了|的|着|呢|啊|吧|呀|吗|[\s:：])+$")
FILLER_EN = re.compile(
    r"^(?:(?:i|he|she|they|we|it|the|a|an|my|his|her|our|this|there|patient|pt|child|son|daughter|baby|kid|old|man|woman|boy|girl|that|which|who"
    r"|is|are|am|was|were|be|been|being|have|has|had|having|i'm|i've|he's|she's|it's|get|gets|getting|got|feel|feels|feeling|felt|experiencing|experience|experienced|suffering|suffer|from"
    r"|presents?|presenting|presented|complains?|complaining|complained|reports?|reported|noticed|notices|noticing|notice|developed|develops|developing|c/o|of|with|also|and|or|so|then|just|now|lately|recently|currently|really|very|some|any|to"
    r"|additionally|moreover|furthermore|sometimes|often|always|started|begun|began)\b[\s,:]*)+",
    re.IGNORECASE,
)
# Clauses that ask or introduce instead of telling.
IDLE = re.compile(
    r"怎么(?:办|回事|治|了)|请问|什么病|为什么|是不是|应(?:首先)?考虑|最可能|诊断(?:是|为)|首选|该(?:吃|用|怎么)|谢谢|医生|您好|你好|麻烦|能不能|可以吗|吃什么药"
    r"|\bwhat (?:could|should|is|can|do|might)\b|\bmost likely\b|\bplease\b|\bthank|\bhelp me\b|\bcan you\b|\bwhich of the following\b|\bdiagnosis\b|\bnext step\b|\bhello\b"
)
DEMOGRAPHIC = re.compile(
    r"^(?:(?:男|女)(?:性|孩|童|士)?|老年|青年|中年|成人|已婚|未婚|汉族|\d+\s*(?:岁|月龄)(?:半)?|[\s,，])+$"
    r"|^(?:\d+[\s-]*(?:year|yr|month|week|day)s?[\s-]*old|(?:fe)?male|man|woman|boy|girl|infant|[mf]|\d+\s*(?:yo|y/o))+\s*(?:old)?\s*(?:man|woman|boy|girl|male|female|infant|patient)?$"
)
MARK = "\ue000"  # private use: keeps what is shielded out of the cues' sight


def normalise(text: str) -> str:
    """NFKC, traditional characters as simplified ones, control characters out. For matching, and shown as such."""
    folded = clean(unicodedata.normalize("NFKC", text))
    return convert(folded, "zh-cn") if language_of(folded) == "zh" else folded


def extract(text: str, wordings: Iterable[str] = ()) -> tuple[Finding, ...]:
    """The findings of a text in the order told, repeats dropped.

    ``wordings`` are known symptom terms, folded; runs of them without a mark between (发热咳嗽) are told apart by them.
    """
    known = _Known(wordings)
    found: dict[tuple[str, Status], Finding] = {}
    for sentence in SENTENCE.split(normalise(text)):
        for finding in _sentence(sentence, known):
            found.setdefault((finding.text.casefold(), finding.status), finding)
    return tuple(found.values())


def _sentence(sentence: str, known: "_Known") -> Iterable[Finding]:
    carried = False  # "denies fever, chills" goes on over the comma
    clauses = [c for part in COMMA.split(sentence) for c in _turns(part)]
    for number, clause in enumerate(clauses):
        if not clause.strip() or IDLE.search(clause.lower()):
            carried = False
            continue
        lowered = clause.lower()
        shielded = SHIELDED.sub(lambda m: MARK * len(m.group()), lowered)
        cue = NEGATION_ZH.search(shielded) or NEGATION_EN.search(shielded)
        english = language_of(clause) == "en"
        if carried and (POSITIVE_EN.search(lowered) if english else True) and not cue:
            carried = False
        scope = cue.start() if cue else (0 if carried else len(clause))
        status = _whole_clause_status(lowered)
        if POST_NEGATION.search(lowered):
            scope = 0
        pieces = [(clause[:scope], False), (clause[cue.end() if cue else scope :], True)]
        for piece, negated in pieces:
            for item in _items(POST_NEGATION.sub(" ", piece), known):
                yield Finding(item, status or (Status.ABSENT if negated else Status.PRESENT), clause.strip())
        if cue and english:
            carried = "den" in cue.group() or any(" or " in f" {c.lower()} " for c in clauses[number + 1 : number + 6])


def _turns(part: str) -> list[str]:
    """但没有 closes the scope before it and may open one of its own."""
    return TURN.split(part)


def _whole_clause_status(clause: str) -> Status | None:
    if FAMILY.search(clause):
        return Status.FAMILY
    if HISTORICAL.search(clause):
        return Status.HISTORICAL
    return None


def _items(piece: str, known: "_Known") -> Iterable[str]:
    """The list items of a clause, freed of fillers and durations, each split where known terms stand side by side."""
    pattern = LIST_ZH if language_of(piece) == "zh" else LIST_EN
    for item in pattern.split(piece):
        core = _core(item)
        if core and not DEMOGRAPHIC.match(core.lower()):
            yield from known.split(core)


def _core(item: str) -> str:
    text = DURATION.sub(" ", item).strip()
    if language_of(text) == "zh":
        text = TAIL_ZH.sub("", FILLER_ZH.sub("", text.strip(" ,.()（）\"'“”+")))
        text = re.sub(r"\s+(?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])\s+", "", text)
    else:
        text = FILLER_EN.sub("", " ".join(text.split()).strip(" ,.()\"'-+")).strip(" ,.-")
    letters = re.sub(r"[\W\d_]", "", text)
    return text if len(letters) >= (1 if language_of(text) == "zh" else 2) else ""


class _Known:
    """Splits a run of known terms: 发热咳嗽咳痰 -> 发热, 咳嗽, 咳痰."""

    def __init__(self, wordings: Iterable[str]):
        words = {w for w in wordings if 2 <= len(w) <= 8 and language_of(w) == "zh"}
        self._pattern = (
            re.compile("|".join(map(re.escape, sorted(words, key=lambda w: (-len(w), w))))) if words else None
        )

    def split(self, core: str) -> list[str]:
        if self._pattern is None or language_of(core) == "en":
            return [core]
        matches = list(self._pattern.finditer(core))
        if len(matches) < 2:
            return [core]
        left = self._pattern.sub("", core)
        # Only what is nothing but terms is cut: in 胸痛放射至左肩 the rest says where.
        return [m.group() for m in matches] if not left.strip(" 伴和及并还有") else [core]
