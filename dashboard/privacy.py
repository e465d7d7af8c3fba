"""Identifiers of persons out of free text, before anything else sees it.

A number is taken for an identifier by its shape and its check digit, or by the label before it. What a clinician
measures has neither: a unit, a decimal point, a stroke or a row of like numbers speaks against every rule that has no
label. Names, dates of birth and addresses go only where a label, a title, or the sex or age behind a name says what they
are; what the terminology knows as a clinical word is no name.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

import phonenumbers
from zhconv import convert

from dashboard import lexicon
from dashboard.settings import KNOWLEDGE

MARK = "▮▮▮"


class Kind(StrEnum):
    NATIONAL_ID = "national_id"
    TELEPHONE = "telephone"
    RECORD_NUMBER = "record_number"
    EMAIL = "email"
    NAME = "name"
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"


@dataclass(frozen=True)
class Masked:
    """A text without identifiers; ``kinds`` were in it, in the order of their first appearance."""

    text: str
    kinds: tuple[Kind, ...] = ()


Span = tuple[int, int]
Find = Callable[[str], Iterator[Span]]


def mask(text: str) -> Masked:
    """The text with every identifier replaced by MARK; all else stays as it was written."""
    folded, places = _fold(text)
    found: list[tuple[int, int, Kind]] = []
    # What stands beside an identifier can hold a rule off, so all of them run until none finds more.
    more = -1
    while len(found) > more:
        more = len(found)
        for kind, find in _RULES:
            chars = list(folded)
            for start, end in find(folded):
                if MARK[0] not in chars[start:end]:
                    chars[start:end] = MARK[0] * (end - start)  # as long as what it hides, so that places stay
                    found.append((start, end, kind))
            folded = "".join(chars)
    parts, place = [], 0
    for start, end, _ in sorted(found):
        parts += [text[place : places[start]], MARK]
        place = places[end - 1] + 1
    kinds = tuple(dict.fromkeys(kind for _, _, kind in sorted(found)))
    return Masked("".join([*parts, text[place:]]), kinds)


# -- folding ------------------------------------------------------------------------------------------------------

_WIDTHS = ("<wide>", "<narrow>", "<small>", "<noBreak>", "<font>")


def _fold(text: str) -> tuple[str, list[int]]:
    """Half width, simplified, one kind of dash and of space, nothing invisible; and where each character came from."""
    folded, places = [], []
    for place, char in enumerate(text):
        one = char if char.isascii() and char != "\t" else _fold_one(char)
        folded.append(one)
        places += [place] * len(one)
    return "".join(folded), places


@lru_cache(maxsize=50_000)
def _fold_one(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf":  # zero width, direction marks: they can part the digits of a number
        return ""
    if category == "Zs" or char == "\t":
        return " "
    if category == "Pd" or char == "\u2212":
        return "-"
    if unicodedata.decomposition(char).startswith(_WIDTHS):  # and not <super>: 10⁹ is not 109
        return unicodedata.normalize("NFKC", char)
    simple: str = convert(char, "zh-hans")
    return simple if len(simple) == 1 else char


# -- what stands around a number ----------------------------------------------------------------------------------

_UNITS = (
    "mm|cm|k?pa|m?mol|[mknup]?g|m?s|[mdu]?l|mmhg|cmh2o|m?i?u|bpm|m?eq|copies|cells?|cfu|days?|hours?|hrs?|mins?|minutes?"
    "|weeks?|wks?|months?|years?|yrs?|times|beats|kcal|tablets?"
)
_MEASURED = re.compile(
    rf"[.:^]\d| ?(?:[℃℉°%‰×μµ]|[*x] ?10|/ ?(?!\d{{6}})\w|(?:{_UNITS})(?![a-z])"
    r"|[次岁天周万亿元克斤年]|小时|分钟|分(?!机)|秒|毫[升克米]|厘米|公斤|拷贝|个(?!人)|月龄)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:19|20)\d\d(?:([-/.]?)(?:0?[1-9]|1[0-2])\1|年(?:0?[1-9]|1[0-2])月)(?:0?[1-9]|[12]\d|3[01])(?!\d)"
    r"|\d{1,2}([-/])\d{1,2}\2(?:19|20)?\d\d(?!\d)"
)
_SERIES_BEFORE = re.compile(r"(?<![\d./])\d{3,} \Z")
_SERIES_AFTER = re.compile(r" \d{3,6}(?![\d./:年-]| \d{4} \d{4})")


def _measurement(text: str, start: int, end: int) -> bool:
    """A unit stands behind, or digits that go on before or behind."""
    return bool(_MEASURED.match(text, end)) or text[end : end + 1].isdigit() or _goes_on(text, start)


def _goes_on(text: str, start: int) -> bool:
    return bool(re.search(r"\d[./:]?\Z", text[max(0, start - 2) : start]))


def _series(text: str, start: int, end: int) -> bool:
    """One of a row of numbers (120 130 1400 1350), or made of round ones (150 1200 1500)."""
    groups = text[start:end].split()
    if len(groups) < 2:
        return False
    before, after = text[max(0, start - 12) : start], _SERIES_AFTER.match(text, end)
    return bool(_SERIES_BEFORE.search(before) or after) or all(g.isdigit() and int(g) % 50 == 0 for g in groups[1:])


_GROUP = re.compile(r"([ -]?)(?:\((\d{1,4})\)|(\d+))")


def _number(text: str, at: int, least: int, most: int = 15) -> int:
    """Where a number of so many digits ends whose groups stand apart by a space or a hyphen; ``at`` if none begins.

    A group that is measured in something is not of it, nor is one behind a space once the number can be whole.
    """
    end = at + (text[at : at + 1] == "+")
    digits = last = 0
    while group := _GROUP.match(text, end):
        size = len(group[2] or group[3])
        whole = digits >= least and last >= 7
        if digits and group[1] == " " and (whole or size < 2):
            break
        if digits + size > most or _MEASURED.match(text, group.end()):
            break
        digits, last, end = digits + size, size, group.end()
    return end if digits >= least else at


# -- identity numbers ---------------------------------------------------------------------------------------------

_ID_18 = re.compile(r"(?<!\d)(?<!\d[ .-])[1-9](?:[ -]?\d){16}[ -]?[\dXx](?!\d|[ -]\d)")
_ID_18_WHOLE = re.compile(r"(?<![\d.])[1-9]\d{16}[\dXx](?!\d)")
_ID_15 = re.compile(r"(?<![\d.])[1-9]\d{14}(?![\d.])")
_ID_GROUPS = re.compile(r"\d{6}[ -]\d{8}[ -]\d{3}[\dXx]")
_SSN = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91")


def resident_check(number: str) -> bool:
    """The check character of an 18-digit identity number, ISO 7064 MOD 11-2 (GB 11643-1999)."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17].upper()


