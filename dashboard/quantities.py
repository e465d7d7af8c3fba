"""What is measured: names, units, and the limits beyond which a value is a finding.

Where sources differ, the limit further from normal is taken, so that what is read is abnormal by all of them.
Heart rate, respiratory rate and low blood pressure of children: AHA, Pediatric Advanced Life Support, vital signs by
age (2015; fast by the awake rates, slow by the sleeping ones; systolic pressure under 70 + 2 x age), where it is
higher the fast heart rate of Advanced Paediatric Life Support (5th ed., 2011), and fast breathing of WHO, Pocket book
of hospital care for children (2013). High blood pressure under 13 years: Second Task Force on Blood Pressure Control
in Children (1987); from 13: AAP (2017).
"""

from dataclasses import dataclass
from math import inf

from dashboard.domain import Language


@dataclass(frozen=True)
class Unit:
    """``span``: the numbers that can be meant in this unit when none is written. value = (number - shift) * factor."""

    name: str
    pattern: str
    span: tuple[float, float] = (0, 0)
    factor: float = 1
    shift: float = 0
    whole: bool = False  # never written with decimals


ByAge = float | tuple[tuple[float, float], ...]  # one limit, or (years below which it holds, limit) from youngest on


@dataclass(frozen=True)
class Limit:
    zh: str
    en: str
    side: str  # > ≥ < ≤
    at: ByAge
    language: Language | None = None  # of the text, where usage differs

    @property
    def high(self) -> bool:
        return self.side in (">", "≥")

    def of(self, ages: tuple[float, ...]) -> float:
        """The limit that holds at every one of the ages, in years."""
        table = ((inf, self.at),) if isinstance(self.at, float | int) else self.at
        return (max if self.high else min)(
            next((limit for until, limit in table if age < until), table[-1][1]) for age in ages
        )


@dataclass(frozen=True)
class Quantity:
    """``names`` are regular expressions: Chinese ones and, between word boundaries, English ones.

    A value after a ``weak`` name counts only with a unit or among other values. ``span``: what is possible at all.
    """

    key: str
    zh: str
    en: str
    names: tuple[str, str]
    units: tuple[Unit, ...]  # the first is the one of span and limits
    span: tuple[float, float]
    limits: tuple[Limit, ...]  # the first that is passed counts
    weak: str = ""
    unless: str = ""  # stands right before the name of something else
    neutral: str = ""  # a unit that leaves open which
    unit_zh: str = ""
    blood: bool = True  # measured in blood, so another fluid before it makes it another thing
    swings: bool = False  # of a range the extreme counts, not only what both ends have passed


NEONATE = 28 / 365.25
_NEVER = inf

_ALONE = "(?:(?<![\\u4e00-\\u9fff])|(?<=[低高查验示]))"  # 钠 115, and not of a drug: 头孢曲松钠
_PER_L = r"(?:[x×*·]\s?)?10\s?(?:\^|\*\*|e)?\s?\(?9\)?\s?/\s?L|G/L"
_PER_NL = r"(?:[x×*·]\s?)?10\s?(?:\^|\*\*|e)?\s?\(?3\)?\s?/\s?(?:[uμ]L|mm\^?3|cumm)|K\s?/\s?(?:[uμ]L|mm\^?3)|k|thousand"
_PER_UL = r"(?:cells?\s?)?(?:/|per)\s?(?:[uμ]L|mm\^?3|cu\.?\s?mm|microlit(?:er|re))"
_PER_MIN = r"(?:次|下|beats|breaths)?\s?(?:/|每|per|a(?=\s))\s?(?:分钟?|min(?:ute)?)|bpm|次|下"
_UMOL, _MMOL, _MG_DL = r"[uμ]mol\s?/\s?L", r"mmol\s?/\s?L|mM", r"mg\s?/\s?dL|mg\s?%"


def _counts(low: float, high: float) -> tuple[Unit, ...]:
    """Units of a blood cell count; low and high are the plausible count in 10^9/L."""
    return (
        Unit("×10^9/L", _PER_L, (low, high)),
        Unit("×10^3/μL", _PER_NL),
        Unit("/μL", _PER_UL, (max(low * 1000, 2 * high), high * 1000), 0.001, whole=True),
        Unit("万/μL", r"万(?:/[uμ]L|/mm3)?", factor=10),
    )


