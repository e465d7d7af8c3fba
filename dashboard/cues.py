"""The words findings.py goes by: regular expressions for folded text (NFKC, simplified characters, lower case).

In a block a line is an alternative, and goes on in the next after a backslash. English blocks stand between word
boundaries, Chinese ones and marks as they are. What could repeat without end is bounded, so that no input is slow.
"""

import re

_N = r"(?:\d{1,4}(?:\.\d{1,2})?(?:[-~至到]\d{1,4})?|[一二两三四五六七八九十半几数多百]{1,4})"
_EN_N = (
    r"(?:half(?: an?)?|\d{1,4}(?:\.\d)?(?:(?:-| to )\d{1,3})?|an?|one|two|three|four|five|six|seven|eight|nine|ten|several|many"
    r"|(?:a )?few|(?:a )?couple of)"
)
_SPAN = r"(?:(?:minute|min|hour|hr|day|night|week|wk|month|year|yr)s?|mo|mths?)"

# Who is not the patient. Children are not among them: who writes of a child, writes for it.
_KIN = (
    r"(?:爸妈|爸爸?|妈妈?|其[父母兄姐弟妹]亲?|父亲|母亲|父母|老爸|老妈|爷爷|奶奶|外公|外婆|姥姥|姥爷|外?祖父|外?祖母|兄弟|姐妹|哥哥?"
    r"|姐姐?|弟弟?|妹妹?|叔叔?|姑姑?|舅[舅妈]|伯[伯父母]|阿姨|[大二三小]?[姨舅伯姑]妈?|[表堂][哥姐弟妹兄]|老公|老婆|丈夫|妻子|爱人"
    r"|家里有人|家里?人|全家人?|同事|同学|室友|邻居)"
)
_EN_KIN = (
    r"(?:(?:grand)?(?:father|mother|dad|mum|mom|parents?)|gran(?:dad|dpa|dma|ny)?|nan|brothers?|sisters?|siblings?|twin"
    r"|uncles?|aunt(?:ie)?s?|cousins?|husband|hubby|wife|partner|boyfriend|girlfriend|(?:flat|room)-?mates?"
    r"|co-?workers?|colleagues?|neighbou?rs?)"
)
_EN_KINFOLK = rf"{_EN_KIN}(?: and (?:(?:his|her|my|one|two|three) )?{_EN_KIN})?"
_EN_SITE = (
    r"(?:hands?|feet|foot|fingers?|toes?|arms?|legs?|face|neck|eyes?|ears?|nose|mouth|lips|tongue|palms?|soles?|hips?"
    r"|head|chest|back|shins?|thighs?|knees?|ankles?|wrists?|elbows?|shoulders?|scalp|trunk|nails?|skin|belly|abdomen"
    r"|stomach|groin|buttocks|perineum|left|right|throat)"
)
_EN_GOT = (
    r"(?:has|have|had|got|gets|caught|died|needs|suffer(?:s|ed)|used to have|tested positive|(?:was |were )?diagnosed)"
    r"(?: (?:had|got|also|of|from|with|for|diagnosed)){0,2}"
)
# Where an item can end: 无尿 and 无尿3天, but not 无尿频.
_ENDS = (
    r"(?=$|[^\u4e00-\u9fffa-z]|[症性了的伴并和与及或但也且已约近超共半两三四五六七八九十几多无没就]|一(?!过|阵|[^\u4e00-\u9fff天日周个月年夜晚])"
    r"|同时|持续|导致|昏迷)"
)
_EN_ENDS = (
    r"(?=\s*(?:$|[^a-z0-9\s'-]|\d|-\s|(?:and|or|nor|but|for|since|in|on|at|to|of|over|today|yesterday|tonight|now|this"
    r"|after|from|when|with|because|either|noted|felt|detected|seen|heard|palpable|passed|all|so|which"
    r"|while|then|left|until)(?![a-z])))"
)
# Without these one is dying or stopped up: their lack is a finding, the denial of other things is none.
_VITAL = r"(?:自主)?呼吸音?|[大动桡颈足]{0,4}脉?搏动?|脉|心跳|胎?心音?|意识|知觉|胎动|排[气便]|放屁|肠鸣音|[大小]便|尿|月经|例假|反应|力气"
_EN_VITAL = (
    r"(?:(?:spontaneous|palpable|radial|carotid|femoral|pedal|distal|peripheral|audible|f(?:o)?etal|verbal|pupillary) )?"
    r"(?:responses?|urine(?: output)?|wee|poo|stools?|bowel (?:movements?|sounds)|pulses?|power|sensation|memory|air entry"
    r"|breath sounds|breathing|breaths?|respirations?|respiratory effort|heart ?beats?|heart sounds|consciousness|wet (?:nappy|nappies|diapers?)"
    r"|signs of life|reflex(?:es)?|movements?|flatus|voice|eye contact|speech|milk|periods?|circulation)"
)
# Illnesses that run in families: told of a relative, they are not what a text is about.
_ILLS = r"(?:(?:高|低)血压|高血[脂糖]|[病癌瘤]|癫痫|哮喘|青光眼|白血病|肝炎|肝硬化|结核|卒中|中风|[心脑]梗|抑郁|精神分裂|过敏|痛风|近视)"
_EN_ILLS = (
    r"(?:\w{0,12}cancers?|\w*disease|diabetes|t[12]dm|heart attack|strokes?|mi|asthma|eczema|psoriasis|hypertension"
    r"|high blood pressure|lupus|sle|epilepsy|glaucoma|\w+aemia|\w+emia|\w+(?:oma|osis)|arthritis|schizophrenia"
    r"|depression|dementia|alzheimer's|parkinson's|gout|copd|migraines?|af|coeliac|celiac|crohn's|colitis)"
)
# "not ..." is the finding itself with these.
_EN_FAILING = (
    r"(?:(?:eat|drink|sleep|feed|heal|improv|respond|breath|mov|wak|work|talk|speak|walk|settl|pass|pee|wee|poo|grow"
    r"|gain|tolerat|hold|open|clos|go|gett|feel|concentrat|focus|cop|mak|keep|tak|stopp|sit|stay|cry|latch|gripp)ing"
    r"|eat|drink|sleep|feed|heal|improve|respond|breathe|move|wake|work|talk|speak|walk|settle|pass(?! out)|pee|wee|poo|go|get"
    r"|stop|keep|make|want|concentrate|focus|remember|recogni[sz]e|see|hear|look|fit|bear|stand|taste|smell|cry|open"
    r"|close|know|stay|help|shift|returned|come|gone|stopped|healed|improved|settled|resolved|passed|eaten|slept|moved"
    r"|fed|opened|(?:fully )?vaccinated|pooed|peed|weed|able|well|right|enough|much|good|great|himself|herself|myself"
    r"|relieved|controlled|straight|had (?:an? |any )?(?:wet|bowel|poo|wee|periods?))"
)