def _born(year: str, month: str, day: str) -> bool:
    try:
        return 1900 <= date(int(year), int(month), int(day)).year < 2100
    except ValueError:
        return False


def _identity(text: str) -> Iterator[Span]:
    """Identity numbers of mainland China (GB 11643-1999, and of 15 digits as GB 11643-1989), US social security."""
    for found in _ID_18_WHOLE.finditer(text):
        number = found.group()
        if resident_check(number) or _born(number[6:10], number[10:12], number[12:14]):
            yield found.span()
    for found in _ID_18.finditer(text):
        number = re.sub("[ -]", "", found.group())
        sure = resident_check(number) and _PROVINCES.match(number)
        if number == found.group() or not _born(number[6:10], number[10:12], number[12:14]):
            continue
        if sure or _ID_GROUPS.fullmatch(found.group()):
            yield found.span()
    for found in _ID_15.finditer(text):
        number = found.group()
        born = _born("19" + number[6:8], number[8:10], number[10:12])
        if _PROVINCES.match(number) and born and not _measurement(text, *found.span()):
            yield found.span()
    for found in _SSN.finditer(text):
        if not _measurement(text, *found.span()):
            yield found.span()


# -- telephone numbers --------------------------------------------------------------------------------------------

_EXTENSION = r"(?: ?(?:转|分机|ext\.?|x) ?\d{1,6}(?!\d))?"
_EXTENDED = re.compile(_EXTENSION, re.IGNORECASE)
_MOBILE = re.compile(
    r"(?<![\d.])(?:(?:\+|00)\(?86\)?[ -]?|\(86\)[ -]?|86-?)?"
    r"1[3-9]\d(?:\d{8}| ?\d{4} ?\d{4}|-\d{4}-?\d{4}|-\d{3}-\d{5}|\d\d-\d{3}-\d{3})(?!\d)"
)
_INTERNATIONAL = re.compile(
    r"(?<![\d+])(?:\+|(?<!\d )00)[1-9]\d{0,2}(?:[ .-]?\(\d{1,5}\))?(?:[ .-]?\d{1,12}){1,6}(?!\d)"
)
_NATIONAL = re.compile(r"(?<![\d./:])(?<!\d-)(?:\(0\d{2,4}\)|0\d{2,4})[ -]?\d{3,8}(?:[ -]?\d{3,4})?(?!\d)")
_HOTLINE = re.compile(
    r"(?<![\d./:])(?<!\d-)[48]00(?:-\d{3}-\d{4}|-\d{4}-\d{3}|-\d{7}|[016-9]\d{6}| [016-9]\d{2} \d{4})(?!\d)"
)
_AMERICAN = re.compile(r"(?<![\d./:])(?<!\d-)(?:1[ .-])?(?:\(\d{3}\) ?\d{3}[-. ]\d{4}|\d{3}([-.])\d{3}\1\d{4})(?!\d)")


def _telephone(text: str) -> Iterator[Span]:
    """Numbers whose shape tells. What is no mobile number of China is asked of libphonenumber's plans."""
    for found in _MOBILE.finditer(text):
        number = found.group()
        prefixed = not number.startswith("1")
        if prefixed or not (
            number.endswith("00000") or _measurement(text, *found.span()) or _series(text, *found.span())
        ):
            yield found.span()
    for pattern, known in ((_INTERNATIONAL, _international), (_NATIONAL, _national), (_AMERICAN, _american)):
        for found in pattern.finditer(text):
            end = _whole(found.group(), known) + found.start()
            if end > found.start() and not _measurement(text, found.start(), end):
                yield found.start(), _extended(text, end)
    for found in _HOTLINE.finditer(text):
        if not (found.group().endswith("00000") or _measurement(text, *found.span()) or _series(text, *found.span())):
            yield found.span()


