"""Measured values in free text -> findings, with the rule that made each of them one.

A value is a name (体温, HR), what may stand between, a number, a unit; a few units do without a name (38.9℃). A number
without a unit is read in every unit in which it is plausible, and gives a finding only where all of them agree. What
is no measured value of the patient (a dose, a limit, a target, another fluid than blood) gives nothing. Whether a
finding is past, denied or a relative's is not decided here but by findings.py.

The quantities and their limits stand in quantities.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from unicodedata import normalize

from zhconv import convert

from dashboard.domain import Language, language_of
from dashboard.quantities import FEVER, MMHG, NEONATE, QUANTITIES, Limit, Quantity, Unit


@dataclass(frozen=True)
class Measure:
    """A value as written: ``text`` is query[start:end], ``values`` are in ``unit``, which is "" when not written.

    Two values are a range, or a blood pressure: systolic first; four are a range of both. ``bound`` is ">" or "<" for
    "over 39" and "not above 38". ``normal``: the text says so.
    """

    text: str
    start: int
    end: int
    quantity: str
    values: tuple[float, ...]
    unit: str = ""
    bound: str = ""
    normal: bool = False


@dataclass(frozen=True)
class Reading:
    """The finding that a value is, in both languages, and why."""

    measure: Measure
    zh: str
    en: str
    rule_zh: str
    rule_en: str


_BY_KEY = {quantity.key: quantity for quantity in QUANTITIES}


def _words(pattern: str) -> str:
    return rf"(?<![a-z0-9])(?<![a-z0-9]-)(?:{pattern})(?![a-z])"


def _names() -> re.Pattern[str]:
    strong = [f"(?P<s{i}>{q.names[0]}|{_words(q.names[1])})" for i, q in enumerate(QUANTITIES)]
    weak = [f"(?P<w{i}>{_words(q.weak)})" for i, q in enumerate(QUANTITIES) if q.weak]
    return re.compile("|".join(strong + weak), re.I)


_NAMES = _names()
_UNLESS = {q.key: re.compile(q.unless, re.I) for q in QUANTITIES if q.unless}
_UNITS = {q.key: [(u, re.compile(rf"\s?(?:{u.pattern})", re.I)) for u in q.units] for q in QUANTITIES}
_NEUTRAL = {q.key: re.compile(rf"\s?(?:{q.neutral})(?![a-z/])", re.I) for q in QUANTITIES if q.neutral}

_UNDER = (
    r"不超过|没有?超过|未超过|不高于|不大于|不到|不足|低于|小于|[<≤]|below|under|(?:less|lower|no (?:more|higher)) than\
|(?:not|never)(?: been| gone| got)? (?:above|over|more than|exceed\w*)"
)
_OVER = r"不低于|不小于|超过|大于|高于|[>≥]|above|over|(?:more|greater|higher) than|exceed(?:s|ed|ing)?"
_SPACED = f"{_UNDER}|{_OVER}".replace(" ", r"\s")
_BOUNDED = re.compile(rf"(?:{_UNDER}|{_OVER})\s?[了到]?\s?$", re.I)
# What may stand between a name and its number.
_GAP = re.compile(
    rf"""(?:
    [(（][^()（）\d]{{0,8}}\d[\d.]*\s?[-~–—～]\s?\d[\d.]*[^()（）\d]{{0,12}}[)）] | [(（]\s?[a-z][a-z0-9+ -]{{0,11}}[)）]
    | [\s:：=~≈()（）↑↓] | [-–—](?=\s?\d)
    | {_SPACED}
    | (?:有点|偏|过|很|较|升|增|明显|显著|异常)*(?:高|低|快|慢|急促|多|少)(?:[,，、]\s?)?
    | 为|是|在|于|达到?|高达|低至|[至到]|有|大?约|大概|接?近|将近|最[高低]时?(?:达|到|为|体温)?|测[得量出了]?|示|提示|下降|上升|波动
    | 持续|一直|维持|控制|都|也|只|仅|才|就|已|又|明显|左右|计数|水平|浓度|数?值|结果|[检复]?查|化验|今[天日早晨]?|目前|现在?|入院时?|当时
    | 曾|了|定量|减少|降[至到]?|升[至到]|由|从|每分钟?|一分钟|掉
    | (?<![a-z])(?:
        of|is|was|are|were|at|to|up|as\s(?:high|low)\sas|around|about|approx(?:imately)?\.?|roughly|nearly|almost|readings?
        | measured|recorded|noted|found|documented|currently|now|today|initially|on\s(?:arrival|admission|presentation|exam\w*)
        | this\smorning|levels?|counts?|values?|concentration|max(?:imum)?|min|peak\w*|spik\w+|rose|ris\w+|fell|fallen|drop\w*
        | down|only|just|elevated|raised|increased|decreased|reduced|low|mid|high|fast|slow|rapid|weak|thready|in\sthe|with|an?|the
        | temp(?:erature)?|(?:has|had|have)|been|running|ranging|from|between|c[ao]mes?\sback|returned|shows?|reads?|sitting|reached|hits?
        | random|fasting|regular|irregular(?:ly)?|resting|by|and\s(?:weak|thready|regular|irregular)|remains?|persist\w*
        | (?:in|on)\s(?:the\s|her\s|his\s)?(?:left|right|both)\sarms?
      )(?![a-z])
    ){{0,9}}""",
    re.I | re.X,
)
_PLAIN = re.compile(r"\d{1,6}(?:\.\d{1,3})?(?!\d|\.\d|,\d{3}(?!\d|/\d))")
_NUMBER = re.compile(rf"\d{{1,3}}(?:,\d{{3}})+(?!\d|/\d|,\d|\.\d)|{_PLAIN.pattern}")
_NUMBER_NEXT = re.compile(r"[\s:：=]{0,3}\d")
_TIME = r"\s?(?:[\d.个天日周月年次多余]|小时|分钟|星期)"
# 39度5, 38点5, 三十九度五; but 39度3天 is 39 for three days.
_SPOKEN = re.compile(
    rf"(?:(?P<ones>\d\d)|(?P<word>三十[五六七八九]|四十[一二]?))(?:[度点](?P<part>[\d半一二三四五六七八九])(?!{_TIME})|(?=度))"
)
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
_RANGE = re.compile(r"\s?(?P<sep>[-~–—～]|至|到|to(?![a-z])|and(?![a-z]))\s?(?=\d)", re.I)
_NEXT = re.compile(
    r"(?:\s?[(（][^()（）]{1,15}[)）])?,?\s?(?:→|->|=>|⇒|➔|(?:上?升|升高|增|涨|蹿|下?降|降低|掉)[至到为]"
    r"|(?:then |now )?(?:f[ae]ll(?:s|ing)?|drop(?:s|ped|ping)?|r[io]s(?:e|es|ing)|increas(?:ed|ing)|decreas(?:ed|ing)|up|down) to)"
    r"\s?(?=\d)",
    re.I,
)
_CHANGE = re.compile(r"(?<!rang)(?:from|rose|ris|fell|fall|drop|increas|decreas|由|从)", re.I)
_TO = re.compile(r"\s?(?:to(?![a-z])|[至到])\s?(?=\d)", re.I)
_PAIR = re.compile(
    r"(?<![\d./])(?P<s>\d{2,3}(?:\.\d)?)'?s?(?:\s?[-~–—～至到]\s?(?P<s2>\d{2,3}))?\s?(?:/|over)\s?"
    r"(?P<d>\d{2,3}(?:\.\d)?)'?s?(?:\s?[-~–—～至到]\s?(?P<d2>\d{2,3}))?(?![\d/.]\d|\d)",
    re.I,
)
_DASHED = re.compile(r"(?P<s>\d{2,3})\s?-\s?(?P<d>\d{2,3})(?![\d./-])")  # 血压160-100
_PALPATED = re.compile(r"\d{2,3}(?=\s?(?:/\s?(?:palp|p(?![a-z]))|systolic|by palpation))", re.I)
_COMPONENTS = re.compile(r"\s?[(（]?E(\d)\s?[,+]?\s?V(\d)\s?[,+]?\s?M(\d)[)）]?", re.I)
# After a number that is no value of the quantity: 10mg, 3 days, 25/HP, 2+.
_OTHER = re.compile(
    r"""
    (?!'?s(?![a-z])|[hl](?![a-z]))[a-z_] | [%‰°℃℉㎀-㏟+×*^] | :\d
    | \s?(?:倍|[余多来几]?\s?个?(?:[天日周月年岁秒次片粒支瓶盒颗枚毫公里米厘级号楼室床位例型种克斤元期代层步条根口句折寸胎分个]
        | 升(?![至到高为])|小时|分钟|钟头|星期|礼拜|点(?!\d)|时(?!有|伴|候|出)))
    | \s?/\s?(?!AST|ALT|ALP|GGT|Cr)(?:\d|[a-z]|[天日周月])
    | \s(?:mg|mcg|[uμ]g|g|gm|kg|ml|(?-i:l)|cm|mm|units?|iu|tablets?|doses?|puffs?|drops?|pack|fold|times|x|days?|weeks?|wks?|months?
        |years?|yrs?|hours?|hrs?|mins?|minutes?|seconds?|secs?|yo|y/o|percent)(?![a-z])
    | \s(?-i:h|d)(?![a-z])
    """,
    re.I | re.X,
)
_AFTER_UNIT = re.compile(
    r"[a-z]|\d(?!\d?\s?(?:天|日|小时|周|个|月|年|次|多|余))|\s?/\s?(?:[a-z]|[天日周月次])|\s?(?:a|per)\s(?:day|week)",
    re.I,
)
_AND_MORE = re.compile(
    r"\s?(?:mm\s?Hg|℃|度|次)?\s?(?:(?P<more>及?以上|or (?:above|higher|more))|(?P<less>及?以下|or (?:below|less|lower)))",
    re.I,
)

_NORMAL = r"(?:正常|无异常|wnl|normal|unremarkable|within normal limits)"
_NORMAL_BEFORE = re.compile(rf"(?<!不)(?<!非)(?<!not )(?<!ab){_NORMAL}\s?的?$", re.I)
_TOLD_NORMAL = {  # before a value without a name: 血压正常, 135/85 mmHg
    key: re.compile(
        rf"(?:{names})\s?(?:都|均|一直|is |was |has been )?{_NORMAL}[\s,，、:：(（]*(?:at|of|为|是|约)?\s?$", re.I
    )
    for key, names in (
        ("temperature", "体温|temp(?:erature)?"),
        ("blood pressure", "血压|BP|pressure"),
        ("heart rate", "心率|脉搏|pulse|heart rate|HR"),
    )
}
_NORMAL_AFTER = re.compile(
    r"""
    \s?(?:[(（]\s?)?(?:都|均|也|还|尚|基本|大致|仍|一直)?(?:在|属于?|为|是)?(?:正常(?![值上下吗么不饮进活]|范围[外以之])|不高)
    | \s?[,，、]\s?(?:都|均|也|还|尚|基本|大致|一直)?(?:在|属于?)?(?:正常(?:范围)?内?|不高)\s?(?:$|[。.,，;；)）])
    | \s?(?:[(（,]\s?)?(?:which\s)?(?:is\s|was\s|are\s)?(?:with)?(?:in\s)?(?:the\s)?(?:wnl|normal|unremarkable|nl)
      (?=\s?(?:$|[.,;)）]|(?:range|limits|for|by|now|and|but|today)(?![a-z]|\W{0,3}[\d<])))
    | \s?[(（]\s?(?:-|阴性|n|negative)\s?[)）]
    """,
    re.I | re.X,
)
_AFEBRILE = re.compile(
    r"(?:(?:无|没有?|不|未见?|否认)(?:明显)?(?:发[热烧]|[高低][热烧]|烧)|(?<![a-z])(?:afebrile|apyrexial|(?:no|denies|without) fevers?))"
    r"[\s,，、:：(（]*(?:at |with |测|量)?(?:an? )?$",
    re.I,
)
# Advice, targets, reference ranges and definitions are nobody's values.
_CONDITION = re.compile(
    r"如果|假如|假设|倘若|(?<![自般])若(?!干)|一旦|万一|目标|(?<![a-z])(?:if|unless|should (?:his|her|the|your))(?![a-z])",
    re.I,
)
_REFERENCE = re.compile(
    r"参考|正常(?:值|范围|上限|下限|人)|标准(?!化)|定义|(?<![a-z])(?:ref(?:erence)?|normal range|criteri(?:a|on)"
    r"|defin\w+|cut-?offs?|thresholds?|ULN)(?![a-z])",
    re.I,
)
_AIM = re.compile(r"(?<![a-z])(?:keep|maintain\w*|targets?|goals?|aim\w*|titrat\w+|hold)\W+(?:\w+\W+){0,3}$", re.I)
_WHEN = re.compile(r"(?<![a-z])(?:for|when|whenever|once|until|prn)\s+(?:(?:the|his|her|a|your)\s)?$|当$", re.I)
_NONE = re.compile(
    r"(?:无|没有?|未见?|否认|(?<![a-z])(?:no|not|never|without|den(?:ies|ied|y|ying)|nor?)(?: (?:any|a|recorded|had))*)\s?$",
    re.I,
)
_THEN = re.compile(
    r"\s?(?:及?以上|及?以下|左右)?(?:时(?!有|伴|候|出)|的话|[才再就]?(?:可|给|服|用|吃|叫做?|称为?|是)|[算]|为(?:高血压|发[热烧]|低|高))"
)
_ADVICE = re.compile(
    r"请|(?<![特性分个级区差])别|不要|不必|不一定|一般(?!情况)|马上|立[即刻]|及时|就[医诊]|打120|避免|应[该当立]|"
    r"(?<![a-z])(?:avoid|call|seek|don't|do not|should|must|come back|return|generally|seldom|rarely|usually|see a doctor|999|911)(?![a-z])",
    re.I,
)
_COUNTED = re.compile(r"\s?(?:以上|以下)?(?:才|就|能|不)?(?:算|属于|叫|称)(?!了)")
_FLUID = re.compile(
    r"脑脊液|尿常规|尿检|尿液|尿沉渣|尿培养|(?:[胸腹]水|积液|引流液|关节液|心包液)(?:检查|常规|化验|穿刺|生化|示|提示|中|[:：])|穿刺液|"
    r"(?<![a-z])(?:CSF|LP|urinalysis|urine(?= (?:dip|micro|sediment|analysis|spot|shows?)|:)|UA(?=:| shows?| with)|synovial|pleural (?:fluid|tap)|ascitic|ascites(?=:)"
    r"|peritoneal fluid|joint (?:fluid|aspirate)|paracentesis|thoracentesis)(?![a-z])",
    re.I,
)
_BLOOD = re.compile(
    r"血(?:常规|生化|气|清|浆|象)|外周血|生化|(?<![a-z])(?:blood(?:s| count| tests?)?|FBC|CBC|serum|plasma|labs?|BMP|CMP)(?![a-z])",
    re.I,
)
_OF_BLOOD = re.compile(r"(?:血清?|血浆|(?<![a-z])(?:serum|plasma|blood))\s?$", re.I)
_EFFORT = re.compile(
    r"运动|跑[步完]|爬[楼山]|锻炼|活动[后时]|(?<![a-z])(?:exercis\w+|exertion|running|treadmill|climbing|walking)(?![a-z])",
    re.I,
)
_SENTENCE = re.compile(r"[。;；!！?？\n]|\.(?=\s|$)")
_CLAUSE = re.compile(r"[。;；!！?？\n,，]|\.(?=\s|$)")
_BRACKET = re.compile(r"[(（][^()（）]*[)）]")

_BARE_TEMPERATURE = re.compile(
    r"(?<![\d.~-])(?:\d{2}(?:\.\d{1,2})?\s?(?:℃|°\s?C|摄氏度)|\d{2}\.\d\s?(?-i:C)(?![a-z0-9])|\d{2,3}(?:\.\d)?\s?(?:℉|°\s?F)"
    r"|(?:9\d|10\d)\.\d\s?(?-i:F)(?![a-z0-9])|(?:(?:3[6-9]|4[012])\.\d|3[789]|4[012]|三十[七八九]|四十[一二]?)度(?!数))",
    re.I,
)
# 39.2 alone: the number and when it was are all that the clause says.
_WHEN_TAKEN = (
    r"(?:今[天日早晨晚]|昨[天日晚夜]|前[天日晚]|刚才?|目前|现在?|早上|上午|中午|下午|傍晚|晚上|夜[里间]|凌晨|半夜|入院时?|来时|一?直|又|都|[测量][了得]?|"
    r"(?<![a-z])(?:today|yesterday|tonight|last night|this morning|overnight|now|currently|on arrival|at triage)(?![a-z]))"
)
_PEAK = r"(?:最高时?[达到]?|高达|达到?|到|约|(?<![a-z])(?:max(?:imum)?|peak(?:ed|ing)?|up|as high as|to|of|at|was|is)(?![a-z]))"
_BARE_FEVER = re.compile(
    rf"(?:^|(?<=[。;；!！?？\n,，、(（]))\s?(?P<when>(?:{_WHEN_TAKEN}[,，、\s]?){{0,3}})(?P<peak>(?:{_PEAK}\s?){{0,3}})"
    rf"(?P<n>(?:3[89]|4[01])\.\d)(?=\s?(?P<then>{_WHEN_TAKEN})?(?:左右|了)?\s?(?:$|[。;；!！?？\n,，、)）]|\.(?!\d)))",
    re.I,
)
_FEVER_TALK = re.compile(
    r"发[热烧]|[高低][热烧]|退[热烧]|体温|寒战|畏寒|(?<![a-z])(?:fever\w*|febrile|temp\w*|chills|rigors?)(?![a-z])",
    re.I,
)
_OTHER_VALUE = re.compile(  # that it may be one of: CA125 45.2，今天39.2
    r"(?<![\d.])(?!3[5-9]\.|4[01]\.)\d+\.\d|[A-Z]{2}|体重|腰围|身高|孕|指[数标]|值|酶|蛋白|抗原|weigh|waist|level"
)
_BARE_SATURATION = re.compile(
    r"(?<![\d.~-])(?P<n>[6-9]\d)\s?%\s?(?:(?:(?:on|in|@)\s?)?(?:room air|(?-i:RA))|(?:on|in) air|(?:on|@)\s?\d{1,2}\s?L)(?![a-z])"
    r"|(?:[未不]吸氧|吸空气|(?:室内)?空气[下中])[状态时下,，:：\s]{0,4}(?P<m>[6-9]\d)\s?%",
    re.I,
)
_GIVEN = re.compile(r"(?<![a-z])(?:FiO2|oxygen|O2)[\s:=]*(?:at|of)?\s*$|氧浓度[\s:：=]*$", re.I)  # and not measured
_SURROUNDINGS = re.compile(
    r"气温|水温|室温|天气|室[外内]|户外|外面|外边|环境|高温|烤|冰箱|空调|培养|孵|热水|温水|开水|水|洗澡|泡|沐|保存|储|[弯屈伸旋]|侧[弯凸]|外翻|内翻|角|倾|"
    r"[抬仰]|视|散光|斜|烫|(?<![a-z])(?:cobb|water|bath\w*|room|ambient|outside|outdoors?|weather|stored?|store|incubat\w+|oven|"
    r"warmed|rewarm\w*|heated|cooled|freezer|fridge|flex\w*|rotat\w*|angle|heat ?wave|hot day|environment\w*)(?![a-z])",
    re.I,
)
_NO_BODY = re.compile(
    r"\s?(?:的|左右的?)?(?:热水|温水|开水|水|高温|天气|角|弯|屈|烧伤|烫伤|近视|散光|老花|培养|以下保存|保存|斜|室|water|bath)",
    re.I,
)
_PRESSURE_TALK = re.compile(
    r"血压|降压|高压|产检|量[了过]|(?<![a-z])(?:BP|pressure|hypertensi\w+|midwife|cuff)(?![a-z])", re.I
)
_OTHER_PRESSURE = re.compile(
    r"肺动脉|[左右][心室]|导管|主动脉|(?<![a-z])(?:PA|PAP|pulmonary|RV|LV|RVSP|catheter\w*|aortic)(?![a-z])", re.I
)
_BARE_RATE = re.compile(r"(?<![\d.~-])(?P<a>\d{2,3})\s?bpm(?![a-z])", re.I)
_FETAL = re.compile(r"胎|f(?:o)?etal|f(?:o)?etus|fhr", re.I)

_NUMERAL = r"(?P<n>\d{1,3}(?:\.\d)?|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])"
_ENDS = r"(?=\s{0,3}(?:$|[,，。;；、)）]|\.(?!\d))|\s(?![\d天日周月年次个小分粒片a-z.×/%~-]))"  # and no 3 days
_AGES = [
    (re.compile(pattern, re.I), years)
    for pattern, years in (
        (rf"(?<!骨龄){_NUMERAL}\s?周?岁(?P<half>半)?", 1),
        (rf"{_NUMERAL}个?(?:月龄|个月大|月大|个月的?(?=[男女婴患宝]))", 1 / 12),
        (rf"(?:[男女][婴孩童性]?|患儿|宝宝|婴儿),?[，、\s]*{_NUMERAL}个?月(?![\d前后起初底中份])", 1 / 12),
        # 18个月, 3 months: an age where a text opens so, else a duration.
        (rf"^\s*{_NUMERAL}个月(?=\s*(?:$|[,，。;；、]))", 1 / 12),
        (
            r"^\s*(?P<n>\d{1,2}) ?(?:months?|mths?|mo)(?=\s*(?:$|[,;.]|[MF](?![a-z])|(?:fe)?male|boy|girl))|(?P<m>\d{1,2}) ?m/o(?![a-z])",
            1 / 12,
        ),
        (rf"(?:年龄|(?<![a-z])aged?)[:：=\s]*{_NUMERAL}\s?(?:个月|months?|mths?|mo(?![a-z]))", 1 / 12),
        (rf"年龄[:：=\s]*{_NUMERAL}(?!\d|\s?(?:[岁个月天日周]))", 1),
        # 男，58; M/58; 58/M
        (
            rf"(?:[男女]性?|(?<![a-z])(?:(?:fe)?male|man|woman|boy|girl))[,，、/\s]{{1,3}}(?P<n>\d{{1,3}}){_ENDS}"
            rf"|(?:^|(?<=[,，。、\s]))(?P<m>\d{{1,3}})[,，、/\s]{{0,2}}(?:[男女]性?|(?:fe)?male){_ENDS}",
            1,
        ),
        (
            rf"(?<![a-z])(?-i:[MF])\s?/\s?(?P<n>\d{{1,3}}){_ENDS}|(?<![\d./])(?P<m>\d{{1,3}})\s?/\s?(?-i:[MF])(?![a-z])",
            1,
        ),
        (rf"{_NUMERAL}(?:天|日)(?:龄|大)|(?:出生|生后)后?第?{_NUMERAL.replace('<n>', '<m>')}[天日]", 1 / 365.25),
        (rf"{_NUMERAL}周(?:龄|大)", 7 / 365.25),
        (
            r"(?<![\d.])(?P<n>\d{1,3})[- ]?(?:years?|yrs?|y)[- ]?(?:old|of age)|(?<![\d.])(?P<m>\d{1,3}) ?(?:yo|y/o|y\.o\.)(?![a-z])",
            1,
        ),
        (r"(?<![\d.])(?P<n>\d{1,2}(?:\.5)?)[- ]?(?:months?|mths?|mo)[- ]?(?:old|of age)", 1 / 12),
        (r"(?<![\d.])(?P<n>\d{1,2})[- ]?(?:weeks?|wks?)[- ]?(?:old|of age)", 7 / 365.25),
        (r"(?<![\d.])(?P<n>\d{1,2})[- ]?(?:days?)[- ]?(?:old|of age)", 1 / 365.25),
        (
            r"(?<![\d.])(?P<n>[1-8]?\d)(?-i:[MF])(?![a-z0-9])|(?<![a-z])aged?[:=\s]+(?:is )?(?P<m>\d{1,3})(?!\d|[\s-]?(?:months?|mths?|mo|weeks?|wks?|days?)(?![a-z]))",
            1,
        ),
        (
            r"(?<![a-z])(?P<n>one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)[- ]years?[- ]old",
            1,
        ),
        (r"(?<![a-z])(?P<n>one|two|three|four|five|six|seven|eight|nine|ten|eleven)[- ]months?[- ]old", 1 / 12),
    )
]
_ENGLISH = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NEWBORN = re.compile(
    r"新生儿|(?:早产|足月)(?:儿|[男女][婴宝])|生后\d{1,2}小时|(?<![a-z])(?:neonates?|newborn|preterm (?:baby|infant)"
    r"|\d{1,2} ?(?:h|hours?|hrs?)[- ](?:old|of age))(?![a-z])",
    re.I,
)
_CHILD = re.compile(
    r"患儿|小儿(?!麻痹|子|科)|孩子|小孩|宝宝|婴儿|幼儿|儿童|小朋友|女儿|儿子|闺女|娃|[男女][婴孩童宝]|(?<![a-z])(?:child|kid|toddler|infant|baby|boy|girl|son"
    r"|daughter)(?![a-z])",
    re.I,
)
_ADULT = 40.0
_ALL_CHILDREN = (0.01, 0.1, 0.3, 0.7, *(float(year) + 0.5 for year in range(1, 18)))
_NEAR = 80  # characters between values of one list
_LIMIT = 20_000  # characters read


def read(text: str, age_years: float | None = None) -> tuple[Reading, ...]:
    """The abnormal values of a text in the order written, each as the finding it is. No error for any text.

    Limits go by ``age_years``, else by the age the text gives, else by an adult's; for a child of unknown age a value
    has to be abnormal at every age under 18.
    """
    return tuple(reading for _, reading in judged(text, age_years) if reading)


def judged(text: str, age_years: float | None = None) -> Iterator[tuple[Measure, Reading | None]]:
    """All measured values of a text in the order written, each with what `read` makes of it; None for a normal one."""
    ages = (age_years,) if age_years is not None else ages_of(text)
    language = language_of(text)
    for measure in measures(text):
        yield measure, _judge(measure, ages, language)


def measures(text: str) -> tuple[Measure, ...]:
    """All measured values of a text in the order written, normal ones among them."""
    found = sorted(_candidates(_fold(text[:_LIMIT])), key=lambda c: c[0].start)
    valid = [(m, weak) for m, weak, void in found if not void]
    told = [m for i, (m, weak) in enumerate(valid) if not weak or _is_backed(valid, i)]
    return tuple(replace(m, text=text[m.start : m.end]) for m in told)


def named(text: str) -> str:
    """What a text that only tells a measured value is called in Chinese: 39.5度 -> 高热, BP 180/110 -> 血压升高; "" when
    it tells none, or more than one."""
    found = list(judged(text))
    if len(found) != 1:
        return ""
    measure, reading = found[0]
    if measure.normal:
        return ""
    if measure.quantity == "temperature" and measure.bound != "<":
        value = _converted(_units_of(_BY_KEY["temperature"], measure)[0], measure.values)[-1]
        over = (lambda above: value >= above) if measure.bound else (lambda above: value > above)
        return next((grade for above, grade in FEVER if over(above)), reading.zh if reading else "")
    return reading.zh if reading else ""


def ages_of(text: str) -> tuple[float, ...]:
    """The patient's age in years as the text gives it; several where it gives several or only says that it is a child."""
    folded = _fold(text[:_LIMIT])
    ages = []
    for pattern, years in _AGES:
        for hit in pattern.finditer(folded):
            groups = hit.groupdict()
            age = _numeral(groups.get("n") or groups.get("m") or "") + (0.5 if groups.get("half") else 0)
            if age * years < 125:
                ages.append(age * years)
    if not ages and _NEWBORN.search(folded):
        ages = [0.01]
    return tuple(ages) or (_ALL_CHILDREN if _CHILD.search(folded) else (_ADULT,))


def _judge(measure: Measure, ages: tuple[float, ...], language: Language) -> Reading | None:
    """The finding that a value is; None for one that is normal or could be."""
    if measure.normal:
        return None
    if measure.quantity == "blood pressure":
        return _judge_pressure(measure, ages, language)
    quantity = _BY_KEY[measure.quantity]
    limits = {
        _limit(quantity, _converted(unit, measure.values), measure.bound, ages, language)
        for unit in _units_of(quantity, measure)
    }
    limit = limits.pop() if len(limits) == 1 else None
    return _reading(measure, quantity, limit, ages) if limit else None


def _judge_pressure(measure: Measure, ages: tuple[float, ...], language: Language) -> Reading | None:
    """Systolic before diastolic; of one number alone only whether it is high, for it may be either."""
    values = _converted(next(u for u in MMHG if u.name == (measure.unit or "mmHg")), measure.values)
    half = max(len(values) // 2, 1)
    for key, part in (("systolic pressure", values[:half]), ("diastolic pressure", values[half:])):
        limit = _limit(_BY_KEY[key], part, measure.bound, ages, language) if part else None
        if limit and (limit.high or len(values) > 1):
            return _reading(measure, _BY_KEY[key], limit, ages)
    return None


def _limit(
    quantity: Quantity, values: tuple[float, ...], bound: str, ages: tuple[float, ...], language: Language
) -> Limit | None:
    """The first limit that the values have passed, all of them or, where the quantity swings, one."""
    for limit in quantity.limits:
        if limit.language not in (None, language) or (bound and (bound == ">") != limit.high):
            continue
        at = limit.of(ages)
        value = (max if limit.high == quantity.swings else min)(values)
        beyond = value > at if limit.high else value < at
        if beyond or (value == at and (bound or limit.side in ("≥", "≤"))):
            return limit
    return None


def _reading(measure: Measure, quantity: Quantity, limit: Limit, ages: tuple[float, ...]) -> Reading:
    unit = quantity.units[0].name
    units = [quantity.unit_zh or unit, unit.replace("℃", "°C")]
    zh, en = (f"{limit.side} {limit.of(ages):g}{'' if u in ('%', '/min') else ' '}{u}".strip() for u in units)
    if isinstance(limit.at, tuple) and max(ages) < 18:
        zh, en = f"{zh}（{_age(ages, 'zh')}）", f"{en} ({_age(ages, 'en')})"
    return Reading(measure, limit.zh, limit.en, f"{quantity.zh} {zh}", f"{quantity.en} {en}")


def _age(ages: tuple[float, ...], language: Language) -> str:
    if len(set(ages)) > 1:
        return "儿童" if language == "zh" else "child"
    age = ages[0]
    if age < NEONATE:
        return "新生儿" if language == "zh" else "newborn"
    if age < 2:
        months = int(age * 12 + 0.01)
        return f"{months} 月龄" if language == "zh" else f"{months} months old"
    return f"{int(age)} 岁" if language == "zh" else f"{int(age)} years old"


def _units_of(quantity: Quantity, measure: Measure) -> list[Unit]:
    """The unit written, else every unit in which the numbers are plausible."""
    if measure.unit:
        return [u for u in quantity.units if u.name == measure.unit]
    return _plausible(quantity, measure.values, any(v % 1 for v in measure.values))


def _plausible(quantity: Quantity, values: tuple[float, ...], decimal: bool) -> list[Unit]:
    """The units that numbers without one can be in. A decimal settles it where another unit is never so written."""
    spans = {u: u.span for u in quantity.units if u.span != (0, 0)}
    if decimal and any(u.whole for u in spans):
        spans = {u: (min(u.span[0], quantity.span[0]), quantity.span[1]) for u in spans if not u.whole}
    return [u for u, (low, high) in spans.items() if all(low <= v <= high for v in values)]


def _converted(unit: Unit, values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(round((value - unit.shift) * unit.factor, 3) for value in values)


Candidate = tuple[Measure, bool, bool]  # the value, whether its name is weak, whether it is void


def _candidates(text: str) -> Iterator[Candidate]:
    taken = [(0, 0)]
    for name in _NAMES.finditer(text):
        group = name.lastgroup or ""
        quantity, weak = QUANTITIES[int(group[1:])], group[0] == "w"
        unless = _UNLESS.get(quantity.key)
        if name.start() < taken[-1][1] or (unless and unless.search(text, max(0, name.start() - 30), name.start())):
            continue
        for measure in _after(text, quantity, name):
            taken.append((measure.start, measure.end))
            yield measure, weak and not measure.unit, _is_void(text, quantity, measure, name.end())
    for measure, quantity in _bare(text):
        if not any(start < measure.end and measure.start < end for start, end in taken):
            yield measure, False, _is_void(text, quantity, measure, measure.start)


def _is_backed(found: list[tuple[Measure, bool]], place: int) -> bool:
    """A value with a weak name stands near one with a good name, or near two other weak ones."""
    here, others = found[place][0], set()
    for other, weak in found[max(0, place - 8) : place + 9]:
        if other.quantity != here.quantity and here.start - _NEAR < other.end and other.start < here.end + _NEAR:
            if not weak:
                return True
            others.add(other.quantity)
    return len(others) > 1


def _after(text: str, quantity: Quantity, name: re.Match[str]) -> Iterator[Measure]:
    """The value after a name, and those it changed to (6.8→4.1)."""
    gap = _GAP.match(text, name.end())
    place = gap.end() if gap else name.end()
    start = name.start()
    bound = _bound(text[name.end() : place])
    changes = bool(_CHANGE.search(text, name.end(), place))
    while measure := _value(text, quantity, place, changes=changes):
        told = _completed(text, measure, bound)
        if _opens(text[start:place]) and text[told.end : told.end + 1] in (")", "）"):
            told = replace(told, end=told.end + 1)
        yield replace(told, start=start, normal=told.normal or _is_told_normal(text, quantity, start))
        change = _NEXT.match(text, measure.end) or (_TO.match(text, measure.end) if changes else None)
        if not change:
            return
        start = place = change.end()
        bound = ""


def _opens(gap: str) -> bool:
    """A bracket is left open."""
    return sum(c in "(（" for c in gap) > sum(c in ")）" for c in gap)


def _completed(text: str, measure: Measure, bound: str) -> Measure:
    """With what is said after it: normal, and above."""
    more = _AND_MORE.match(text, measure.end)
    if more and not bound:
        bound = ">" if more["more"] else "<"
    return replace(measure, bound=bound, normal=bool(_NORMAL_AFTER.match(text, measure.end)))


def _bound(gap: str) -> str:
    if re.search("不低于|不小于", gap):
        return ">"
    if re.search(_UNDER, gap, re.I):
        return "<"
    return ">" if re.search(_OVER, gap, re.I) else ""


def _value(text: str, quantity: Quantity, place: int, *, changes: bool = False) -> Measure | None:
    if quantity.key == "blood pressure":
        return _pressure(text, place)
    if quantity.key == "GCS" and (parts := _COMPONENTS.match(text, place)):
        return _checked(quantity, text, place, parts.end(), (sum(map(float, parts.groups())),), "")
    for pattern in (_SPOKEN, _NUMBER) if quantity.key == "temperature" else (_NUMBER,):
        number = pattern.match(text, place)
        if number and (measure := _from(text, quantity, number, changes=changes)):
            return measure
    return None


def _from(text: str, quantity: Quantity, number: re.Match[str], *, changes: bool = False) -> Measure | None:
    """A number, or a range that begins with it, with its unit. From 88 to 141 is a change and no range."""
    value, end = _figure(number), number.end()
    unit, end = _unit(text, quantity, end, spoken=number.re is _SPOKEN and number["part"] is not None)
    values: tuple[float, ...] = (value,)
    if (sep := _RANGE.match(text, end)) and not (changes and sep["sep"] in ("to", "至", "到")):
        second = _SPOKEN.match(text, sep.end()) or _NUMBER.match(text, sep.end())
        if second and sep["sep"] != "and":
            other = _figure(second)
            if other > value:
                unit2, end2 = _unit(text, quantity, second.end())
                values, unit, end = (value, other), unit2 or unit, end2
            elif sep["sep"] in "-~–—～":
                return None  # CA 19-9
    if quantity.key == "transaminases" and (pair := re.compile(r"\s?/\s?(\d{1,5})(?![\d/.])").match(text, end)):
        values, end = (value, float(pair[1])), pair.end()
        unit, end = _unit(text, quantity, end)
    return _checked(quantity, text, number.start(), end, values, unit, decimal="." in number.group())


def _checked(
    quantity: Quantity, text: str, start: int, end: int, values: tuple[float, ...], unit: str, *, decimal: bool = False
) -> Measure | None:
    """The value, unless it is impossible or of something else."""
    if unit:
        low, high = quantity.span
        known = next(u for u in quantity.units if u.name == unit)
        if _AFTER_UNIT.match(text, end) or not all(low <= v <= high for v in _converted(known, values)):
            return None
    elif not _plausible(quantity, values, decimal) or (
        text[end - 1].isdigit() and _OTHER.match(text, end) and not _goes_on(text, end)
    ):
        return None
    return Measure("", start, end, quantity.key, values, unit)


def _unit(text: str, quantity: Quantity, place: int, *, spoken: bool = False) -> tuple[str, int]:
    """The unit at this place and where it ends; the longest that fits."""
    if spoken:
        return "℃", place
    plural = re.compile(r"'?s(?![a-z])", re.I).match(text, place)  # in the 130s
    place = plural.end() if plural else place
    if _goes_on(text, place):
        return "", place
    fits = [(hit.end(), unit.name) for unit, pattern in _UNITS[quantity.key] if (hit := pattern.match(text, place))]
    if fits and not re.match("[a-z]", text[max(fits)[0] : max(fits)[0] + 1], re.I):
        end, name = max(fits)
        return name, end
    neutral = _NEUTRAL[quantity.key].match(text, place) if quantity.key in _NEUTRAL else None
    return "", neutral.end() if neutral else place


def _goes_on(text: str, place: int) -> bool:
    """The next value of a list stands here: the HR of "T 39.4 HR 120" are no hours, the K of "WBC 18 K 6.8" no thousand."""
    name = _NAMES.match(text, place + 1) if text[place : place + 1] == " " else None
    return bool(name and _NUMBER_NEXT.match(text, name.end()))


def _pressure(text: str, place: int) -> Measure | None:
    """180/110, 180 over 110, 130-140/80-90, 160-100, 80/palp, or one number."""
    quantity = _BY_KEY["blood pressure"]
    pair = _PAIR.match(text, place)
    if not pair and (dashed := _DASHED.match(text, place)) and float(dashed["s"]) >= float(dashed["d"]) + 15:
        pair = dashed
    if pair:
        unit, end = _unit(text, quantity, pair.end())
        groups = pair.groupdict()
        upper = [float(groups[g]) for g in ("s", "s2") if groups.get(g)]
        lower = [float(groups[g]) for g in ("d", "d2") if groups.get(g)]
        if len(upper) != len(lower):
            upper, lower = (upper * 2)[:2], (lower * 2)[:2]
        known = next(u for u in MMHG if u.name == (unit or "mmHg"))
        values = _converted(known, (*upper, *lower))
        half = len(upper)
        fits = all(40 <= s <= 300 and 15 <= d < s for s, d in zip(values[:half], values[half:], strict=True))
        return Measure("", place, end, quantity.key, (*upper, *lower), unit) if fits else None
    if palpated := _PALPATED.match(text, place):
        value = float(palpated.group())
        return Measure("", place, palpated.end(), "systolic pressure", (value,)) if 40 <= value <= 300 else None
    number = _PLAIN.match(text, place)
    if not number or re.match(r"\s?[-~–—～/]", text[number.end() : number.end() + 2]):
        return None
    unit, end = _unit(text, quantity, number.end())
    value = float(number.group())
    return _checked(quantity, text, place, end, (value,), unit) if unit or value >= 60 else None


def _is_void(text: str, quantity: Quantity, measure: Measure, place: int) -> bool:
    """The value is not one that was measured in the patient's blood or at the patient's rest."""
    begin, start, end = max(0, measure.start - 200), measure.start, measure.end
    sentence = _last(_SENTENCE, text, begin, start)
    clause = _last(_CLAUSE, text, sentence, start)
    told = _BRACKET.sub("", text[sentence:start])
    before = text[clause:place]
    if _REFERENCE.search(told) or _CONDITION.search(before) or _AIM.search(text, clause, start):
        return True
    if _COUNTED.match(text, end) or (measure.bound and (_THEN.match(text, end) or _WHEN.search(text, clause, start))):
        return True
    if measure.bound and _ADVICE.search(text, sentence, _first(_SENTENCE, text, end)):
        return True
    if _NONE.search(text, clause, start):
        return True
    if quantity.key in ("heart rate", "respiratory rate") and _EFFORT.search(before):
        return True
    if not quantity.blood or _OF_BLOOD.search(text, begin, start) or text[start] == "血":
        return False
    return _last(_FLUID, told, 0, len(told)) > _last(_BLOOD, told, 0, len(told))


def _last(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    """Where the last match ends."""
    return max((hit.end() for hit in pattern.finditer(text, start, end)), default=start)


def _first(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Where the next match begins, at most 80 characters on."""
    hit = pattern.search(text, start, start + 80)
    return hit.start() if hit else min(len(text), start + 80)


def _bare(text: str) -> Iterator[tuple[Measure, Quantity]]:
    """Values without a name whose unit or form says what they are."""
    temperature, pressure, rate, saturation = (
        _BY_KEY[k] for k in ("temperature", "blood pressure", "heart rate", "oxygen saturation")
    )
    for hit in _BARE_TEMPERATURE.finditer(text):
        measure = _value(text, temperature, hit.start())
        clause = _last(_CLAUSE, text, max(0, hit.start() - 60), hit.start())
        around = _SURROUNDINGS.search(text, clause, hit.start()) or (measure and _NO_BODY.match(text, measure.end))
        # What is cold may be anything, what is 38 to 42 is a body.
        if measure and not around and _converted(_units_of(temperature, measure)[0], measure.values)[-1] >= 36:
            yield _alone(text, measure), temperature
    for hit in _BARE_FEVER.finditer(text):
        if _is_fever(text, hit) and (measure := _value(text, temperature, hit.start("n"))):
            yield replace(_alone(text, measure), start=hit.start("peak")), temperature
    for hit in _BARE_SATURATION.finditer(text):
        measure = _value(text, saturation, max(hit.start("n"), hit.start("m")))
        if measure and not _GIVEN.search(text, max(0, hit.start() - 30), hit.start()):
            yield replace(_alone(text, measure), start=hit.start(), end=hit.end()), saturation
    for hit in _PAIR.finditer(text):
        clause = _last(_CLAUSE, text, max(0, hit.start() - 60), hit.start())
        measure = _pressure(text, hit.start())
        known = measure and (measure.unit or _is_pressure(text, measure))
        if measure and known and not _OTHER_PRESSURE.search(text, clause, hit.start()):
            yield _alone(text, measure), pressure
    for hit in _BARE_RATE.finditer(text):
        measure = _value(text, rate, hit.start())
        if measure and not _FETAL.search(text, max(0, hit.start() - 60), hit.end() + 20):
            yield _alone(text, measure), rate


def _is_fever(text: str, hit: re.Match[str]) -> bool:
    """A number like 39.2 where the talk is of fever; or that opens the text or says when, and no other value is told."""
    before = text[max(0, hit.start() - _NEAR) : hit.start()]
    dated = (hit["when"] or hit["then"]) and not _OTHER_VALUE.search(before)
    if before.strip() and not dated and not _FEVER_TALK.search(before):
        return False
    names = [QUANTITIES[int((name.lastgroup or "")[1:])].key for name in _NAMES.finditer(before)]
    return not names or names[-1] == "temperature"


def _is_pressure(text: str, measure: Measure) -> bool:
    """A pair like 165/100 where the talk is of blood pressure."""
    systolic, diastolic = measure.values[0], measure.values[-1]
    likely = 80 <= systolic <= 260 and 40 <= diastolic <= 150 and systolic - diastolic >= 20
    talk = _PRESSURE_TALK.search(text, max(0, measure.start - 60), measure.start)
    return bool(likely and talk and not _OTHER.match(text, measure.end))


def _alone(text: str, measure: Measure) -> Measure:
    """A value without a name, with what is said before and after it."""
    begin, start = max(0, measure.start - 30), measure.start
    bounded = _BOUNDED.search(text, begin, start)
    told = _completed(text, measure, _bound(bounded.group()) if bounded else "")
    pattern = _TOLD_NORMAL.get(measure.quantity)
    before = bool(pattern and pattern.search(text, begin, start))
    normal = told.normal or before or _is_told_normal(text, _BY_KEY[measure.quantity], start)
    return replace(told, normal=normal)


def _is_told_normal(text: str, quantity: Quantity, start: int) -> bool:
    """What stands right before says so: normal temperature 37.5, no fever, 37.5."""
    begin = max(0, start - 30)
    afebrile = quantity.key == "temperature" and _AFEBRILE.search(text, begin, start)
    return bool(afebrile or _NORMAL_BEFORE.search(text, begin, start))


def _figure(number: re.Match[str]) -> float:
    if number.re is not _SPOKEN:
        return float(number.group().replace(",", ""))
    whole = float(number["ones"]) if number["ones"] else _numeral(number["word"])
    part = number["part"]
    if not part:
        return whole
    return whole + (5 if part == "半" else _DIGITS.get(part) or float(part)) / 10


def _numeral(text: str) -> float:
    """3.5, 三, 十二, 三十九, twelve -> a number."""
    if text[:1].isdecimal():
        return float(text)
    if text.lower() in _ENGLISH:
        return _ENGLISH.index(text.lower())
    tens, ten, ones = text.rpartition("十")
    return (_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0)


@lru_cache(maxsize=8192)
def _fold_character(character: str) -> str:
    if character in "，、。：；！？（）℃℉":
        return character
    folded = normalize("NFKC", character)
    folded = folded.translate({ord("µ"): "μ", ord("−"): "-", ord("‑"): "-"})
    folded = convert(folded, "zh-cn") if "\u3400" <= folded <= "\u9fff" else folded
    return folded if len(folded) == 1 else character


def _fold(text: str) -> str:
    """Full-width and traditional characters as plain ones, every place kept."""
    return "".join(_fold_character(c) if c > "~" else c for c in text)