MARKS = {
    "absent_after": r"""
        (?<=[a-z\u4e00-\u9fff])\s?[-－−](?=\s?(?:$|[,;.。]))
        \?\s?(?:没有|[无没否]|不是?|no|nope|none|nil)(?=\s?(?:$|[,;.。\n]))
        \(\s?(?:[-－−—–]|无|否)\s?\)|\(-ve\)
        (?<=\w)\s?:\s?(?:无|否|没有|no|none|nil|neg|negative)\s?(?=$|[,.;)、。\n])
        """,
    "present_after": r"\(\s?\+{1,4}\s?\)|\(\+ve\)|\?\s?(?:有|是的?|yes|yep)(?=\s?(?:$|[,;.。\n]))",
    "no_fever": r"(?<![a-z])(?:afebrile|apyrexial|apyretic)(?![a-z])|(?<!发)[热烧]退(?!不)",
    # -fever, +cough, -ve fever
    "minus": r"(?<![^\s,;(])[-−](?:ve\s)?(?=\s?[a-z\u4e00-\u9fff])(?!ve\s)",
    "plus": r"(?<![^\s,;(])\+(?:ve\s)?(?=\s?[a-z\u4e00-\u9fff])(?!ve\s)",
    "uncertain": r"(?<!\S)\?\s?(?=[a-z\u4e00-\u9fff])",
    "end": r"[。!;\n\r]|\.(?=\s|$)|(?<=[\u4e00-\u9fff)])\.(?=[\u4e00-\u9fff])",
    "question": r"\?{1,8}",
    "colon": r":(?!\s?\d{1,3}(?:\.\d)?\s?(?:[/%°度次]|mmhg|bpm|$|[,;。)]|\.(?:\s|$)))",
    "comma": r"""
        (?<!\d),|,(?!\d{3}(?!\d))|(?<![,;])\s[-–—]{1,2}\s|—{1,3}|→
        (?<=[\u4e00-\u9fff])\s{1,3}(?=[\u4e00-\u9fff])|(?<=\S)\s{1,3}\d{1,2}[.)](?=[^\d\s])
        """,
    "list": r"""
        、|(?<=\s)[&/+](?=\s)|(?<=[a-z]{3})/(?=(?!min|day|hour|week|sec)[a-z]{3})
        (?<=[\u4e00-\u9fff])(?<!次)/(?=[\u4e00-\u9fff])
        """,
}