def _whole(number: str, known: Callable[[str], bool]) -> int:
    """How much of the characters is a number: all, or less by some of its last groups (… 123456 120/80); 0 for none."""
    while number and not known(number):
        number = re.sub(r"(?:^|[ .-])[^ .-]*$", "", number)
    return len(number)


def _extended(text: str, end: int) -> int:
    """Where the number ends with its extension."""
    found = _EXTENDED.match(text, end)
    return found.end() if found else end


def _international(number: str) -> bool:
    """+44 7700 900123. Behind +1 and +7 it must be one in use: 尿蛋白+1 120 130 1400 is none."""
    number = re.sub("^00", "+", number)
    parsed = _parsed(number, None)
    if parsed is None:
        return False
    code, written = str(parsed.country_code), re.match(r"\+\d+", number)
    if written and written.group() != number and not written.group()[1:].startswith(code):
        return False  # +4 5891 13184
    likely = len(code) > 1 and "." not in number
    return phonenumbers.is_valid_number(parsed) or (likely and phonenumbers.is_possible_number(parsed))


def _national(number: str) -> bool:
    """A landline of China, or any number of Britain, with the 0 of its area code."""
    return _valid(number, "CN") or _valid(number, "GB")


def _american(number: str) -> bool:
    return _valid(number, "US")


def _valid(number: str, region: str) -> bool:
    parsed = _parsed(number, region)
    return parsed is not None and phonenumbers.is_valid_number(parsed)