def _mass(
    factor: float, molar: tuple[float, float], mass: tuple[float, float], unit: str = "mmol/L"
) -> tuple[Unit, ...]:
    """A molar unit and mg/dL; ``factor`` turns the second into the first, the spans are for a number alone."""
    return Unit(unit, _MMOL if unit == "mmol/L" else _UMOL, molar), Unit("mg/dL", _MG_DL, mass, factor)


def _raised(zh: str, en: str, at: ByAge) -> tuple[Limit, ...]:
    return (Limit(f"{zh}升高", f"raised {en}", ">", at),)


def _glucose(top: float) -> tuple[Unit, ...]:
    """``top``: up to where a whole number is mmol/L. Who writes 血糖 or BM means that, and meters show up to 33.3."""
    return Unit("mmol/L", _MMOL, (0.5, top)), Unit("mg/dL", _MG_DL, (40, 1500), 1 / 18.016, whole=True)


def _sugar(high: float) -> tuple[Limit, ...]:
    return (
        Limit("高血糖", "hyperglycaemia", "≥", high),
        Limit("低血糖", "hypoglycaemia", "<", ((NEONATE, 2.2), (18, 3.0), (inf, 3.9))),
    )


# Hypotension of children: PALS. High pressure: see above; adults 中国高血压防治指南 2018/2024, ESC/ESH 2018.
_SYSTOLIC = (
    Limit("血压升高", "high blood pressure", "≥", (
        (NEONATE, 104), (3, 112), (6, 116), (10, 122), (13, 126), (18, 130), (inf, 140),
    )),
    Limit("低血压", "hypotension", "<", (
        (NEONATE, 60), (1, 70), *((year + 1, 70 + 2 * year) for year in range(1, 10)), (inf, 90),
    )),
)  # fmt: skip
_DIASTOLIC = (
    Limit("血压升高", "high blood pressure", "≥", (
        (NEONATE, _NEVER), (3, 74), (6, 76), (10, 78), (13, 82), (18, 80), (inf, 90),
    )),
)  # fmt: skip
# Grades of fever by the temperature above which they begin (℃): 诊断学, as above.
FEVER = ((41.0, "超高热"), (39.0, "高热"), (38.0, "中等度热"), (37.2, "低热"))
MMHG = (Unit("mmHg", r"(?:mm|㎜)\s?Hg|毫米汞柱|mm汞柱|mm(?![a-z])", (30, 300)), Unit("kPa", "kPa", factor=7.5006))