ZH = {
    # Two negatives: it is there.
    "double": r"不能说[不没]有?|不是说?(?:不(?!舒服|想|清)|没有?)|并非(?:无|没有|不)",
    # Verbs that tell: a scope closes.
    "told": r"""
        (?:突然|逐渐|反复|再次|开始)?出现(?!的)[了过]?|(?:主要)?表现为|引起|导致|因为|由于
        (?:可|均可|能)?[触扪闻][及到]|提示|显示|可见|查见|发现有?|(?<![主投])诉|(?:医生|大夫|[彩b]超|ct|核磁|检查)说(?!话)|说(?=[我他她]|孩子|其)
        (?:入院|临床|初步)?(?:确诊|诊断)(?:为|是|有)?(?![不标性])
        """,
    # Says nothing about a finding.
    "void": r"""
        无(?:明显|任何|特殊)?的?(?:诱因|原因)[地下]?|无缘无故|莫名其妙|不明原因[的地]?|原因不明的?
        (?:吃|服|用)[了过着]?[^,。]{0,6}药[也都后]?[没不无]有?(?:什么|啥)?(?:缓解|用|效果?|好转|见好|管用)
        [与和跟][^,、。]{1,8}无(?:明显)?关|不(?:仅|但|只)(?!是)|不知道?(?:怎么|为什么|咋)(?:回事|搞的)?
        """,
    # Negatives that are the finding itself, and cues that are part of another word.
    "keep": rf"""
        (?:[并均都也]?无|没有?(?:什么|啥|一点|任何)?)(?:{_VITAL}){{1,2}}{_ENDS}
        (?<=呼吸|吸音|脉搏|搏动|鸣音|心跳|心音|胎心|胎动|意识|知觉|排气|排便|大便|小便|月经|例假|力气|胃口|精神)[也都均]?(?:没有?|无)了?(?=$|[,。;、])
        (?<=吸音|脉搏|搏动|鸣音|心音|胎心|胎动)(?:均|都)?(?:未|没有?)(?:触|闻|扪|听|摸|测|探)?[及到](?=$|[,。;、])
        没有?(?=解(?!放)|排(?!除)|来(?!过?医)|拉过?(?:大便|屎|$|[,。])|吃(?!过?[^,。]{{0,3}}药|坏)|喝(?!酒)|醒|动静)
        无(?:丙|β|法(?![洛布])|精打采|休止|菌|名|虹膜|功能|张力|欲|害性|自主神经)
        无(?:力|痛(?!苦)|汗|神|牙|泪|眠|乳|排卵|嗅觉?|脑|肛|味觉?){_ENDS}|(?<=[\u4e00-\u9fff])无力(?!症)|无力|无痛性
        无(?:明显)?(?:缓解|好转|效|改善|减轻|变化){_ENDS}|先天性无
        没有?(?:什么|啥|多少|一点|了)?(?:用|这样|来得及|停|注意|好转|缓解|效果|法|改善|完|退|睡[着好够醒觉])
        没有?(?:什么|啥|多少|一点|了)?(?:事|问题|毛病|坏|精神|力气?|胃口|食欲|劲|眼泪|睡){_ENDS}|没(?:精神|力气|胃口|食欲|劲)(?=[吃喝做干说走动起站])
        没(?!有)(?=[^,。]{{1,6}}就)|像[^,。]{{1,12}}(?:一样|似的|那样)|好像[^,。]{{1,12}}(?:一样|似的|那样)|又[^又,]{{1,2}}又(?:[^又,]{{1,2}}又)?
        家族性|疑(?:病|难|虑|心)|多疑|猜疑|反复|或许|[波涉危普]及|及时|合并症|(?:大|小)便|[温缓平暖柔饱]和|并发症
        (?<![\u4e00-\u9fff])(?:个人|婚育|月经|过敏|生育)史
        """,
    "absent_after": r"""
        (?:均|都|皆|亦|呈|为)?阴性(?!症)
        未(?:引出|触及|闻及|扪及|见)(?=$|[,。;)、])
        (?:均|都|皆)(?:未见|无|没有|否认|不明显)(?=$|[,。;)])
        (?<=[^,。;:现])[也都倒均](?:没有?|无)过?(?=$|[,。;])|(?<=[^,。;:现在])没有?(?=$|[,。;])
        (?<=[热烧])(?:已经?|都|完全|基本)?退了?(?=$|[,。;、])
        (?:已经?|基本)?被?(?:排除|除外)了?(?=$|[,。;)、])
        """,
    "uncertain_after": r"""
        待排除?|待除外|待鉴别|不能?(?:除外|排除)(?=$|[,。;)、])
        的?可能性?(?:[比较很最]{1,2})?[大高]?(?=$|[,。;)、])|的可能性?(?:[比较很最]{1,2}[大高])?
        """,
    "historical_after": rf"""
        (?<=术)后(?:第?{_N}个?多?(?:天|日|周|月|年|小时))?(?!出现)
        (?:(?:早|后来|现在?|目前|之后)(?:就|已经?|都)?好|(?:已经?|都|就)?(?:治好|治愈|痊愈|康复))了?(?=$|[,;。])
        """,
    "family_after": r"(?<=[\u4e00-\u9fff])(?<!否认)家族(?:遗传)?(?:病)?史(?![:有中])",
    "past_after": r"(?:疾?病)?(?<![家族])史(?!前)",
    # The rest of the sentence is no longer about the patient.
    "advice": r"""
        嘱|建议|应(?:当|该|立即|首先|首选|如何|尽快|避免|限制|注意|考虑|做|给予|及时|定期|采取|禁)|首选|忌食
        若(?![隐干虚无])|如果|如(?:有|出现|发生|遇)|一旦|注意(?:事项|休息|保暖|观察|饮食)
        患者(?:应|需|可以|宜|不宜)|需要?(?:隔离|及时|尽快|立即|定期|住院|手术)|立即就[医诊]|多见于|好发于|诊断标准|是指|又称|可?分为|禁忌|一线|适用于|要是|务必
        别(?=[吃喝等硬进光用抓挠])|不要(?=[吃喝用]|一起)|马上[来去回送就]|复查|治疗原则
        (?:常见|主要|典型|严重)?的?(?:并发症|病因|首发症状|临床表现)(?:是|为|有|包括)|常表现为
        """,
    # A question or small talk: nothing in the clause counts.
    "idle": r"""
        请问|谢谢|您好|你好|麻烦|求助|(?:医生|大夫)(?=$|[,:;。?])|能不能|可不可以|会不?会?(?:遗传|传染|复发)
        (?:怎么|如何)(?:治|预防|调理|护理|检查|用药|吃|诊断|处理|鉴别)|有哪些|是哪些|包括哪些|(?<!不知道)是什么|吃[什啥]么?
        (?:能|可以)[^,。;?]{1,12}[吗么不](?=$|[,。;?])|(?:有没有|是否有?)(?!可能)[^,。;?]{0,10}\?(?!\s?[有没无是否])
        (?:体征|表现|症状|原因|治疗|机制|特点|区别)(?:是|为|包括|有)|下列|以下哪|哪[项种个]
        没有?(?:量|测|去(?!世)|吃过?药|打过?|做过?|查|用过?药|管它?|在意|理会|当回事|处理|就诊|治疗|重视|看医生)
        """,
    # The same, but what stands before it counts: 发烧39度怎么办.
    "ask": r"""
        是?(?:怎么办|咋办|怎么回事|咋回事|怎么了|怎么弄|什么病|啥病|什么原因|什么情况|为什么|为啥|严重[吗不]|要紧吗|正常吗|有事吗)
        (?:还?需要|要|用)[^,。;?]{0,8}[吗么](?=$|[,。;?])|要不要|有必要
        """,
    # What follows is of the family, absent, uncertain ...
    "family": rf"""
        (?:^|(?<=[,。;:、\n\s]))(?:患者|其)?的?{_KIN}(?:[均都也]?(?:有|患有?|得了?)|[因是]|[死走]于)?(?=[^,、。;我没无不说]{{0,6}}(?:{_ILLS}(?!急性|发作|加重|又|突)|(?:去世|病故|过世)))
        {_KIN}因(?=[^,。;我]{{1,10}}(?:去世|病故|过世))
        家族(?:中|里|内)?史?中?有?(?:类似)?|(?<!我)(?<!我的)(?:父亲|母亲|父母|外?祖父|外?祖母|兄弟|姐妹)[均都曾亦也]?(?:有|患|携带|体健)
        我?(?:儿子|女儿|孩子|宝宝|娃|闺女)(?=[^。;]{{1,40}}[,。;]我(?:也(?![不很想担])|现在|今天|昨天|自己|开始|最近|手|身上|嗓|头))
        {_KIN}(?=:)|{_KIN}[^,、。我没无不]{{0,4}}[都均](?:有|得|是)
        {_KIN}[^,、。我没无不]{{0,6}}(?:死于|患(?!者)有?|得过|走于)
        """,
    "relative": rf"""
        (?:我|他|她|患者)?的?{_KIN}[^,、。我没无不]{{0,4}}(?:有(?![点些时])|得了?|是|查出来?|确诊为?了?|诊断为?|感染了?|中了?|阳了?)
        (?:^|(?<=[,。;:\n]))(?:我|他|她|患者)?的?{_KIN}(?![^,。]{{0,4}}[说给带让叫陪看问]|[^,。]{{0,4}}发现)
        """,
    "absent": r"""
        (?:否认|[无没]有?)(?:明显|任何)?家族(?:性|中|内)?(?:遗传)?(?:疾?病)?史|不再有?|不(?=吸烟|抽烟|饮酒|喝酒)
        否认曾?(?:有|任何)?|未(?=发[热烧])
        [均都并暂尚亦也]?未(?:见|诉|述|闻?及|触及?|扪及|发现|出现|伴|发生|再|查见|引出|累及|探及|提示|合并|有)[到有过]?(?:明显)?
        (?:从来?|[也并都就倒又]|一直|目前|暂)?没有?(?:怎么|出现|发生|见(?!红)|再|觉得|感觉|什么|啥|任何|明显)?[过到]?(?:明显)?
        [均都并从亦也又已且]?无(?:明显|任何|其他|显著|伴)?|[均都并也从亦]?不伴[有随]?
        (?:已经?)?(?:排除|除外)了?|并?不是(?![很太特非])|并非
        [也倒都又并]?不(?:觉得|感觉|感到)
        (?:一点儿?)?[也倒都又并]?不(?=发?[烧热]|咳|[痛疼呕吐痒肿喘憋晕闷红胀酸麻烫硬紫黄抖慌聋响]|[大高低](?:$|[,。;、])|流[鼻血泪涕脓]|拉(?:肚|稀|$|[,。])|血(?:$\
            |[,。])|恶心|出血|抽|怕|打(?!算)|渴|反酸|漏|哑|僵|犯)
        [也倒都又并]?不(?=[头胸腹肚腰心口耳眼鼻嗓牙手脚腿背胃][口子睛巴朵]?[痛疼晕闷胀慌麻干鸣痒酸])
        """,
    "uncertain": r"""
        似[有为](?![若])|有无|(?<!没)有没有(?!可能)
        (?:好像|似乎|仿佛|疑似|怀疑|可疑|拟诊|估计|也许|恐怕|不确定|警惕|感觉像|疑|大概|怕)(?:有|是不是|是|得了)
        好像|似乎|仿佛|疑似|怀疑|可疑|疑[为诊似]?|拟诊|估计|也许|恐怕|不确定|警惕|感觉像
        (?:不知道?)?是不是[有得]?了?|会不会是?|该不会是?|担心(?:是|得)|(?:有没有|是否有?)可能[是有]?|不能?(?:排除|除外)
        (?:首先|临床|多|倾向)?考虑[为是]?|倾向于?|[最很极有]?可能的?(?:诊断)?(?:[是为]|有(?![点些时]))?
        [这那会]?是(?=[^,。;?]{1,12}[吗么](?:$|[,。;?]))
        """,
    "historical": rf"""
        (?<![比跟和像同与])(?:以前|从前|小时候|年轻的?时候?|早年|幼年(?![特类关型性])|儿时|童年|去年|前年)(?!.{{0,4}}(?:开始|起|确诊|一样|就有|从|没))
        曾经?(?!祖)[有患得因行于做在]?过?|[得患]过|陈旧性?
        {_N}个?[多余]?[年月][多余]?以?前(?:曾经?|就)?(?:[行做患得]|有过|因)[过了]?
        (?:19|20)\d\d年因?曾?(?:[行做患得]|有过)[过了]?
        """,
    "past": rf"""
        曾经?(?:[于在](?:\d{{4}}年)?)?[被]?(?:确诊|诊断)[为是]?
        (?:既往|过去)史?中?曾?(?:患?有|患)?|病史
        {_N}年[多余]?前(?=[^,。]{{1,14}}(?:术|骨折|外伤|车祸|卒中|中风|梗))
        """,
    # After a denial what there is: 无胸痛、有气促.
    "has": r"(?<![没所仅只具含稀罕])有(?:点|些)?(?![无意时关效害限助利])",
    "turn": r"但是?(?!愿)|不过|然而|却(?!步)|只是|只有|就是|而是|倒是",
    "with": r"并?且?伴(?:有|随|发(?![热烧育])|见)?着?(?!侣)|合并有?",
    "list": r"""
        以及其?|并且|而且|同时|或者|还有|又有|加上|和|及|或|并(?=[有出])
        (?<=[伤跤])后(?![背脑遗应])|行(?=[^,。]{0,10}术)|(?<=压痛)(?=反跳痛)
        """,
}