def _parsed(number: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None


# -- numbers behind a label ---------------------------------------------------------------------------------------

_TO = r" ?(?:[:#=是为(]|No\.?:?|is )? ?[:#]? ?"  # between a label and its number; a line's end is not
_LIST = rf"(?:{MARK[0]}+ ?(?:[/、]|或|or|and) ?)*"  # 电话：▮▮▮ / 88886666
_TELEPHONE_LABEL = re.compile(
    r"(?:(?:电话|手机|座机|固话|传真|热线)(?:号码|号)?|联[系络](?:方式|号码|电话|人)?"
    r"|(?<![A-Za-z])(?:tele?phone|tel|phone|mobile|mob|cell ?phone|fax|contact|call|ring)(?![A-Za-z])\.?"
    r"(?: (?:no|number|num)(?![A-Za-z])\.?)?(?: (?:us|me|him|her|on|at))*)" + _TO + _LIST,
    re.IGNORECASE,
)
_RECORD_LABEL = re.compile(
    r"(?:(?:住院|门诊|急诊|病[历案例]|就诊|登记|医疗保险|医保|条形?码|标本|样本|检[查验]|影像|病理|申请单)[卡证]?编?(?:号码|号|ID)"
    r"|(?<![A-Za-z])(?:(?:medical record|hospital|patient|case|chart|accession|specimen)s? ?(?:number|num|no|id)(?![A-Za-z])\.?"
    r"|MRN|UHID|accession|medical record)(?![A-Za-z])\.?)" + _TO + "-?",
    re.IGNORECASE,
)
_NHS_LABEL = re.compile(r"(?<![A-Za-z])NHS(?: (?:number|num|no)(?![A-Za-z])\.?)?" + _TO, re.IGNORECASE)
_IDENTITY_LABEL = re.compile(
    r"(?:(?:身份证件?|证件|护照|[通同]行证|居[住留]证|回乡证|台胞证|军官证|驾驶证|社保卡?|社会保障|公民身份)(?:号码|号)?"
    r"|(?<![A-Za-z])(?:passport|HKID|SSN|social security|(?:national |identity |resident )?(?:ID|identity)(?: card)?"
    r"(?= ?(?:no|num|number|card)(?![A-Za-z]))|(?:ID|identity) card|national ID)(?![A-Za-z])(?: ?(?:card|number|num|no)(?![A-Za-z])\.?)*)"
    + _TO,
    re.IGNORECASE,
)
_RECORD = re.compile(r"[A-Za-z]{0,6}[-_]?\d[A-Za-z0-9]*(?:[-_/][A-Za-z0-9]+)*(?![.:]\d)")
_RECORD_GROUPS = re.compile(r"\d{2,4}(?: \d{3,4}){1,3}(?![\d./])")
_RECORD_DIGITS = re.compile(r"\d{1,5}(?![\d/])")
_IDENTITY = re.compile(r"\d/\d{6}/\d|[A-Za-z]{0,3}[ -]?\d{5,18}[Xx]?(?: ?-?\([0-9A-Za-z]\))?(?![.:]?\d)")
_NHS_GROUPS = re.compile(r"(?<![\d.])(?<!\d[ -])[3-9]\d{2}([ -])\d{3}\1\d{4}(?![\d.]|[ -]\d)")


def _labelled(label: re.Pattern[str], value: Callable[[str, int], int]) -> Find:
    def find(text: str) -> Iterator[Span]:
        for found in label.finditer(text):
            end = value(text, found.end())
            if end > found.end():
                yield found.end(), end

    return find


def _telephone_value(text: str, at: int) -> int:
    if _DATE.match(text, at):
        return at
    end = _number(text, at, 7)
    return _extended(text, end) if end > at else at


def _record_value(text: str, at: int) -> int:
    """住院号 ZY-2024-0012, MRN 123 456 789; not the 120/80 or the 38.9 that follows an empty field."""
    dated = _DATE.match(text, at)
    if dated and not dated.group().isdigit():
        return at
    apart = _RECORD_GROUPS.match(text, at)
    if apart and not _measurement(text, at, apart.end()):
        return apart.end()
    found = _RECORD.match(text, at)
    if not found or sum(c.isdigit() for c in found.group()) < 3 or re.fullmatch(r"\d{2,3}/\d{2,3}", found.group()):
        return at
    digits = _RECORD_DIGITS.match(text, at)  # 500mg, 120次, 38.9
    return at if digits and _MEASURED.match(text, digits.end()) else found.end()


def _identity_value(text: str, at: int) -> int:
    found = _IDENTITY.match(text, at)
    end = found.end() if found and not _MEASURED.match(text, found.end()) else at
    return max(end, _number(text, at, 9, 9), _number(text, at, 15, 18))


def _nhs_value(text: str, at: int) -> int:
    return _number(text, at, 10, 10)


def nhs_check(number: str) -> bool:
    """The check digit of an NHS number: weights 10 to 2, modulus 11 (NHS data dictionary, NHS NUMBER)."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:9], range(10, 1, -1), strict=True))
    return (11 - total % 11) % 11 == int(number[9])  # a check digit of ten is never met


def _nhs_grouped(text: str) -> Iterator[Span]:
    for found in _NHS_GROUPS.finditer(text):
        number = re.sub(r"\D", "", found.group())
        if nhs_check(number) and not (_measurement(text, *found.span()) or _series(text, *found.span())):
            yield found.span()


# -- e-mail and names ---------------------------------------------------------------------------------------------

_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])")
_NAME_LABEL = re.compile(
    r"(?:姓 {0,4}名|联[系络]人)(?: ?: ?|[为是叫]| *)"
    r"|(?<![a-z])(?:(?:patient(?:['’]s)?|pt|full|first|last|family|given|middle|maiden) name|surname|forenames?)(?: ?: ?| is | )"
    r"|(?:^|(?<=[.,;|(\n。])) ?name ?: ?",
    re.IGNORECASE | re.MULTILINE,
)
_HAN_RUN = re.compile(
    r"[\u3400-\u9fff] (?![男女])[\u3400-\u9fff](?![\u3400-\u9fff])|[\u3400-\u9fff]+(?:[·•・][\u3400-\u9fff]+)*"
)
# By number of bearers; without a colon behind the label only these begin a name.
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏萧苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊"
    "孟秦邱侯江尹薛闫雷龙史陶贺毛郝顾龚邵万覃武钱戴严莫孔汤温康施牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申耿焦欧左管柴祁房甄翁闵"
)
_COMPOUND = re.compile("欧阳|司[马徒]|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|端木")
_ZH_STOP = re.compile(
    r"男|女|性别|年龄|出生|民族|汉族|职业|婚姻|电话|手机|联系|地址|住址|身份|证件|住院|门诊|病历|病案|就诊|床号|科室|入院|主诉|现病|既往|诊断|患者|病人|患儿"
    r"|因|诉|自述|及|和|与|等|发[热烧]|咳|[头胸腹腰背腿颈牙咽关肚].?[痛疼闷胀晕]|腹泻|恶心|呕|乏力|气[促短喘]|心[悸慌]|血压|体温|呼吸|反复|突[发然]|持续|间断|阵发"
    r"|[左右双上下][侧下上腹肢眼]|全身|皮[疹肤]|水肿|[高低]热"
)
_NOBODY = re.compile(r"不详|不明|未[知填提]|保密|匿名|待查|略|无(?!\w)|如下|同上|已|▮")
_SEX_AGAIN = re.compile(r"[ ,;、/|]*(?:性别)?[ :]*[男女]")
_EN_WORD = re.compile(r"[^\W\d_\u3400-\u9fff](?:[^\W\d_\u3400-\u9fff]|['’.-])*+(?! ?:)")
_EN_GIVEN = re.compile(r", (?=[^\W\d_]+ *(?:$|[\n;,.(]))")
_EN_SEX = re.compile(r"[MF](?= *(?:$|[\d,;/)\n]))")
_EN_TITLE = re.compile(
    r"m(?:r|rs|s|iss)|dr|prof|van|de[rnl]?|la|von|bin|binti|ibn|a[lb]|el|d[aiu]|le|ter|st", re.IGNORECASE
)
_EN_STOP = re.compile(
    r"surname|forenames?|name|age|aged|sex|gender|dob|date|born|male|female|man|woman|boy|girl|mrn|nhs|id|tel|phone|mobile|email|bp|hr"
    r"|rr|temp|presenting|presents|presented|complaint|complains|complaining|cc|hx|history|pmh|diagnosis|dx"
    r"|address|ward|hospital|patient|bed|admitted|admission|referred|unknown|not|none|withheld|anonymous|nil|na"
    r"|with|has|had|is|was|who|and|or|for|of|the|no|case|medical|record|accession|reason|chief|symptoms|signs"
    r"|fever|cough|pain|chest|abdominal|headache|nausea|vomiting|diarrhoea|diarrhea|dyspnoea|dyspnea|shortness"
    r"|rash|fatigue|seizure|syncope|palpitations|dizziness|weakness|haematuria|hematuria|jaundice|oedema|edema"
    r"|smoker|allergies|medication|passport|ssn|room|seen|year|years",
    re.IGNORECASE,
)


def _email(text: str) -> Iterator[Span]:
    return (found.span() for found in _EMAIL.finditer(text))


def _name(text: str) -> Iterator[Span]:
    for found in _NAME_LABEL.finditer(text):
        at, colon = found.end(), ":" in found.group()
        end = _chinese_name(text, at, colon) or _english_name(text, at, colon)
        if end > at:
            yield at, end


def _chinese_name(text: str, at: int, colon: bool) -> int:
    """Where it ends, 0 if none begins. Behind a name without a mark comes what forms put there, or a complaint."""
    run = _HAN_RUN.match(text, at)
    if not run or _NOBODY.match(text, at) or not (colon or run.group()[0] in _SURNAMES):
        return 0
    name = run.group()
    if _ZH_STOP.match(name):  # 姓名：性别：男
        return 0
    parted = max(name.rfind(mark) for mark in " ·•・") + 1  # 阿依古丽·买买提, 张 三
    stop = _ZH_STOP.search(name, max(2, parted + 1))
    if stop and not (stop.group() in "男女" and stop.end() == len(name) and _SEX_AGAIN.match(text, run.end())):
        name = name[: stop.start()]  # 张三男，45岁; but 王亚男，女，45岁
    longest = len(name) if parted or len(name) < 5 else 4 if _COMPOUND.match(name) else 3
    return at + longest if len(name) > 1 else 0


def _english_name(text: str, at: int, colon: bool) -> int:
    """Where John Smith, O'Brien or SMITH, John ends; without capitals two words at most, and only behind a colon."""
    capital = text[at : at + 1].isupper()
    end, place, words = at, at, 0
    while words < (4 if capital else 2) and (capital or colon) and (word := _EN_WORD.match(text, place)):
        said, bare = word.group(), word.group().rstrip(".")
        title = bool(_EN_TITLE.fullmatch(bare))
        if _EN_STOP.fullmatch(bare) or _EN_SEX.match(text, place):
            break
        if capital and not (said[0].isupper() or title):
            break
        words += not title
        if said != bare and len(bare) > 1 and not title:  # a full stop, not that of J.
            return place + len(bare)
        end = word.end()
        given = _EN_GIVEN.match(text, end) if words == 1 and capital else None
        if not given and text[end : end + 1] != " ":
            break
        place = given.end() if given else end + 1
    return end if words else at


# -- names without a label ----------------------------------------------------------------------------------------

_AGE_YEARS = r"(?:年龄|今年|现年)?[ :]*(?:\d{1,3} ?(?:周?岁|[Yy](?![A-Za-z]))|[一二三四五六七八九十两百]{1,4}周?岁)"
_ZH_SEX = r"(?:性别)?[ :]*[男女](?![儿婿友科方生童孩朋厕装士])"
_ZH_APART = r"[ ,、;/|(]{1,3}"
_ZH_PERSON_AGE = re.compile(rf"{_ZH_APART}{_AGE_YEARS}|[ (]?(?:年龄|今年|现年)?\d{{1,3}} ?周?岁")
_ZH_PERSON_SEX = re.compile(rf"(?:{_ZH_APART})?{_ZH_SEX}")
_ZH_SENTENCE_END = re.compile(r" *(?:$|[,;。.!?\n])", re.MULTILINE)
_ZH_CALLED = re.compile(r"我叫|名叫|我的名字[是叫]")
_ZH_PERSON = re.compile(r"(?:^|(?<=[。!?;])) *|(?:患者|病人|患儿|病员|孕妇|产妇)[: ]?(?:姓名)?[: ]?", re.MULTILINE)
# What begins like a name and is none. A given name has none of the second set's characters: they are of the body and
# of what ails it.
_ZH_NO_NAME = re.compile(
    r"严[重峻厉寒冬]|安[静稳全眠定检保]|易.(?!.)|曾[有经是在于因被做患]|康[复健]|高[一二三中龄个低空考原]|孙[女子儿媳]|程序|武[警术]"
    r"|任[何意]|方[便才法形式]|莫名|苏醒|马[上桶术拉尾路]|毛[病巾衣躁]|余[无可均]|于[今昨前次是]|金[黄色属融工]|黄[色绿]|石头|施工|雷[击雨]"
    r"|温[度水泉]|左[右侧边手撇面半]|江湖|万一|田径|范围|管[道理]|周[期围身末岁一二三四五六日天边]|钟头|付[款出费]|胡言|胡[说子]|何[时处人况]"
    r"|戴[眼着口]|谢[绝谢]|许[多久]|焦[虑躁急]|颜[面色]|牛[奶肉]|房[间事室]|岳[父母]|夏[天季]|于.?[年月日岁天晨晚午]|.+[员匠警师]\Z"
)
_ZH_CLINICAL = re.compile(
    r"[\u7590-\u767a]|[头脸颊额颧眼睛眉耳鼻唇嘴牙齿舌喉咽颈项肩背腰腹肚脐胸肋乳臀腿膝脚足趾腕肘臂手指皮肤骨肌腱筋脑脊肺肝胆胰脾肾胃肠膀胱尿便粪屎血液脉汗泪涕唾痰"
    r"咳嗽喘呕吐泻热烧渴饿胀闷酸麻木晕眩昏睡醒哭喊叫吃喝饮食咬抖颤抽搐挛肿块脓痒剧轻重率压低降减无没不有是了的着过胎孕阴性位侧部]"
)
_TITLE = re.compile(
    r"(?<![A-Za-z])(?<!\b[Tt]he )(?<!\b[Mm]y )(?<!\b[Aa] )(?<![Oo]ur )(?<![Hh]er )(?<![Hh]is )(?<!their )"
    r"(?:Mrs?|Ms|Miss|Mx|Dr|Prof)\b(?:\. ?| )"
)
_EN_PATIENT = re.compile(r"(?<![A-Za-z])(?:patient|pt) ?: ?(?=[A-Z])|(?<![A-Za-z])PATIENT ?: ?(?=[A-Z])", re.IGNORECASE)
_EN_START = re.compile(
    r"(?:^|(?<=[.!?;\n])) *(?=[A-Z])|(?:(?<![A-Za-z])(?:I am|I'm|This is|[Pp]atient|[Pp]t) )(?=[A-Z])", re.MULTILINE
)
_EN_CALLED = re.compile(r"(?<![A-Za-z])[Mm]y name(?: is|'s) (?=[A-Z])")
_EN_CAPITAL = re.compile(
    r"(?:[A-Z]\.|[^\W\d_\u3400-\u9fff]+(?:[’'-](?![’'sS]\b)[^\W\d_\u3400-\u9fff]+)*)(?![\w]|['’-](?![sS]\b)\w| ?:)"
)
_EN_AGED = re.compile(
    r" ?(?:,|-|\()? ?(?:(?:aged?|age:) ?\d{1,3}(?!\d)|(?:an? )?\d{1,3}[ -]?(?:y(?![A-Za-z])|yo\b|y/o|yrs?\b|years?\b|[MF](?![A-Za-z]))"
    r"|\d{1,3} ?/ ?[MF]\b|[MF] ?/? ?\d{2}\b|(?:fe)?male\b)",
    re.IGNORECASE,
)
_EN_BEHIND = re.compile(
    r" *(?:$|[\n,;.()\d|]|(?:presents?|presenting|presented|with|has|had|is|was|who|complain(?:s|ed|ing)|DOB|dob|MRN|aged?)\b)",
    re.MULTILINE,
)
_EN_NO_NAME = re.compile(
    r"a|an|the|i|he|she|it|we|they|you|this|that|these|those|my|his|her|their|our|your|its|no|not|and|or|but|if"
    r"|so|as|at|by|for|from|in|of|on|to|with|now|then|since|after|before|when|while|who|whom|which|what|was|is"
    r"|are|were|has|have|had|be|been|do|does|did|will|would|can|could|may|might|should|please|thank|thanks|dear"
    r"|hello|hi|good|morning|afternoon|evening|mum|dad|mom|mother|father|son|daughter|wife|husband|baby|man"
    r"|woman|boy|girl|male|female|child|children|doctor|nurse|surgeon|hospital|clinic|ward|department|emergency"
    r"|patient|denies|reports|states|describes|feels|complains|presents|admits|noted|seen|known|type|stage|grade"
    r"|class|level|group|phase|day|week|month|year|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|january|february|march|april|june|july|august|september|october|november|december|says|said|asked|told"
    r"|gave|wants|called|here|there|also|just|very|both|all|any|some|scan|angiography|venography|imaging|bile"
    r"|spectroscopy|enterography|urography",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Of the product's own material: Chinese wordings, English words written small, the two first words of English
    ones. What is written with a capital (Smith fracture) can be a name elsewhere."""
    zh, en = set[str](), set[str]()
    for concept in lexicon.builtin().concepts:
        zh.update(concept.zh)
        en.update(concept.en)
    for file in ("diseases", "words"):
        for line in (KNOWLEDGE / f"{file}.jsonl").read_text(encoding="utf-8").splitlines():
            raw: dict[str, Any] = json.loads(line)
            zh.update([raw.get("disease", ""), raw.get("zh", ""), *raw.get("aliases", ()), *raw.get("symptoms", ())])
            en.update([raw.get("disease_en", ""), raw.get("description_en", ""), *raw.get("en", ())])
            en.update([*raw.get("aliases_en", ()), *raw.get("symptoms_en", ())])
    words = {word for text in en for word in _LETTERS.findall(text) if word.islower()}
    begun = {" ".join(_LETTERS.findall(_bare(text))[:2]) for text in en}
    return frozenset(w for w in zh if len(w) > 1), frozenset(words), frozenset(begun)


def _bare(text: str) -> str:
    """Small, and without accents: Guillain-Barré is written either way."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


def _person(text: str) -> Iterator[Span]:
    """张三，男，45岁 where a text begins or behind 患者; Mr Smith; Patient: John Smith; John Smith, 45M."""
    for found in _ZH_PERSON.finditer(text):
        if end := _surnamed(text, found.end(), _sexed_or_aged):
            yield found.end(), end
    for found in _ZH_CALLED.finditer(text):
        if end := _surnamed(text, found.end(), _ends_or_tells):
            yield found.end(), end
    for pattern, known, behind in (
        (_TITLE, True, None),
        (_EN_CALLED, True, None),
        (_EN_PATIENT, False, _EN_BEHIND),
        (_EN_START, False, _EN_AGED),
    ):
        for found in pattern.finditer(text):
            if end := _capitalised(text, found.end(), known, behind):
                yield found.end(), end


def _surnamed(text: str, at: int, told: Callable[[str, int, str], bool]) -> int:
    """Where a surname and a given name of one or two characters end, 0 if none begins; ``told``: what must follow."""
    compound = _COMPOUND.match(text, at)
    if not compound and text[at : at + 1] not in _SURNAMES:
        return 0
    given = compound.end() if compound else at + 1
    for end in (given + 2, given + 1):
        name = text[at:end]
        if len(name) == end - at and _HAN_ONLY.fullmatch(name) and told(text, end, name):
            return 0 if _clinical(name, text[given:end]) else end
    return 0


_HAN_ONLY = re.compile(r"[\u3400-\u9fff]+")


def _sexed_or_aged(text: str, end: int, name: str) -> bool:
    if _ZH_PERSON_SEX.match(text, end):
        return True
    return name[-1] not in "男女" and bool(_ZH_PERSON_AGE.match(text, end))  # 张三男45岁: the sex is not of the name


def _ends_or_tells(text: str, end: int, name: str) -> bool:
    return _sexed_or_aged(text, end, name) or bool(_ZH_SENTENCE_END.match(text, end))


def _clinical(name: str, given: str) -> bool:
    """高热, 黄疸, 白带: begins like a name and is none."""
    if _ZH_NO_NAME.match(name) or _ZH_CLINICAL.search(given):
        return True
    return _has_wording(name)


def _has_wording(text: str) -> bool:
    """A Chinese wording of the terminology is in it."""
    wordings = _vocabulary()[0]
    return any(text[i:j] in wordings for i in range(len(text)) for j in range(i + 2, len(text) + 1))


def _capitalised(text: str, at: int, known: bool, behind: re.Pattern[str] | None) -> int:
    """Where a run of capitalised words ends that can be a name, 0 if none begins.

    ``known``: a title stands before it, so that one word will do, and it may be a word of the terminology (Mrs Brown).
    Otherwise two are needed, and ``behind`` them what follows a name.
    """
    _, small, wordings = _vocabulary()
    run: list[tuple[str, int]] = []
    place = at
    while len(run) < 4 and (found := _EN_CAPITAL.match(text, place)):
        word = found.group()
        particle = bool(run) and word.islower() and bool(_EN_TITLE.fullmatch(word))  # J. van der Berg
        clinical = any(part in small for part in _LETTERS.findall(word.casefold()) if len(part) > 2)
        if not particle and (
            not word[0].isupper()
            or _EN_NO_NAME.fullmatch(word)
            or _EN_STOP.fullmatch(word)
            or (clinical and (run or not known))
            or (run and len(word) > 2 and word.isupper() and not run[0][0].isupper())  # Mr Smith COPD
        ):
            break
        run.append((word, found.end()))
        comma = len(run) == 1 and len(word) > 1 and word.isupper() and text[found.end() : found.end() + 2] == ", "
        if not comma and text[found.end() : found.end() + 1] != " ":
            break
        place = found.end() + 1 + comma  # SMITH, John
    while run:
        words = [word for word, _ in run if len(word) > 2 or not word.isupper()]
        last, end = run[-1]
        whole = last[-1] != "." and not last.islower() and bool(words)
        if whole and (known or (len(words) > 1 and behind and behind.match(text, end))):
            named = " ".join(_LETTERS.findall(_bare(" ".join(words)))[:2])
            return end if known or named not in wordings else 0
        run.pop()
    return 0


# -- dates of birth and addresses ---------------------------------------------------------------------------------

_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_BORN_DATE = (
    r"(?:(?:19|20)\d\d ?(?:([-/.]) ?\d{1,2} ?\1 ?\d{1,2}(?!\d)|年 ?\d{1,2} ?月(?: ?\d{1,2} ?[日号])?|\d{4}(?!\d))"
    r"|\d{1,2}([-/.]) ?\d{1,2}\2 ?(?:19|20)\d\d(?!\d)|\d{1,2}([-/])\d{1,2}\3\d\d(?!\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[ -](?:of )?{_MONTH},?[ -](?:19|20)?\d\d(?!\d)|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d\d(?!\d))"
)
_BORN_LABEL = re.compile(
    r"(?:出生(?:日期|年月日?|时间)?|生日|生于)(?: ?[:为是于在] ?| ?)"
    r"|(?<![A-Za-z])(?:DOB|D\.O\.B\.?|date of birth|birth ?(?:date|day)|born)(?: on| is)?(?: ?[:=] ?| |(?=\d))",
    re.IGNORECASE,
)
_BORN = re.compile(_BORN_DATE, re.IGNORECASE)
_BORN_BEFORE = re.compile(rf"(?<!\d){_BORN_DATE}(?= ?(?:出生|生人))", re.IGNORECASE)


def _birth_date(text: str) -> Iterator[Span]:
    for label in _BORN_LABEL.finditer(text):
        if found := _BORN.match(text, label.end()):
            yield found.span()
    yield from (found.span() for found in _BORN_BEFORE.finditer(text))


_ADDRESS_LABEL = re.compile(
    r"(?:(?:家庭|联[系络]|居住|户籍|现|常)?(?:地址|住址)|户籍(?:所在地|地)?)(?: ?[:为是在于] ?| ?)"
    r"|(?:现?家住|现?住在|居住[于在地]|现住(?!院)|常住)(?: ?: ?| ?)"
)
# One step of a Chinese address. 农村, 山区 or 疫区 tell of the patient's surroundings, not of where the door is.
_STEP = re.compile(
    r"[\u3400-\u9fff]{1,7}?(?:省|自治[区州县]|[市区县旗镇乡村州盟]|[屯庄]村?|街道|大街|街|大道|路|巷|胡同|小区|社区|公寓|大厦|广场|花园|家园|[苑寓])"
    r"|[A-Za-z]?\d{1,5}(?:[-#]\d{1,5})*(?:号[楼院]?(?!病)|[栋幢座室户弄巷街村组队段]|单元|楼|层)"
    r"|[A-Za-z]座|[一二三四五六七八九十]{1,2}[段期组队]|(?<=[号栋幢座元楼院弄层])[A-Za-z]?\d{1,5}(?:-\d{1,5}){0,3}(?!\.?\d| ?[℃°岁天周个])"
)
_SURROUNDINGS = re.compile(
    r"(?:农|山|渔|乡)村|[山牧疫郊林矿灾农城市景热湖库]区|地区|城[市镇]|乡镇|本[市地县省区]|外[地省市]|走路|马路|尿路|(?:心前|肾|肝|会阴|病|骶尾)区"
)
_ADDRESS_STOP = re.compile(
    r"[\u7590-\u767a]|[头眼耳鼻喉咽颈肩腰腹胸腿脚肺肝肾胃肠尿便血汗咳嗽喘呕吐泻热烧肿胀闷晕麻痒]|出现|反复|突发|近|伴|因|今[日天]|昨|主诉|患者|就诊|多年|附近|旁边|迷路|的"
)
_EN_ADDRESS_LABEL = re.compile(
    r"(?<![A-Za-z])(?:(?:home |postal |current )?address(?:: ?| is | )|(?:lives?|living|resid(?:es?|ing)) (?:at|in|on) )(?=[A-Z0-9#])",
    re.IGNORECASE,
)
_EN_STREET = re.compile(
    r"(?:(?:Flat|Apt\.?|Apartment|Unit|Suite|Room|No\.?|#) ?#?[A-Za-z]?\d{1,5}[A-Za-z]?,? ?)?\d{1,6}[A-Za-z]?(?:-\d{1,5})?,? "
    r"(?:(?:[A-Z][A-Za-z'’.-]*|\d{1,3}(?:st|nd|rd|th)) ){1,4}?"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Close|Court|Ct|Way|Place|Pl|Boulevard|Blvd|Terrace|Crescent|Square|Sq|Gardens?|Grove|Hill|Park|Row|Mews"
    r"|Highway|Parkway)\b\.?(?:,? (?:Apt\.?|Flat|Unit|Suite|#) ?#?\w{1,6})?"
)
_EN_TOWN = re.compile(
    r",? [A-Z]{2},? \d{5}(?:-\d{4})?\b|,? [A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|, ((?:[A-Z][a-z]+)(?: [A-Z][a-z]+)?)(?= *(?:$|[,.;\n]| [A-Z]{1,2}\d))",
    re.MULTILINE,
)


def _address(text: str) -> Iterator[Span]:
    for label in _ADDRESS_LABEL.finditer(text):
        if end := _steps(text, label.end()):
            yield label.end(), end
    for label in _EN_ADDRESS_LABEL.finditer(text):
        if street := _EN_STREET.match(text, label.end()):
            yield label.end(), _town(text, street.end())


def _steps(text: str, at: int) -> int:
    """Where 北京市朝阳区建国路88号 ends; 0 when there is but one step: 住在6楼, 地址：外地."""
    end, count = at, 0
    while count < 12:
        step = _STEP.match(text, end + (text[end : end + 1] in (" ", "-")) * bool(count))
        if not step or _ADDRESS_STOP.search(step.group()):
            break
        around = _SURROUNDINGS.fullmatch if count else _SURROUNDINGS.search  # 深圳市南山区 is a name, 南方山区 none
        if around(step.group()):
            break
        end, count = step.end(), count + 1
    return end if count > 1 else 0


def _town(text: str, end: int) -> int:
    """Where an English address ends with its town and its postcode."""
    small = _vocabulary()[1]
    for _ in range(4):
        found = _EN_TOWN.match(text, end)
        words = (found[1] or "").lower().split() if found else []
        if not found or any(w in small or _EN_NO_NAME.fullmatch(w) or _EN_STOP.fullmatch(w) for w in words):
            break
        end = found.end()
    return end


_RULES: tuple[tuple[Kind, Find], ...] = (
    (Kind.EMAIL, _email),
    (Kind.NATIONAL_ID, _identity),
    (Kind.RECORD_NUMBER, _labelled(_NHS_LABEL, _nhs_value)),
    (Kind.RECORD_NUMBER, _labelled(_RECORD_LABEL, _record_value)),
    (Kind.NATIONAL_ID, _labelled(_IDENTITY_LABEL, _identity_value)),
    (Kind.TELEPHONE, _telephone),
    (Kind.TELEPHONE, _labelled(_TELEPHONE_LABEL, _telephone_value)),
    (Kind.RECORD_NUMBER, _nhs_grouped),
    (Kind.NAME, _name),
    (Kind.NAME, _person),
    (Kind.BIRTH_DATE, _birth_date),
    (Kind.ADDRESS, _address),
)
