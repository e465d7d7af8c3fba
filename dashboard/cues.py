r"""The words findings.py goes by: regular expressions, one a line, for text that is folded (NFKC, simplified, lower case).

English lines stand between word boundaries, Chinese lines and marks as they are. Repeats of what could meet itself are
bounded, so that no input makes them slow.
"""

import re

_N = r"(?:\d{1,4}(?:\.\d{1,2})?|[一二两三四五六七八九十半几数多百]{1,4})"
_KIN = (
    r"(?:爸爸?|妈妈?|父亲|母亲|父母|老爸|老妈|爷爷|奶奶|外公|外婆|姥姥|姥爷|外?祖父|外?祖母|兄弟|姐妹|哥哥?|姐姐?|弟弟?|妹妹?|叔叔?|姑姑?"
    r"|[大二三小]?[姨舅伯姑]妈?|舅舅|阿姨|伯父|伯母|[表堂][哥姐弟妹]|老公|老婆|丈夫|妻子|爱人|家里?人|全家人?|同事|同学|室友|邻居|亲戚)"
)
_EN_KIN = (
    r"(?:(?:grand)?(?:father|mother|dad|mum|mom|parents?)|grandpa|grandma|granny|nan|brothers?|sisters?|siblings?|uncles?"
    r"|aunt(?:ie)?s?|cousins?|husband|hubby|wife|partner|boyfriend|girlfriend|(?:flat|room)-?mates?|co-?workers?|colleagues?"
    r"|neighbou?rs?|twin)"
)
_EN_KINFOLK = rf"{_EN_KIN}(?: and (?:(?:his|her|my|one|two|three) )?{_EN_KIN})?"
_EN_GOT = r"(?:has|have|had|got|gets|died|suffer(?:s|ed)|(?:was |were |been )?diagnosed|tested positive|caught)"
# not ... is the finding itself with these
_EN_FAILING = (
    r"(?:(?:eat|drink|sleep|feed|heal|improv|respond|breath|mov|wak|work|talk|speak|walk|settl|pass|peei?|wee|poo|grow|gain|sett?l"
    r"|tolerat|hold|open|clos|go|gett|feel|concentrat|focus|cop|mak|keep|tak|stopp|com|sit|stay|want|cry|latch|gripp)ing"
    r"|eat|drink|sleep|feed|heal|improve|respond|breathe|move|wake|work|talk|speak|walk|settle|pass|pee|wee|poo|go|get|stop|keep|make"
    r"|want|concentrate|focus|remember|recogni[sz]e|see|hear|look|fit|bear|stand|taste|smell|cry|open|close|know|stay|help|shift|come"
    r"|able|well|right|enough|much|good|great|himself|herself|myself|relieved|controlled|certain|straight|quite|fully|as"
    r"|had (?:an? |any )?(?:wet|bowel|poo|wee|periods?|his|her|my|the|been))"
)