EN = {
    "double": r"not (?:that|as if|like) (?:i|he|she|they) (?:do|did|does|have|has)(?:n't| not)(?: have| got)?(?: any)?",
    "told": rf"""
        (?:(?:which|that|who) )?(?:has|have|had|having)(?: (?:been|had|also|developed|got|noticed))?
        present(?:s|ing|ed)(?: (?:today|now|again))?(?: to (?:the )?(?:ed|a&e|er|clinic|emergency department\
            |gp))?(?: with)?
        complain(?:s|ed|ing|t)?(?: (?:of|is|that))?|c/o
        (?:report|endorse|describe|develop|experience|reveal|demonstrate|suffer|cause|notice)(?:s|d|ed\
            |ing)?(?: (?:of|from|some|an?))?
        (?:(?:examination|exam|ct|mri|x-?ray|cxr|ecg|ekg|ultrasound|echo|labs?)(?: \w+)? )?(?:shows?|showed|showing)
        positive for|diagnosed with|known(?: to have| case of)?|because(?: of)?|woke(?: up)? with
        and(?: now)? i(?:'m|'ve)?
        {_EN_KIN} (?:noticed|noticing|says?|said|states?|found|thinks|brought)(?: (?:him|her|that|me))?(?: in)?
        for(?= (?:t[12]dm|copd|hypertension|asthma|af|epilepsy|depression|diabetes))
        """,
    "void": r"""
        (?:the |my )?(?:doctor|gp|nurse)s? (?:thinks?|says?|said)(?: it)?
        (?:(?:no|nothing) )?(?:pmhx? |past medical history )?of note
        without (?:any |an? |apparent |obvious |known |clear ){0,3}(?:cause|reason|warning|triggers?|trying)
        for no (?:apparent |obvious )?reason|not only|no idea|could(?= (?:my|the|his|her) [a-z ]{2,30} be )
        the most likely diagnosis(?! is)
        """,
    "keep": rf"""
        (?:no|absence of|loss of) {_EN_VITAL}{_EN_ENDS}
        (?<=pulse |ulses |sound |ounds |lexes |eflex |ments |tbeat |thing )(?:(?:is|are|was|were) )?(?:absent|not (?:present\
            |felt|heard|palpable|detect(?:ed|able))){_EN_ENDS}
        no longer(?! ha[sd]| have)
        no (?:appetite|energy|strength|relief|better|improvement|motivation|interest|libido|urge|use){_EN_ENDS}
        can(?:'t|not| not)(?! (?:rule|exclude))|could(?:n't| not)|won't|wouldn't|unable|hardly|barely|inability
        not much of an?
        (?:(?:has|have|had|is|was|are|were) )?(?:not|[a-z]{{2,6}}n't|never|no longer)(?: been| being| really\
            | even)? {_EN_FAILING}(?: (?:or|nor|and) {_EN_FAILING})?
        non-?[a-z]{{4,20}}|absent(?= [a-z])(?! (?:and|or|but))|absence(?! of)
        (?:worse|worsen(?:s|ed|ing)|better|improve[sd]?|relieved|eased?|aggravated|provoked|away|brought|comes\
            |triggered) (?:with|by|on|after)
        pain(?:ful)? (?:with|on|and suffering)(?= \w+(?:ing|ment|tion|wing)?)
        {_EN_SITE} (?:and|or) {_EN_SITE}
        pins and needles|taste and smell|hand, foot and mouth|ears?, nose and throat|on and off|may(?= \d)
        """,
    "family_after": r"in (?:the|my|our|his|her) family",
    "absent_after": r"""
        (?:(?:is|are|was|were|has been|have been) )?(?:absent|not (?:present|seen|noted|found|palpable|detected)\
            |ruled out|excluded|denied|unlikely)(?=\s?(?:$|[,.;)]|- |and |or |but ))
        (?:(?<=fever )|(?<=pain )|(?<=ache )|(?<=rash )|(?<=cough )|(?<=vomiting )|(?<=swelling ))\
            (?:(?:has|have|had|is) )?(?:now )?(?:gone|disappeared|subsided|went away|stopped)(?=\s?(?:$|[,.;)]|and |but |now))
        (?:(?:is|are|was|were|tested|came back) )?(?:negative|neg|-ve)(?=\s?(?:$|[,.;)]|and |but ))
        """,
    "uncertain_after": r"""
        (?:(?:is|are|was|were|has been|being) )?(?:also |strongly )?(?:suspected|queried|considered|possible\
            |likely|probable)(?=\s?(?:$|[,.;)]|and |but ))
        (?:(?:is|are) )?(?:cannot|can't|not) (?:be )?(?:excluded|ruled out)
        """,
    "historical_after": rf"""
        (?:{_EN_N} )?(?:years?|yrs?|months?) (?:ago|back)|last year|in the past|years back|removed
        at age \d{{1,2}}|in (?:my|his|her) (?:teens|\d0s|twenties|thirties)
        during (?:my|her) (?:last|first|previous) pregnancy|in (?:early )?(?:childhood|infancy|adolescence)
        in (?:19|20)\d\d
        as an? (?:small |young )?(?:child|kid|baby|teenager|teen|infant|boy|girl)
        when (?:i|he|she|they) (?:was|were) (?:an? |about |in )?(?:[a-z]{{3,9}}|\d{{1,2}})
        (?:(?:now|fully|has|have|since|completely) ){{0,3}}(?:healed|resolved|cured|in remission|grew out of it\
            |cleared up)
        """,
    "advice": r"""
        (?:patients?|adults|children|people|you|they|women|men) (?:\w+ ){0,4}(?:should|must|need to)
        (?:^|(?<=[.;:!?] ))(?:patients|people|adults|children|women|men|those|infants) with
        should (?:be|not|i|we|have|take|avoid|you)
        (?:monitor|watch|screen|check|look out) for|advised? (?:to|on)|recommend\w{0,6}|return if|seek|please
        plan:|first-line|safety-?net\w*|educated|counsell?ed|discussed|follow[- ]?up (?:in|with|if|appointment)
        referr?(?:ed)? (?:to|if)|warned|contraindicated
        (?:symptoms|signs|features|side effects|causes|complications|risk factors|treatment|management|risk) (?:of\
            |for|in)(?=[^.;]{1,60} (?:include|are|is|may|can) )
        risk factors? for|(?:increase|reduce|decrease|prevent)s? (?:the )?(?:risk|chance)s?
        (?:most common|leading|commonest|main) (?:cause|type|site|complication|symptom)
        (?:is|are) (?:an? |the )(?:common|rare|frequent|most|classic|hallmark|leading|type|form|complication|cause\
            |feature|sign of|treatment|drug|side effect)
        (?:drug|treatment|investigation|test) of choice|gold standard|first-choice|best initial
        (?:don't|do not) (?:wrap|put|take|leave|sit|use|drive|give|let|stop|drink)
        come (?:back|at once|straight|to)|(?<=[.;] )(?:avoid|apply|refer)|^(?:avoid|apply|refer)
        (?:is|are) (?:treated|caused|characteri[sz]ed|defined|diagnosed) (?:with|by|as)|typically|classically
        if (?:you|the patient|symptoms|there|any)|call (?:999|911|120)
        """,
    "idle": r"""
        what(?:'s)?|which of|which (?=[^.?]{0,60}\?)|how (?:do|does|can|is|are|should|long|common|much)
        is it (?:serious|normal|safe|ok|contagious)
        not (?:given|done|checked|tested|recorded)|next (?:best )?step|thanks?(?: you)?|hello|help me
        can (?:you|i|it)|(?:do|does|are|is) (?:you|there)(?=[^.?]{0,60}\?)
        """,
    "family": rf"""
        (?:strong |positive )?family (?:history|hx)(?: is| was)?(?: positive| significant| notable)?(?: of| for)?
        fhx?(?: of)?
        runs in (?:the|my|his|her) family|{_EN_KIN}(?=\s?:)
        (?:everyone|others|kids|children|people)(?: else)? (?:at|in) (?:my |the )?(?:home|house|school|work\
            |nursery|class|office) {_EN_GOT}
        (?:both |all )?(?:(?:my|his|her) )?(?:brothers|sisters|parents|siblings|uncles|aunts|grandparents\
            |cousins)(?: all| both)? {_EN_GOT}
        (?:^|(?<=[.;,:] ))(?:both |the |maternal |paternal ){{0,2}}{_EN_KINFOLK} {_EN_GOT}(?= [^.;,]{{0,25}}(?<![a-z]){_EN_ILLS}(?![a-z]))
        (?:(?:my|maternal|paternal) ){{0,2}}(?:mother|father|mum|mom|dad|brother|sister|aunt|uncle|grandm\w+\
            |grandf\w+) (?:had|died (?:of|from)|with)(?= [^,.;]{{0,20}}(?:cancer|disease|diabetes|attack|stroke\
            |asthma|eczema|psoriasis))
        (?:his|her|their|whose) (?:\w+ )?{_EN_KINFOLK}(?: (?:also|both|all|once))?(?:'s)? {_EN_GOT}
        """,
    "relative": rf"""
        (?:(?:my|our|the|a|whole|both|maternal|paternal|one|two) ){{0,3}}{_EN_KINFOLK}(?: (?:also|both|all|just\
            |recently|once)){{0,2}} {_EN_GOT}
        (?:(?:my|our|the) )?{_EN_KINFOLK}'s(?= (?:been|got|had|having) )
        """,
    "absent": r"""
        (?:denie[sd]|denying|deny)(?: (?:any|ever))?(?: (?:having|history of|a history of))?
        no longer (?:has|have|had)|(?:negative|-ve|neg) for|absence of|free (?:of|from)|nor
        (?:(?:has|have|had|with|shows?|there (?:is|are|was|were)) )?(?:no|not|nil|without|w/o|neither|never (?:had\
            |has|have))(?: (?:any|an?|new|known|previous|significant|obvious|associated|further|recent\
            |prior))?(?: (?:signs?|evidence|history|symptoms?|family history|episodes?|complaints?|hx|sort\
            |kind) (?:of|or))?
        (?:nobody|no ?one|none)(?: (?:in|of) (?:my|the|his|her) \w+)? (?:has|have|had)|none of|excludes?
        (?:do(?:es)?|did)(?:n't| not)(?: really| even| ever)? (?:have|feel|get|seem|appear|report|complain of\
            |notice)(?: any)?
        (?:do(?:es)?|did)(?:n't| not)(?= (?:hurt|itch|cough|vomit|bleed|smoke|ache|wheeze|burn|faint))
        neg(?= (?!for|and|but|on|at|in)[a-z])|rule[sd] out(?= [a-z])
        (?:do(?:es)?|did)(?:n't| not)(?= (?:pass out|black out|collapse|fall|lose))
        (?:has|have|had)(?:n't| not)(?: had| been| noticed| developed)?(?: any| an?)?|(?:is|are|was|were)n't
        """,
    "uncertain": r"""
        (?:not sure|unsure|unclear|don't know|wonder(?:ing)?)(?: (?:if|whether|about))?(?: (?:it's|it is|this is\
            |i have|i've got))?
        (?:suspect(?:ed|ing)?|suspicio(?:us|n)|concern(?:ed|ing)?|worr(?:ied|ying))(?: (?:for|of|about|that|it's\
            |it is|this is|(?:i|he|she) (?:might |may )?(?:have|has)|i've got)){0,2}
        (?:very |most )?(?:possibl[ey]|probabl[ey]|likely(?! to)|maybe(?! (?:a few|a couple|one|two|three|\d))\
            |perhaps|presumed|questionable)(?: diagnosis(?: is)?)?
        query(?! fever)|r/o|(?:to )?rule out|ddx|differentials?(?: diagnosis)?(?: includes?)?|vs|versus
        (?:might|may|could)(?: also)?(?: (?:have|be))?(?: (?:having|getting))?(?! not)
        suggestive of|consistent with|compatible with|in keeping with|c/w|unlikely(?= [a-z])|presumptive
        scared (?:it's|it is|of)|afraid (?:it's|it is|of)
        (?:is|are) (?:this|it|these|that|they)(?= [^.?]{2,40}\?)|(?:do|does) (?:i|he|she) have(?= [^.?]{2,40}\?)
        have i got
        be(?! able)|(?:seems?|looks?|sounds?) like|appears to|(?:cannot|can't) (?:exclude|rule out)
        (?:i|we) (?:think|guess)(?: (?:it's|it is|i have|i've got))?
        """,
    "historical": r"""
        used to (?:have|get|suffer(?: from)?|be)|previous(?:ly)?(?: had| treated for)?|prior|remote
        former(?:ly)?|status post|s/p|underwent|(?<=\w )childhood|recovered from|got over|grew out of
        treated for(?=[^,;.]{1,30}(?:ago|in |as a))|had(?=[^,;.]{1,30} removed)
        old(?= (?:(?:left|right|healed|inferior|anterior|lacunar|mca|rib|vertebral) ){0,3}(?:infarct|stroke\
            |fracture|mi|tb|cva|injury))
        """,
    "past": rf"""
        (?:{_EN_N}[- ]{_SPAN}'? )?(?:past |previous |significant |long |known ){{0,2}}(?:medical \
            |surgical )?(?:history|hx)(?: (?:of|includes?|significant for|notable for))?
        (?:pmhx?|psh|h/o)(?: of| includes)?|background(?: of)?
        """,
    "turn": r"""
        but|however|except(?: for)?|although|though|yet|apart from|other than|aside from
        (?<!probably )(?<!maybe )(?<!be )just (?:an?|some)
        """,
    "with": r"(?:associated |together |along )?with|accompanied by|plus",
    "list": r"and(?: also|/or)?|or|as well as|then|followed by",
}