QUANTITIES = (
    # Chinese limits: 万学红, 卢雪峰 (eds) 诊断学, 9th ed. (axillary 37.3; 高热 39.1). English texts give oral or rectal
    # values and call them fever from 38.0 (NICE NG143, CDC). Low: ERC 2021; newborns: WHO 1997.
    Quantity(
        "temperature", "体温", "temperature",
        (
            r"(?:发[烧热]|[高低][烧热])(?:了|已|有)?\s?[\d一二两三四五六七八九十半]{1,3}个?(?:天|日|周|小时|晚上)了?"
            r"[,，、\s]*(?:最高(?:达|到|体温)?|体温)?"
            r"|(?:发[烧热]|[高低][烧热])[,，、\s]{1,2}(?:体温)?最高(?:达|到|体温)?"
            r"|体温|核心(?:体)?温度?|[腋肛耳额口]温|发[烧热]|[高低][烧热]|热峰|烧[到至]|(?<![退燃灼])烧",
            r"temp(?:erature)?s?|Tmax|fevers?|febrile|pyrexia|(?-i:T)(?=\s?[:：=]?\s?\d{2,3}\.\d)",
        ),
        (
            Unit("℃", r"℃|°\s?C|摄氏度|度(?!数)|degrees? C(?:elsius)?|(?:deg|o)\s?C|Celsius|C", (28, 43.5)),
            Unit("℉", r"℉|°\s?F|华氏度?|degrees? F(?:ahrenheit)?|Fahrenheit|F", (85, 110), 5 / 9, 32),
        ),
        (25, 43.5),
        (
            Limit("高热", "high fever", "≥", 39.1),
            Limit("发热", "fever", "≥", ((1, 37.5), (inf, 37.3)), "zh"),
            Limit("发热", "fever", "≥", 38.0, "en"),
            Limit("低体温", "hypothermia", "<", ((NEONATE, 36.0), (inf, 35.0))),
        ),
        weak="(?-i:T)", unless=r"ICD(?:-10)?\W{0,2}$", neutral="degrees?|deg|°", blood=False, swings=True,
    ),
    # WHO (hypoxaemia under 90 %); BTS guideline for oxygen 2017 (target from 94 %).
    Quantity(
        "oxygen saturation", "血氧饱和度", "oxygen saturation",
        (
            "(?:血|指脉?|脉)?氧饱和度?|血氧|指脉?氧",
            r"Sp[O0]2|SaO2|(?:O2|oxygen) sat(?:uration)?s?|pulse ox(?:imetry)?|sats|sat(?:ting|urating)|"
            r"saturations?(?= (?:of|is|was|at)\b)",
        ),
        (Unit("%", "%|percent", (50, 100)), Unit("1", "(?!)", (0.5, 1), 100)),
        (30, 100),
        (
            Limit("低氧血症", "hypoxaemia", "<", 90),
            Limit("血氧饱和度下降", "low oxygen saturation", "<", 94),
        ),
        weak="sat|saturation", unless=r"(?:静脉|脑|iron |transferrin |venous |mixed |cerebral )$", blood=False,
    ),
    Quantity(
        "blood pressure", "血压", "blood pressure",
        ("(?:高压|收缩压)/(?:低压|舒张压)|血压", r"BP|NIBP|ABP|blood pressures?"),
        MMHG, (20, 300), (), unless=r"(?:肺|眼|pulmonary )$", blood=False,
    ),
    Quantity(
        "systolic pressure", "收缩压", "systolic pressure",
        ("收缩压|高压", r"SBP|systolic(?: blood)?(?: pressures?| BPs?)?|systolics"),
        MMHG, (40, 300), _SYSTOLIC, unless=r"(?:肺动脉|pulmonary (?:artery )?|PA |RV |LV )$", blood=False,
    ),
    Quantity(
        "diastolic pressure", "舒张压", "diastolic pressure",
        ("舒张压|低压", r"DBP|diastolic(?: blood)?(?: pressures?| BPs?)?|diastolics"),
        MMHG, (20, 200), _DIASTOLIC, unless=r"(?:肺动脉|pulmonary (?:artery )?|PA |RV |LV )$", blood=False,
    ),
    # Children: PALS, APLS. Adults: 诊断学, 9th ed.; AHA ACLS.
    Quantity(
        "heart rate", "心率", "heart rate",
        ("心率|心室率|脉搏|脉率|心跳", r"(?-i:HR)|heart ?rates?|ventricular rate|pulse(?: rate)?|heart ?beats?"),
        (Unit("/min", _PER_MIN, (20, 300)),), (20, 300),
        (
            Limit("心动过速", "tachycardia", ">", (
                (NEONATE, 205), (1, 190), (2, 150), (5, 140), (12, 120), (inf, 100),
            )),
            Limit("心动过缓", "bradycardia", "<", ((1, 90), (3, 80), (6, 65), (12, 58), (18, 50), (inf, 60))),
        ),
        weak="hr|(?-i:P)|脉", unless=r"(?:胎儿?|[Ff]o?etal |最大|目标|max(?:imum|imal)? |target )$", unit_zh="次/分",
        blood=False,
    ),
    # Children: PALS, WHO. Adults: 诊断学, 9th ed. (over 20); slow at any age: PALS.
    Quantity(
        "respiratory rate", "呼吸", "respiratory rate",
        ("呼吸(?:频率|次数)?", r"(?-i:RR)|resp(?:iratory|iration)?s?(?: rate)?|breathing rate|breathing(?= (?:at )?\d+ ?(?:/|a |per ))"),
        (Unit("/min", _PER_MIN, (4, 120)),), (3, 150),
        (
            Limit("呼吸急促", "tachypnoea", ">", ((1 / 6, 60), (1, 53), (5, 40), (6, 28), (12, 25), (inf, 20))),
            Limit("呼吸减慢", "bradypnoea", "<", 10),
        ),
        weak="rr|(?-i:R)", unit_zh="次/分", blood=False,
    ),
    # Diabetes UK/ADA Standards of Care 2024: random 11.1, fasting 7.0, low 3.9 mmol/L; children ISPAD 2022; newborns
    # 实用新生儿学, 5th ed.
    Quantity(
        "空腹血糖", "空腹血糖", "fasting glucose", ("空腹(?:血糖|葡萄糖)", "(?!)"), _glucose(39.9), (0.3, 90),
        _sugar(7.0), swings=True,
    ),
    Quantity(
        "fasting glucose", "空腹血糖", "fasting glucose",
        ("(?!)", r"(?-i:FPG|FBG|FBS)|fasting (?:plasma |blood )?(?:glucose|sugars?)"), _glucose(25), (0.3, 90),
        _sugar(7.0), swings=True,
    ),
    Quantity(
        "血糖", "血糖", "glucose",
        ("(?:随机|餐后|末梢|指尖|手指|静脉|即刻)?血糖", r"(?-i:BM)(?=\W{0,3}(?:of |is |was )?\d{1,2}\.\d)"),
        _glucose(39.9), (0.3, 90), _sugar(11.1), weak="(?-i:BM)", swings=True,
    ),
    Quantity(
        "glucose", "血糖", "glucose",
        (
            "(?!)",
            r"(?:blood |plasma |serum |capillary |random |finger ?stick )*(?:glucose|blood sugars?)|(?-i:RBS|BSL|BGL?|CBG)",
        ),
        _glucose(25), (0.3, 90), _sugar(11.1),
        weak="葡萄糖|glu|sugar", unless=r"(?:[%尿]\s?|urin\w+ |csf )$", swings=True,
    ),
    # ADA Standards of Care 2024.
    Quantity(
        "HbA1c", "糖化血红蛋白", "HbA1c",
        ("糖化血红蛋白|糖化", "(?:Hb ?)?A1c|gly(?:cat|cosylat)ed ha?emoglobin"),
        (Unit("%", "%|percent", (3, 19.9)), Unit("mmol/mol", "mmol/mol", (20, 200), 0.0915, -23.5)), (3, 22),
        (Limit("糖化血红蛋白升高", "raised HbA1c", "≥", 6.5),),
    ),
    # WS/T 405-2012 (3.5-9.5) and English 4-11; children: Dallman, in Rudolph's Pediatrics (Harriet Lane Handbook).
    Quantity(
        "white cells", "白细胞", "white cells",
        (
            "(?<!尿)白细胞(?:计数|总数|数)?|(?<!尿)白血球|血象",
            r"WBCs?|WCC|white (?:blood )?cells?(?: count)?|white (?:blood )?count|leu[ck]ocytes?(?: count)?|TLC",
        ),
        _counts(0.05, 450), (0.01, 900),
        (
            Limit("白细胞升高", "leukocytosis", ">", ((NEONATE, 34), (2, 19.5), (6, 17), (13, 14.5), (18, 13.5), (inf, 11))),
            Limit("白细胞减少", "leukopenia", "<", 3.5),
        ),
        unless=r"(?:尿|urin\w+ |csf |stool |f(?:a?e)cal )$",
    ),
    # 血液病诊断及疗效标准, 4th ed.: under 1.5, in the first year 1.0.
    Quantity(
        "neutrophils", "中性粒细胞", "neutrophils",
        ("中性粒细胞(?:绝对)(?:计数|值|数)", r"(?-i:ANC)|absolute neutrophil count"),
        _counts(0.01, 60), (0, 100),
        (Limit("中性粒细胞减少", "neutropenia", "<", ((1, 1.0), (inf, 1.5))),),
        weak=r"中性粒细胞(?:计数)?|neutrophils?(?: count)?|neuts?",
    ),
    # Sex is not known here: women's limit (血液病诊断及疗效标准, 4th ed.: 110; WHO 120). Infants: 诊断学, 儿科学 9th ed.
    Quantity(
        "haemoglobin", "血红蛋白", "haemoglobin",
        ("(?<![化铁离均])血红蛋白|血色素", r"Hb|Hgb|ha?emoglobin"),
        (Unit("g/L", r"g\s?/\s?L", (25, 260)), Unit("g/dL", r"gm?\s?/\s?dL|gm?\s?%", (2, 24), 10)), (15, 280),
        (Limit("贫血", "anaemia", "<", ((NEONATE, 130), (0.5, 90), (inf, 110))),),
        unless=r"(?:平均(?:红细胞)?|游离|(?:mean|cell|corpuscular|free|f(?:o?e)tal|glycated|urin\w+) )$", neutral="gm?",
    ),
    # Under 100: 血液病诊断及疗效标准, 4th ed.; IWG 2009. Over 450: WHO 2016; children have more.
    Quantity(
        "platelets", "血小板", "platelets",
        ("血小板(?:计数|数)?", r"PLTs?|platelets?(?: count)?"),
        _counts(1, 1500), (0.5, 4000),
        (
            Limit("血小板减少", "thrombocytopenia", "<", 100),
            Limit("血小板增多", "thrombocytosis", ">", ((18, 600), (inf, 450))),
        ),
    ),
    # Definitions in use in both languages (内科学, 9th ed.; KDIGO, ERBP), newborns: 实用新生儿学, 5th ed.
    Quantity(
        "potassium", "血钾", "potassium",
        (rf"血清?钾|钾离子|{_ALONE}钾(?=[\s:：为是]{{0,3}}\d\.\d)", r"potassium|(?-i:K)\+|(?-i:K)(?=(?:\W|is|was|of|at){0,5}\d\.\d)"),
        (Unit("mmol/L", r"(?:mmol|mEq)\s?/\s?L|mM|mmol|mEq(?=/L)", (1.2, 11)),), (1, 12),
        (
            Limit("高钾血症", "hyperkalaemia", ">", ((NEONATE, 6.5), (1, 6.0), (inf, 5.5))),
            Limit("低钾血症", "hypokalaemia", "<", 3.5),
        ),
        weak="k|钾", unless=r"(?:vit(?:amin)?\.? ?|维生素|维|化|补|尿|urin\w+ |唑|酸)$",
    ),
    Quantity(
        "sodium", "血钠", "sodium",
        (rf"血清?钠|钠离子|{_ALONE}钠(?=[\s:：为是]{{0,3}}1\d\d(?!\d))", r"sodium|(?-i:Na|NA)\+?"),
        (Unit("mmol/L", r"(?:mmol|mEq)\s?/\s?L|mM|mmol", (95, 200)),), (90, 210),
        (Limit("低钠血症", "hyponatraemia", "<", 135), Limit("高钠血症", "hypernatraemia", ">", 145)),
        weak="na|钠", unless=r"(?:化|补|尿|酸|urin\w+ )$",
    ),
    # Total calcium: WS/T 404.6-2015 (2.11-2.52) and English 2.1-2.65; under 1.4 it may as well be ionised.
    Quantity(
        "calcium", "血钙", "calcium",
        ("血清?总?钙|总钙", r"(?:total |serum |corrected )?calcium|(?-i:Ca)(?:\s?2\+|\+\+)|(?-i:Ca)(?=(?:\W|is|was|of|at){0,5}\d+\.\d)"),
        _mass(0.2495, (1.4, 4.9), (5.6, 19)), (1.4, 5.5),
        (
            Limit("高钙血症", "hypercalcaemia", ">", ((2, 2.8), (inf, 2.65))),
            Limit("低钙血症", "hypocalcaemia", "<", ((NEONATE, 1.8), (inf, 2.1))),
        ),
        weak="ca|钙", unless=r"(?:尿|离子|游离|补|i|ioni[sz]ed |urin\w+ |oral )$",
    ),
    # WS/T 404.5-2015 (men to 111 μmol/L, 9.5 mmol/L), English 1.3 and 25 mg/dL; children over WS/T 780-2021 (to 66).
    Quantity(
        "creatinine", "肌酐", "creatinine",
        ("(?<!尿)血?清?肌酐", r"(?:serum )?creatinine|creat|(?-i:s?Cr|SCr|Scr|CREA?)"),
        _mass(88.42, (25, 2500), (0.2, 15), "μmol/L"), (10, 3000),
        _raised("肌酐", "creatinine", ((NEONATE, 115), (13, 75), (inf, 115))),
        weak="cr", unless=r"(?:尿|随机|urin\w+ )$",
    ),
    Quantity(
        "urea", "尿素氮", "urea",
        ("(?:血清?)?尿素氮?", r"(?:blood )?urea(?: nitrogen)?|BUN"),
        _mass(0.357, (1, 100), (4, 250)), (0.5, 120),
        _raised("尿素氮", "urea", 9.5),
        unless=r"(?:尿|urin\w+ )$",
    ),
    # 中国高尿酸血症与痛风诊疗指南 2019 (420 μmol/L, 7 mg/dL; both sexes).
    Quantity(
        "uric acid", "尿酸", "uric acid",
        ("血?清?尿酸", r"(?:serum )?uric acid|(?:serum )?urate"),
        _mass(59.48, (60, 2000), (0.5, 30), "μmol/L"), (30, 2500),
        _raised("尿酸", "uric acid", 420),
        weak="(?-i:UA)", unless=r"(?:尿|urin\w+ )$",
    ),
    # WS/T 404.1-2012 (40-50), Mayo Clinic Laboratories (ALT 55, AST 48); newborns and infants have up to twice that.
    Quantity(
        "transaminases", "转氨酶", "transaminases",
        ("转氨酶", r"(?:ALT/AST|AST/ALT)|transaminases?"),
        (Unit("U/L", r"I?U\s?/\s?(?:L|ml)|U", (1, 30000)),), (1, 50000),
        (Limit("转氨酶升高", "raised liver enzymes", ">", ((1, 110), (inf, 55))),),
    ),
    Quantity(
        "ALT", "丙氨酸氨基转移酶", "ALT",
        ("谷丙转氨酶|丙氨酸氨基转移酶|谷丙", r"ALT|S?GPT|alanine (?:amino)?transaminase|alanine aminotransferase"),
        (Unit("U/L", r"I?U\s?/\s?(?:L|ml)|U", (1, 30000)),), (1, 50000),
        (Limit("转氨酶升高", "raised liver enzymes", ">", ((1, 110), (inf, 55))),),
    ),
    Quantity(
        "AST", "天门冬氨酸氨基转移酶", "AST",
        ("谷草转氨酶|天门?冬氨酸氨基转移酶|谷草", r"AST|S?GOT|aspartate (?:amino)?transaminase|aspartate aminotransferase"),
        (Unit("U/L", r"I?U\s?/\s?(?:L|ml)|U", (1, 30000)),), (1, 50000),
        (Limit("转氨酶升高", "raised liver enzymes", ">", ((1, 100), (2, 60), (inf, 50))),),
    ),
    # WS/T 404.4-2018 (men to 26); newborns: 儿科学, 9th ed. (221 μmol/L at term).
    Quantity(
        "bilirubin", "总胆红素", "bilirubin",
        (
            "总胆红素|(?<![接合尿])胆红素",
            r"total bili(?:rubin)?|bilirubin|bili|T\.?[- ]?Bili?(?:rubin)?|STB|TSB",
        ),
        _mass(17.1, (3, 900), (0.1, 45), "μmol/L"), (1, 1000),
        _raised("胆红素", "bilirubin", ((NEONATE, 221), (inf, 26))),
        unless=r"(?:(?:un|in)?(?:direct|conjugated) |尿|间接|直接|urin\w+ )$",
    ),
    # WS/T 404.8-2015 (135 U/L); lipase differs between assays, the highest upper limit in use is 300.
    Quantity(
        "amylase", "淀粉酶", "amylase",
        ("(?<!尿)血?清?淀粉酶", r"(?:serum )?amylase|(?-i:AMY)"),
        (Unit("U/L", r"I?U\s?/\s?(?:L|dl)|U", (1, 30000)),), (1, 50000),
        _raised("淀粉酶", "amylase", 135), unless=r"(?:尿|urin\w+ )$",
    ),
    Quantity(
        "lipase", "脂肪酶", "lipase",
        ("血?清?脂肪酶", r"(?:serum )?lipase"),
        (Unit("U/L", r"I?U\s?/\s?L|U", (1, 60000)),), (1, 99999),
        _raised("脂肪酶", "lipase", 300),
    ),
    # 感染相关生物标志物临床意义解读专家共识 2017: CRP 10 mg/L, procalcitonin 0.5 ng/mL (high in healthy newborns).
    Quantity(
        "CRP", "C反应蛋白", "CRP",
        ("超?敏?C-?\\s?反应蛋白", r"(?:hs-?)?CRP|C[- ]reactive protein"),
        (Unit("mg/L", r"mg\s?/\s?L|[uμ]g\s?/\s?ml", (0, 700)), Unit("mg/dL", _MG_DL, (0, 60), 10)), (0, 900),
        (Limit("C反应蛋白升高", "raised CRP", ">", 10),),
    ),
    Quantity(
        "procalcitonin", "降钙素原", "procalcitonin",
        ("降钙素原", r"procalcitonin|(?-i:PCT)"),
        (Unit("ng/mL", r"ng\s?/\s?ml|[uμ]g\s?/\s?L", (0, 400)),), (0, 1000),
        (Limit("降钙素原升高", "raised procalcitonin", ">", ((NEONATE, _NEVER), (inf, 0.5))),),
    ),
    # Westergren, women over 50: Böttiger and Svedberg 1967.
    Quantity(
        "ESR", "血沉", "ESR",
        ("血沉|红细胞沉降率", r"ESR|sed rate|erythrocyte sedimentation rate"),
        (Unit("mm/h", r"mm\s?/\s?(?:1\s?)?(?:h(?:r|our)?|小时)|mm", (0, 170)),), (0, 200),
        (Limit("血沉增快", "raised ESR", ">", 30),),
    ),
    # Sepsis-3 (Singer 2016); 内科学, 9th ed.
    Quantity(
        "lactate", "乳酸", "lactate",
        ("(?:血|动脉)?乳酸", r"(?:serum |blood |venous |arterial )?lactate|lactic acid"),
        (Unit("mmol/L", _MMOL, (0.2, 30)), Unit("mg/dL", _MG_DL, factor=0.111)), (0.1, 40),
        _raised("乳酸", "lactate", 2),
        weak="(?-i:Lac|LAC)", unless=r"(?:尿|脑脊液|csf |ringer'?s? )$",
    ),
    # Over the 99th percentile of the assays in use (IFCC C-CB): T 14 ng/L, I up to about 50 ng/L.
    Quantity(
        "troponin T", "肌钙蛋白T", "troponin T",
        ("(?:超敏|高敏)?肌钙蛋白-?T", r"(?:hs-?)?c?TnT|(?:high[- ]sensitivity )?(?:cardiac )?trop(?:onin)?[- ]?T"),
        (
            Unit("ng/L", r"ng\s?/\s?L|pg\s?/\s?ml", (2, 100000)),
            Unit("ng/mL", r"ng\s?/\s?ml|[uμ]g\s?/\s?L", (0, 25), 1000),
        ),
        (0, 10**6),
        (Limit("肌钙蛋白升高", "raised troponin", ">", ((1, _NEVER), (inf, 14))),),
    ),
    Quantity(
        "troponin", "肌钙蛋白", "troponin",
        ("(?:超敏|高敏)?肌钙蛋白-?I?", r"(?:hs-?)?c?TnI|(?:high[- ]sensitivity )?(?:cardiac )?trop(?:onin)?s?(?:[- ]?I)?"),
        (
            Unit("ng/L", r"ng\s?/\s?L|pg\s?/\s?ml", (2, 100000)),
            Unit("ng/mL", r"ng\s?/\s?ml|[uμ]g\s?/\s?L", (0, 100), 1000),
        ),
        (0, 10**6),
        (Limit("肌钙蛋白升高", "raised troponin", ">", ((1, _NEVER), (inf, 50))),),
    ),
    # ESC 2019 (pulmonary embolism): 500 ng/mL; not by age.
    Quantity(
        "D-dimer", "D-二聚体", "D-dimer",
        ("D-?\\s?二聚体", r"D[- ]?dimers?"),
        (
            Unit("mg/L", r"mg\s?/\s?L(?:\s?FEU)?|[uμ]g\s?/\s?ml(?:\s?FEU)?", (0, 100)),
            Unit("ng/mL", r"ng\s?/\s?ml(?:\s?FEU)?|[uμ]g\s?/\s?L(?:\s?FEU)?", (20, 100000), 0.001),
        ),
        (0, 300),
        _raised("D-二聚体", "D-dimer", 0.5),
    ),
    # ESC heart failure 2021: acute, NT-proBNP 300 and BNP 100 pg/mL; infants have more.
    Quantity(
        "NT-proBNP", "NT-proBNP", "NT-proBNP",
        ("N端脑钠肽前体|N末端B?型?脑?利?钠肽(?:前体|原)", r"(?:NT-?)?pro-?BNP|NT-?BNP"),
        (Unit("pg/mL", r"pg\s?/\s?ml|ng\s?/\s?L", (5, 100000)),), (0, 10**6),
        _raised("NT-proBNP", "NT-proBNP", ((1, _NEVER), (inf, 300))),
    ),
    Quantity(
        "BNP", "BNP", "BNP",
        ("脑钠肽|B型(?:利钠|钠尿)肽", "BNP"),
        (Unit("pg/mL", r"pg\s?/\s?ml|ng\s?/\s?L", (5, 100000)),), (0, 10**6),
        _raised("BNP", "BNP", ((1, _NEVER), (inf, 100))),
    ),
    # Acute liver failure (EASL 2017): 1.5.
    Quantity(
        "INR", "INR", "INR", ("国际标准化比值", "INR"), (Unit("", "(?!)", (0.5, 25)),), (0.5, 30),
        (Limit("INR升高", "raised INR", ">", 1.5),),
    ),
    # Urine has one decimal as a rule and goes by halves on a dipstick, blood two.
    Quantity(
        "pH", "pH", "pH", ("(?<!尿)酸碱度", r"pH(?=\W{0,4}(?:of |is |was |为)?(?:[67]\.\d\d|7\.[1-46-9](?!\d)))"),
        (Unit("", "(?!)", (6.6, 7.9)),), (6.5, 8),
        (Limit("酸中毒", "acidosis", "<", 7.35), Limit("碱中毒", "alkalosis", ">", 7.45)),
        weak="pH", unless=r"(?:[尿胸腹]液?水?|积液|胃|阴道|分泌物|白带|唾液|皮肤|urin\w+ |vaginal |gastric |o?esophageal |skin |fluid |pleural |ascitic )$",
    ),
    # ATA/AACE 2012 with the widest limits of common assays; newborns: ESPE/AAP 2020, 2023.
    Quantity(
        "TSH", "TSH", "TSH", ("促甲状腺(?:激)?素", r"TSH|thyroid[- ]stimulating hormone|thyrotropin"),
        (Unit("mIU/L", r"m?[uμ]?I?U\s?/\s?(?:m?L)", (0, 1000)),), (0, 2000),
        (
            Limit("TSH升高", "raised TSH", ">", ((NEONATE, 20), (1, 10), (inf, 5.0))),
            Limit("TSH降低", "low TSH", "<", 0.27),
        ),
    ),
    # Teasdale and Jennett 1974, 1976.
    Quantity(
        "GCS", "GCS", "GCS",
        (
            "格拉斯哥昏?迷?(?:评分|量表|指数)*(?:\\(GCS\\))?|GCS评?分?|昏迷评分",
            r"GCS(?: score)?|Glasgow(?: coma)?(?: scale| score)*",
        ),
        (Unit("", r"(?:/|out of)\s?15|分|points?", (3, 15)),), (3, 15),
        (Limit("昏迷", "coma", "≤", 8), Limit("意识障碍", "impaired consciousness", "<", 15)),
        blood=False,
    ),
    # WHO 2000 (30; WS/T 428-2013: 28); under 18 years it takes a chart.
    Quantity(
        "BMI", "BMI", "BMI", ("体[重质]指数", "BMI|body mass index"),
        (Unit("kg/m²", r"kg\s?/\s?(?:m\^?2|㎡|平方米)", (9, 90)),), (9, 120),
        (
            Limit("肥胖", "obesity", "≥", ((18, _NEVER), (inf, 30))),
            Limit("消瘦", "underweight", "<", ((18, -_NEVER), (inf, 18.5))),
        ),
        blood=False,
    ),
)  # fmt: skip