ZH = {
    # Both negatives away: it is there.
    "told": r"""
        不能说[不没](?:有)?
        不是说?(?:不|没有?)(?!舒服|想|清)
        并非(?:无|没有|不)
        (?:突然|逐渐|反复|又|再次|开始)?出现(?!的)(?:了|过)?
        (?:主要)?表现为
        (?:可|均可|能)?(?:触|扪|闻)(?:及|到)(?!有?明显异常)
        提示|显示|(?:镜下|均|尚)?可见|查见|发现(?:有)?
        (?:入院|临床|初步)?(?:确诊|诊断)(?:为|是|有)?(?!不|标准|性)
        (?<!投)诉
        引起|导致|诱发了?
        说(?:我|他|她|孩子|其)
        因为|由于
        """,
    # Says nothing about a finding.
    "void": r"""
        无(?:明显|任何|特殊)?的?(?:诱因|原因)(?:地|下|的情况下)?
        无缘无故|莫名其妙|不明原因(?:的|地)?|原因不明的?
        [与和跟][^,、]{1,8}无(?:明显)?关
        不(?:仅|但|只是?)(?!是)
        不知道?(?:怎么|为什么|咋)(?:回事|搞的)?
        """,
    # Negatives that are the finding, and cues that are part of another word.
    "keep": r"""
        无(?:力|痛(?!苦)|尿|汗|法|精打采|休止|月经|神|菌|脉|名|排卵|嗅|虹膜|脑(?!膜)|肛|功能|张力|牙|泪|欲|意识地|知觉|反应|眠|乳|自主)
        无(?:明显)?(?:缓解|好转|效|改善|减轻|变化)
        没(?:有)?(?:什么|啥|多少|一点|了)?(?:精神|力气|胃口|食欲|劲|好转|缓解|效果|眼泪|尿|知觉|反应|法|睡|改善|用|完|几天|多久|退|见好|力)
        像[^,]{1,12}(?:一样|似的|那样|样)
        先天性无|家族性|疑(?:病|难|虑|心)|多疑|猜疑|反复|或许|[触扪闻波涉危普]及|及时|以及时|合并症|又[^又,]{1,2}又(?:[^又,]{1,2}又)?
        可能(?=\d)|考虑问题|史(?:前|密)
        """,
    "absent_after": r"""
        (?:均|都|皆|亦|呈|为)?阴性(?!症)
        (?:均|都|皆)(?:未见|无|没有|否认|不明显)(?=$|[,。;)])
        (?:已经?|基本)?(?:被)?(?:排除|除外)了?(?=$|[,。;)、])
        """,
    "uncertain_after": r"""
        待排除?|待除外|待鉴别|待定
        (?:不|不能)(?:除外|排除)(?=$|[,。;)、])
        (?:的)?可能(?:性)?(?:比?较|很|最)?[大高]?(?=$|[,。;)、])
        的可能(?:性)?(?:比?较|很|最)?[大高]?
        """,
    "historical_after": rf"""
        (?<=术)后(?:第?{_N}个?多?(?:天|日|周|月|年|小时))?(?!出现)
        (?:早|后来|现在?|目前|之后)?(?:就|已经?|都|自己)?(?:完全)?(?:治好|治愈|痊愈|康复|好)了?(?=$|[,;。])
        """,
    "past_after": r"(?:的)?(?:疾?病)?(?<![家族])史",
    "advice": r"""
        嘱|建议|应(?:当|该|立即|首先|首选|如何|尽快|避免|限制|注意|考虑|做|给予|及时|定期|采取|禁)
        若(?!隐|干|虚|无)|如果|如(?:有|出现|发生|遇)|一旦|首选|忌食|注意(?:事项|休息|保暖|观察|饮食)
        """,
    # A question or small talk: nothing in the clause counts.
    "idle": r"""
        请问|谢谢|您好|你好|麻烦|求助|(?:医生|大夫)(?=$|[,:;。?])
        (?:怎么|如何)(?:治|预防|调理|护理|检查|用药|吃|诊断|处理|鉴别)
        会(?:不会)?(?:遗传|传染|复发)|能不能|可不可以|(?:能|可以)[^,。;?]{1,12}(?:吗|么)(?=$|[,。;?])
        [有是](?:哪些|什么)(?!不)|包括哪些|吃(?:什么|啥)|(?:有没有|是否有?)[^,。;?]{0,10}\?
        的(?:早期|典型|主要|首发|常见|特征性|临床)?(?:体征|表现|症状|原因|病因|并发症|治疗|机制|特点)(?:是|为|有|包括)
        (?<![一])没(?:有)?(?:量|测|去(?!世)|吃过?药|打过?|做过?|查|用过?药?|管它?|在意|理会|当回事|处理|就诊|治疗|重视|看医生)
        """,
    # The same, but what stands before it counts: 发烧39度怎么办.
    "ask": r"""
        是?(?:怎么办|咋办|怎么回事|咋回事|怎么了|怎么弄|什么病|啥病|什么原因|什么情况|为什么|为啥|严重吗|严重不|要紧吗|正常吗|有事吗)
        (?:还)?(?:需要|要|用)[^,。;?]{0,8}[吗么](?=$|[,。;?])
        """,
    # Scopes: what follows is absent, uncertain ...
    "family": rf"""
        家族(?:中|里|内)?(?:史)?(?:中)?有?(?:类似)?
        {_KIN}[^,、。我]{{0,6}}(?:死于|患(?!者)有?|得过|病故于|走于)
        """,
    "relative": rf"""
        (?:我|他|她|患者)?的?{_KIN}[^,、。我]{{0,4}}(?:有(?!点|些|时)|得了?|是|查出来?|确诊为?了?|诊断为?|感染了?|中了?|阳了?)
        """,
    "absent": r"""
        否认(?:曾)?(?:有|任何)?
        (?:均|都|并|暂|尚|亦|也)?未(?:见|诉|述|闻?及|触及?|扪及|发现|出现|伴|发生|再|查见|引出|累及|探及|提示|合并|有)(?:到|有|过)?(?:明显)?
        (?:均|都|并|也|从|亦)?不伴(?:有|随)?
        (?:从来?|也|并|都|就|倒|又|一直|目前|暂)?没(?:有)?(?:出现|发生|见|再|觉得|感觉|什么|啥|任何|明显)?(?:过|到|明显)?
        (?:均|都|并|从|亦|也|又|已|且)?无(?:明显|任何|其他|显著|殊|伴)?
        (?:已经?)?(?:排除|除外)了?
        并?不是(?!很|太|特别|非常|特)|并非
        (?:也|倒|都|又|并|一点)?不(?:觉得|感觉|感到)(?!到)
        (?:也|倒|都|又|并|一点)?不(?=(?:发?[烧热]|咳|[痛疼呕吐痒肿喘憋晕闷红胀酸麻烫硬紫黄鼓]|流[鼻血泪涕脓]|拉肚|恶心|出血|抽|怕|打|发|渴|反酸|漏|哑|僵|累|犯))
        (?:也|倒|都|又|并|一点)?不(?=[头胸腹肚腰心口耳眼鼻嗓牙手脚腿背胃](?:口|子|睛|巴|朵)?[痛疼晕闷胀慌麻干鸣痒酸])
        """,
    "uncertain": r"""
        (?:好像|似乎|仿佛|疑似|怀疑|可疑|疑(?:为|诊)?|拟诊|估计|也许|或许|恐怕|不确定|不知(?:道)?|警惕|像)(?:有|是不是|是|得了)
        好像|似乎|仿佛|疑似|怀疑|可疑|疑|拟诊|估计|也许|恐怕|不确定|警惕|感觉像
        (?:不知道)?是不是(?:有|得了)?|会不会是?|该不会是?|大概[是有]|怕[是得]
        不(?:能)?(?:排除|除外)
        (?:最|很|极|有)?可能的?(?:诊断)?(?:是|为|有)?
        (?:首先|临床|多|倾向)?考虑(?:为|是)?|倾向于?
        [这那会]?是(?=[^,。;?]{1,12}[吗么](?:$|[,。;?]))
        """,
    "historical": rf"""
        (?<![比跟和像同与])(?:以前|从前|小时候|年轻的?时候?|早年|幼年|儿时|童年|去年|前年)(?!.{{0,4}}(?:开始|起|确诊|一样|就有|从|没))
        曾经?(?!祖)(?:有|患|得|因|行|于|做|在)?过?|[得患]过|陈旧性?
        {_N}个?[多余]?[年月][多余]?以?前(?:因[^,、]{{1,10}})?(?:曾经?|就)?(?:[行做患得]|有过|因)[过了]?
        (?:19|20)\d\d年因?曾?(?:[行做患得]|有过)[过了]?
        """,
    "past": rf"""
        (?:既往|过去)史?(?:体健|中)?(?:曾)?(?:患?有|患)?|病史
        {_N}年[多余]?前(?=[^,]{{1,14}}(?:术|骨折|外伤|车祸|卒中|中风|梗))
        """,
    "turn": r"但是?(?!愿)|不过|然而|却(?!步)|只是|只有|就是|而是|倒是|除了?(?=[^,]{1,10}外)",
    "with": r"并?且?伴(?:有|随|发|见)?着?(?!侣)|合并有?",
    "list": r"""
        以及其?|并且|而且|同时|或者|还有|又有|加上|(?<![温缓平暖柔])和|及|或|并(?=[有出])|(?<=[伤跤])后(?!背|脑|遗)
        """,
}