# At each place the first kind that fits is taken.
_ORDER = (
    "keep no_fever void double present_after absent_after uncertain_after historical_after family_after past_after advice idle "
    "ask family relative uncertain absent past historical turn told has with end question colon comma minus plus list"
)


def _lines(block: str) -> str:
    block = re.sub(r"\\\n *", "", block)
    return "|".join(line.strip() for line in block.splitlines() if line.strip())


def _words(block: str) -> str:
    return rf"(?<![a-z0-9])(?:{_lines(block)})(?!'?[a-z0-9])"


def _either(chinese: str, english: str) -> re.Pattern[str]:
    return re.compile(f"{_lines(chinese)}|{_words(english)}")


def _kinds(prefix: str, *tables: dict[str, str]) -> str:
    names = [name for name in _ORDER.split() if any(name in table for table in tables)]
    return "|".join(f"(?P<{prefix}_{n}>{'|'.join(_lines(t[n]) for t in tables if n in t)})" for n in names)


# Its groups are named for a language and a kind: zh_absent.
LEXER = re.compile(f"{_kinds('zh', MARKS, ZH)}|(?<![a-z0-9])(?=[a-z0-9])(?:{_kinds('en', EN)})(?!'?[a-z0-9])")

# A denial, and where in it the negative stands: 也没有, there is no.
ABSENT = re.compile(f"{_lines(ZH['absent'])}|{_words(EN['absent'])}")
NEGATIVE = re.compile(r"没有?|[无不未]|(?<![a-z])(?:no|not|absen|without|lack|never)(?![a-z])|absen")
# Where a name can end that looks like a denial: 没有呼吸, "no pulse", "no appetite for days".
BORDER = re.compile(rf"(?<=[\u4e00-\u9fff]){_ENDS.replace('症性', '')}|(?<=[a-z)]){_EN_ENDS}")
# "no fever" is a name of the lexicon too, and still a denial.
NO_FEVER = re.compile(r".{0,14}(?:[热烧]|fever(?:ish)?|temperature|pyrexi[ac]l?|febrile)")
AFEBRILE = re.compile(
    MARKS["no_fever"]
    + r"|.?体温.{0,3}(?:正常|不高|没问题)|normal temp(?:erature)?|temp(?:erature)? (?:is )?(?:normal|fine)"
)
NAMED_FEVER = {"zh": "发热", "en": "fever"}
# Signs stand before their words in this text: "-fever, +cough". A minus alone can be a bullet.
SIGNED = re.compile(r"(?:^|[\s,;])\+(?:ve)?\s?[a-z\u4e00-\u9fff]|[,;]\s?[-−](?:ve\s)?\s?[a-z\u4e00-\u9fff]|^-ve\s")
# First person with something of his own: a relative in the same text is not the patient.
SELF = _either(
    rf"(?<!说)我(?!的?{_KIN}|们|家|想|怕|担心|带|给|让|陪|问|该|看[他她它]|发现[他她]|觉得[他她])|患者|病人|患儿",
    r"""
    i(?:'m| am|'ve| have| had| get| feel| keep| can't| also| now)(?! (?:worried|concerned|given|noticed|his|her\
        |calling))
    patient|pt|my (?:own|head|face|chest|stomach|tummy|back|skin|throat|legs?|arms?|eyes?|knees?)
    """,
)
# What is over once it has happened; other history is taken to go on (COPD, diabetes).
EVENT = _either(
    r"术|切除|骨折|外伤|车祸|卒中|中风|[心脑]梗|梗死|脑出血|结核|流产|剖宫产|肺炎|阑尾炎|胰腺炎|输血|抽搐|惊厥",
    r"""
    [a-z]{2,20}(?:ectomy|plasty|otomy|graphy)|surgery|operations?|bypass|cabg|stent(?:ing|s)?|fractures?
    strokes?|tia|mi
    infarct(?:ion)?|tb|tuberculosis|pneumonia|appendicitis|pancreatitis|dvt|pe|injury|accident|transfusions?
    miscarriages?
    c-section|caesarean|concussion|childhood
    """,
)
# An onset: "3 years ago" does not make it past.
ONSET = _either(
    "开始|起病|确诊|发现|诊断|出现", "diagnosed|start(?:ed|ing)|began|admitted|onset|since|first|noticed|ever"
)
# A short question with these asks for an answer; without, it voices a suspicion (Syncope?).
ASKING = _either(
    "没|什么|[吗么呢]|如何|怎|哪|几|能|会|多久|多少",
    "do|does|is|are|am|what|how|why|should|can|could|which|has|have|any|when|where|who|will",
)
# A question about a disease, not about somebody.
GENERAL = re.compile(
    r"\s*(?:what|how|is|are|can|could|does|do|should|why|when|which|will|who)\b"
    r"(?!.*\b(?:i|my|i'm|i've|he|she|his|her|this|it|these|that|we|our)\b)"
)
# "no fever, chills or cough", "denies fever, chills, cough": the scope goes on over the comma.
GOES_ON = re.compile(r"(?:[^,;.。:?]{1,40},){0,6}[^,;.。:?]{0,40}?(?:(?<![a-z])(?:or|nor)(?![a-z])|或)")
STRONG = re.compile("否认|den|negative")
# So do the lists of these, if it is plain that they are lists.
LISTING = re.compile(r"无|没|未见|(?<![a-z])(?:no|without|w/o)(?![a-z])")
LAST = re.compile(r"\s?(?:$|[.。;\n])")
# The list after "no" has said that it ends: what stands after the comma is not of it.
ENDED = re.compile(r"[、/或和及]|(?<![a-z])(?:or|nor|and)(?![a-z])")
_BARE = (
    r"\s?(?:(?![有出伴于近今昨目现是但后既查就只还这])(?:(?![一二两三四五六七八九十半几]个?[多余]?[天日周月年小分]|[轻中重]度|剧烈|严重|明显|加重|突然)"
    r"[\u4e00-\u9fff、/]){2,9}"
    r"|(?!(?:severe|mild|moderate|new|now|just|only|also|still|worse|he|she|i|they|it|started|developed)(?![a-z]))"
    r"(?:(?!(?:is|are|was|were|ha[sd]|have|really|since|for|started|developed|now|but|came|went|after|then|with)(?![a-z])|\w+ed(?![a-z]))"
    r"[a-z'/-]{1,20}(?:\s(?=[a-z])|(?![a-z'/-]))){1,4})"
)
BARE = re.compile(_BARE + r"(?=$|[,;.。\n])")
# "No fever, chills, vomiting.": at least two more, and nothing else in a sentence that opens with its denial.
BARE_LIST = re.compile(rf"(?:{_BARE},){{1,8}}\s?(?:and|or)?{_BARE}(?=\s?(?:$|[.。;\n]))")
# A list that 等不适 ends, of any length.
ENDED_LIST = re.compile(rf"(?:{_BARE},){{0,8}}[\u4e00-\u9fff、]{{2,9}}?等(?:不适|症状|表现|情况)?(?=[,.。;]|$)")

# What is cut from an item.
AGE = _either(
    rf"{_N}(?:周?岁|月龄|个月大)半?|{_N}个?(?:月|天|周)(?=[大的]{{0,2}}(?:宝宝|婴儿|男婴|女婴|患儿|小儿|孩子|娃))",
    rf"""
    (?:an? )?{_EN_N}[ -]{{0,2}}{_SPAN}[ -]old(?:'s)?(?: (?:[a-z-]{{3,15}} )?(?:man|woman|boy|girl|male|female\
        |infant|patient|student|child|lady))?
    \d{{1,3}} ?(?:yo|y/o|yr|y)(?: ?[mf])?|\d{{1,3}} ?[mf]|(?:[mf]|male|female)[,/]? ?\d{{1,3}}|aged?:? \d{{1,3}}
    g\d ?p\d(?:\+\d)?
    (?:he|she|i)(?:'s| is|'m| am) (?:\d{{1,2}}|two|three|four|five|six|seven|eight|nine|ten)
    """,
)
DURATION = _either(
    rf"""
    (?<!孕)(?<!产后)(?<!妊娠)(?<!停经)(?<!\d)(?:已|约|近|最近|大概|大约|快|持续|反复|间断|有){{0,3}}第?{_N}\s?个?[多余来]?个?(?:小时|分钟|秒钟?|钟头|星期|礼拜|上午|下午|晚上|整天\
        |[天日周月年晚夜])[多余来]?(?:左右|以上)?[前了内来]?
    前[几两]天|上个?(?:月(?!经)|周|星期)|每[天日周月晚](?:{_N}[次趟回])?|{_N}多?[次趟回](?![/分])了?
    """,
    rf"""
    (?:(?:for|since|over|during|in|within|after|of|x|at|about|around|nearly|almost|the|last|past\
        |these) ?){{0,4}}{_EN_N}[ -]{{0,2}}(?:more )?{_SPAN}(?: ago| now| history| hx)?(?: of)?
    \d{{1,3}} ?[dh]|x ?\d{{1,3}}(?: ?/ ?\d{{1,2}}| ?[dwmy])?|(?<!\d)\d/(?:7|52|12)
    (?:days|weeks|months|years) of|(?:day|week) \d{{1,3}}
    since (?:the |last |this |early )?(?:[a-z]{{3,12}}|(?:19|20)\d\d)
    (?:this|last|every|all|each) (?:morning|afternoon|evening|night|week|weekend|month|year|day|time)
    (?:once|twice|(?:\w{{2,6}} (?:or|to) )?(?:\w{{1,6}} )?times)(?: an?| per| every) (?:day|week|night|month|year)
    {_EN_N} times|once|twice
    today|yesterday|tonight|overnight|lately|recently|currently|nowadays
    """,
)
# 病 belongs to these: 胃病史.
OF_ILLNESS = re.compile("[尿心管肾胃肝肺脏性神经]$")
# Pregnant or delivered so long: a finding of its own, and how long belongs to it.
STATE = re.compile(rf"(?:孕|妊娠|停经|产后)第?{_N}\+?个?(?:周|天|日|月|年)(?:\+\d)?")
# What tells nothing of how long or how bad a finding is.
BESIDE = re.compile(
    rf"{AGE.pattern}|{STATE.pattern}|(?:{_EN_N}|\d{{1,2}}\+\d) ?{_SPAN}(?:'s?)? (?:pregnant|gestation|post-?partum)"
    r"|[无没未不](?:有|见|伴)?明显|without (?:any )?obvious"
)
HEAD = re.compile(
    "(?:"
    + _lines(r"""
    我[家们的]?|[他她它]|患者|病人|患儿|孩子|小孩|宝宝|女儿|儿子|老人家?|本人|自己|主诉|自[诉觉测]|测|查体|检查|体检|化验|家属|[这此]次
    家里(?:老人)?|娃儿?|闺女|从小就?|近期|最近|近[来日]|这(?:几天|两天|段时间)|[昨今前][天晚]|其(?!他|它|余)|今早|今晨|目前|现在|如今|一直|总是?|经常|常常?
    老是?(?![公婆妈爸家年人师伴花视])|偶尔|有时候?|时常|时不时
    以前|之前|[之随此然]?后(?![背脑颈囟遗腰枕壁凸])|今(?!年)|现(?![象病实])|病程中|突然|忽然|突[发感]|骤然|开始|逐渐|渐渐|就是?|还是?|也|又|都|已经?|而且|并且|并|且|然后|后来|反复
    感觉|感到|觉得|发现|示|为|[因是]|有点儿?|有些|有(?![时意])|一点|稍微|[了得地着以于在从到给被把](?!凉|急|重)|的(?!确)|[:\s.,]|\d[.)、](?=\D|\d型)
    """)
    + "){1,20}"
)
TAIL = re.compile(
    r"(?:[了的呢啊吧呀吗么嘛]|等(?:症状|不适|表现|传染)?|病史|(?:去世|病故|过世)|走的|之类|什么的|待查|[\s:]){1,6}$"
)
EN_HEAD = re.compile(
    r"(?:[\s,.:'\"*+-]|"
    + _words(rf"""
    i'm|i've|he's|she's|it's|there's|that's|they're|we're|(?:{_EN_KIN})|i|he|she|they|we|it|the|a|an|my|his|her
    our|their|this|that|these|there|patient|pt|child|son|daughter|baby
    is|are|am|was|were|be|been|being|have|has|had|having|gets?|getting|got|feels?|feeling|felt|keeps?|suffering
    from|of|with|to|at
    found|noted|noticed|also|and|or|so|then|really|very|quite|some|any|more|sometimes|often|always|usually
    occasional(?:ly)?|still|again
    start(?:ed|ing)|began|bit of(?: an?)?|a bit|little|lots? of|kind of|sort of|once|too|for|in|as|which|who
    significant|reports?|new|known
    now|just|only|suddenly|woke(?: up)?|due to|because|while|o/e
    """)
    + "){1,20}"
)
EN_TAIL = re.compile(
    r"(?:[\s,.:'\"*+-]|"
    + _words(r"""
    (?:(?:is|are|was|were) )?(?:noted|seen|reported|found|observed|present)|(?:that |which )?started|too|as well
    also|anywhere|afterwards|either|at all|and|or|the|of|on ra
    with|for|i|is|was|are|at|in|a|to|so|since|now
    """)
    + "){1,12}$"
)