EN = {
    "told": rf"""
        (?:not (?:that|as if|like)) (?:i|he|she|they) (?:don't|doesn't|do not|does not|didn't|haven't)(?: have| got)?(?: any)?
        (?:(?:which|that|who) )?(?:has|have|had|having)(?: (?:been|had|also|developed|got|noticed)(?! diagnosed))?
        present(?:s|ing|ed)(?: (?:today|now|again))?(?: to (?:ed|a&e|clinic))?(?: with)?
        complain(?:s|ed|ing|t)?(?: (?:of|is|that))?|c/o
        (?:report|endorse|describe|develop|experience|reveal|demonstrate|suffer|cause|show|notice)(?:s|d|ed|ing)?(?: (?:of|from|some|an?))?
        (?:examination|exam|ct|mri|x-?ray|cxr|ecg|ekg|us|ultrasound|echo|labs?)(?: \w+)? (?:shows?|showed|showing)
        positive for|diagnosed with|known(?: to have| case of)?|woke(?: up)? with
        (?:and|so|,) ?(?:now )?i(?:'m|'ve| am| have| get| feel)?
        {_EN_KIN} (?:noticed|noticing|says?|said|states?|found|reports?|thinks|is worried|brought)(?: (?:him|her|that|me))?(?: in)?
        for (?=t[12]dm|copd|hypertension|asthma|af |epilepsy|depression|diabetes)
        """,
    "void": r"""
        without (?:any |an? |apparent |obvious |known |clear ){0,3}(?:cause|reason|warning|triggers?|trying)
        for no (?:apparent |obvious )?reason|not only|no idea
        """,
    "keep": rf"""
        no (?:appetite|energy|strength|relief|better|improvement|longer|motivation|interest|libido|urge|good|use)
        not much of an?
        can(?:'t|not| not)|could(?:n't| not)|won't|wouldn't|unable|hardly|barely|inability
        (?:not|[a-z]{{2,6}}n't|never|no longer)(?: been| being| really| even)? {_EN_FAILING}
        non-?[a-z]{{4,20}}
        absent(?= [a-z])(?! and)|absence(?! of)
        (?:without|with no) (?:relief|improvement)
        (?:worse(?:n(?:s|ed|ing))?|better|improve[sd]?|relieved|eased?|aggravated|provoked|goes away|comes on|brought on|triggered
        pain(?:ful)?|exacerbated) (?:with|by|on|after|when) [a-z]+
        (?:hands?|feet|fingers|toes|arms?|legs?|face|neck|eyes?|nose|palms|left|right|hip|head|nausea) (?:and|or) (?:hands?|feet|fingers|toes
        pins and needles|hand, foot and mouth|ears?, nose and throat|on and off|old age|may(?= \d)
        """,
}