# An item that is nothing but this is no finding.
PERSON = _either(
    r"""
    (?:老年|中年|青年|成年|足月|新生)?[男女](?:性|孩|童|婴|士|子)?(?:患者)?|老年|成人|[已未]婚|婴幼?儿|[小幼]儿|儿童|少年|汉族|农民|工人|教师|学生|新生儿|患儿|患者|孕妇|产妇|病人
    """,
    r"""
    (?:elderly |young |middle-aged |old )?(?:man|woman|boy|girl|male|female|infant|patient|student|neonate|newborn\
        |child|toddler|adult|lady|gentleman|baby|athlete)s?
    """,
)
NOTHING = _either(
    rf"""
    [\d.一二两三四五六七八九十百半]{{1,8}}
    (?:其[他它余]|任何|明显|特殊|[啥别]|什么|别的|特别|阳性|临床){{0,3}}(?:症状|体征|不适|异常|特殊|问题|情况|变化|诱因|反应|表现|不舒服|手术|所见)
    .{{0,6}}(?<![落滞向])[前后]|[这那一]样|医生|大夫|长大|[这那]种?情况|类似(?:患者|情况|病史|症状|疾病)?|(?:进行性|逐渐|明显)?加重|缓解|好转|减轻
    [^痛疼痒肿麻吐泻喘咳晕烧热痰汗酸胀闷瘫聋哑渴抖黄冷烫紫胖瘦困累痔疝癌瘤毒]|{_KIN}
    (?:[主现个月婚]?[诉病人经育往敏]?|个人|婚育|月经|过敏|生育)史|病程中?|(?:发病|起病|病程)以?来|遂|适龄结婚
    体格|诊断|入院|生命体征|程度|部位|性质|时间|随访|就诊|来诊|住院|急诊|门诊|转院
    .{{0,4}}(?:心电图|ct|mri|x线|x光|[胸腹]片|b超|超声|造影|指诊|触诊|听诊|胃镜|肠镜|血常规|尿常规)(?:检查|结果)?
    """,
    rf"""
    (?:my |his |her )?{_EN_KIN}|he|she|it|they|me|doctor|dr|gp|nothing(?: else)?|yes|no|ok|worse|better|the same
    all
    (?:other |any |more |further ){{0,2}}(?:symptoms?|problems?|issues?|complaints?|concerns?|history\
        |(?:history of )?present illness|changes?|exam|examination|findings?|diagnosis|labs?)
    (?:lives?|living) (?:with|alone|in)(?: .{{0,30}})?|works? (?:as|in)(?: .{{0,30}})?|retired(?: .{{0,30}})?
    non-?smoker|social drinker|(?:alert|orient(?:at)?ed)(?: .{{0,20}})?|well perfused|well hydrated|otherwise
    present|past
    o/e|neuro|chest|abdomen|abdo|resp|cvs|cns|imp|hx|pmh|pc|hpc|ros|vitals?|obs|reassured|treated|managed|none
    post-?op|asymptomatic
    (?:chest |head |abdo )?(?:x-?ray|cxr|ctpa|axr|ct|mri|ecg|ekg|echo|ultrasound)(?: (?:head|chest|abdomen|brain))?
    """,
)
NORMAL = _either(
    r"""
    ^(?:已婚)?(?:生?育|有)有?[\d一二两三四五六][个名]?[子女儿].{0,6}$|^.{0,4}(?:来|至|到|往|送|入)(?:我院|本院|医院|急诊|门诊|当地|外院).{0,8}$
    没(?:什么|啥)?(?:事|问题|毛病|坏)$|无(?:明显)?变化$|神[志]?清$|音清$|律齐$|[腹颈宫]平?软$|好好$
    (?<![不欠未非])(?:正常|还行|还好|还可以|尚可|平软|体健|良好|恢复好|如常|对称|居中|可|规律|稳定|无殊|等大等圆|等大|自如|存在|灵敏|[吃睡]得[下着香好])$
    (?:精神|睡眠|胃口|食欲|吃奶|吃饭|反应|神志)[还都挺也很]?[好清]楚?$
    """,
    r"""
    (?<!not )(?<!n't )(?<!never )(?:fine|ok|okay|normal|soft|supple|clear|unremarkable|intact|stable|regular\
        |healthy|nad|non-?tender|afebrile|alert|unaffected|well|normocephalic|atraumatic)(?: otherwise)?$
    ^(?:normal temp(?:erature)?|ncat|nc/at|nt|nd|nt/nd|nkda|no known (?:drug )?allergies|(?:on )?room air|on ra)$
    """,
)
TREATMENT = _either(
    r"""
    .{0,6}(?:服用?|口服|吸入(?![性综中损])|注射|静[滴推注]|肌注|给予|外用|使用(?!障)|应用)(?![不一])[^后就,]{1,14}
    .{0,6}吃[着了过]?[^后就,]{0,8}(?:药|片|胶囊|颗粒|冲剂|[^维荤]素|[西司法]林|平|双胍|洛尔|沙坦|普利|他汀|唑|沙星|芬|头孢|激素)
    .{0,8}(?:治疗|用药|[化放]疗).{0,4}后?|多(?:喝水|休息|运动)
    """,
    r"""
    (?:takes?|taking|took|tried|trying|on|prescribed|started|stopped|given|using|treated with|daily\
        |regular)(?: \w{2,12}){0,2} ?(?:aspirin|insulin|warfarin|steroids?|antibiotics?|paracetamol|ibuprofen\
        |calpol|nurofen|tylenol|advil|painkillers?|antacids?|eye drops|cream|tablets?|inhalers?|the pill|meds?\
        |medication|anything for it)(?: .{0,30})?
    don't take .{0,30}
    (?:(?:takes?|taking|took|on|prescribed|started|stopped|given|my) ){0,2}[a-z]{2,12}(?:pril|sartan|olol|statin\
        |mycin|cillin|floxacin|azole|azide|formin|zolam|prazole|xaban|dipine|mab|lone|sone|oxetine|traline|gliptin\
        |gliflozin)(?: .{0,20})?
    """,
)
SEVERITY = _either(
    r"轻[度微]|中[度等]|重度|严重|剧烈|明显|非常|很?厉害|难以忍受|[0-9]{1,2}/10分?",
    r"mild(?:ly)?|moderate(?:ly)?|severe(?:ly)?|intense|unbearable|excruciating|slight(?:ly)?|\d{1,2}/10",
)
# Swallowed, but no treatment.
EXPOSURE = _either(
    "误[服食吸]|农药|百草枯|敌敌畏|鼠药|毒|过量|大量|整瓶|自杀",
    r"overdose[sd]?|too many|bleach|poison|pesticide|paraquat|\d{2,3} (?:\w+ ){0,2}(?:tablets?|pills?|capsules?)",
)
# Says how, not what: goes with the finding before it.
QUALIFIER = _either(
    r"""
    .{0,6}[后时间]?(?:明显|可|能|会)?(?:加[重剧]|缓解|减轻|好转|消退)(?:明显)?|[向往].{1,8}放射
    """,
    r"""
    (?:worse|worsen(?:s|ed|ing)|better|relieved|eased?|goes away|aggravated|improve[sd]?|radiat(?:es|ing)\
        |spreading)(?: (?:with|on|at|when|after|by|in|for|over|lying|to|into|from|if|during|and)(?: .{0,40})?)?
    """,
)
# Parts of the body alone: they go with what they are said not to have.
SITE_ZH = re.compile(
    "(?!手足口)(?:[大小二]便|尿|血[糖压]|体温|月经|(?:淋巴结|结膜|[双两左右上下前后内外侧全各四肢体身头颅额面颈巴胸乳房腹背腰臀屁股部"
    "肺肝脾肾胃肠肚子脑眼睛瞳孔巩膜耳鼻口嗓咽喉舌唇牙齿龈扁桃皮肤手掌脚足底腿膝踝髋肩肘腕指趾关节骨脊柱肋浅表甲状腺阴周缘"
    "瓣膜听诊区壁]){1,10})"
)
# The same in both languages, to be searched for.
SITE = re.compile(rf"{SITE_ZH.pattern}|(?<![a-z]){_EN_SITE}(?![a-z])")
# What the body does, told in lists: 精神、饮食、睡眠可.
FUNCTION = re.compile("精神|饮食|睡眠|食欲|食纳|胃纳|体重|体力|面色|情绪")
# What is said not to be something (颈静脉无怒张, "JVP not raised"): a name without a complaint in it.
SUBJECT = re.compile(
    "[^痛疼痒肿麻吐泻喘咳晕烧热痰汗酸胀闷瘫聋哑渴抖黄冷烫紫胖瘦困累血热疹癌瘤炎迷倒怕差弱不难少多高低减增频急无没,、。]{1,7}(?<![前后时中])"
    r"|(?:jvp|[a-z]{2,12} ?(?:is|are|was|were)|abdomen|tonsils?|liver|spleen|kidneys?|neck|throat|calf|calves|trachea|thyroid|fontanelle)"
)
