"""Everything said to a person, in both languages: errors with their hints, and the interface.

Keys of errors are their codes; ``<code>.hint`` says what to do. A test keeps the catalogue complete and free of
keys that nothing uses.
"""

from collections.abc import Mapping

from dashboard.domain import Language, RowProblem, ZhenluError

# key: (Chinese, English)
ERRORS: dict[str, tuple[str, str]] = {
    "query_empty": ("还没有输入内容。", "Nothing has been entered."),
    "query_empty.hint": ("请描述症状，例如：发热、咳嗽三天。", "Describe the symptoms, for example: fever and cough for three days."),
    "query_short": ("内容太少，无法检索。", "That is too little to search with."),
    "query_short.hint": ("请至少写出一个症状。", "Name at least one symptom."),
    "query_long": ("内容有 {length} 个字符，超过上限 {limit}。", "The text has {length} characters; the limit is {limit}."),
    "query_long.hint": ("请只保留主诉、现病史和阳性体征。", "Keep the complaint, the history of the present illness and the positive findings."),
    "text_empty": ("有一段文本是空的。", "One of the texts is empty."),
    "text_empty.hint": ("请两段都填写。", "Fill in both texts."),
    "terms_too_few": ("至少需要两个不同的术语。", "At least two different terms are needed."),
    "terms_too_few.hint": ("每行写一个术语。", "Write one term a line."),
    "terms_too_many": ("有 {count} 个术语，最多 {limit} 个。", "There are {count} terms; the limit is {limit}."),
    "terms_too_many.hint": ("请减少术语，或用命令行 matrix。", "Take fewer terms, or use the matrix command."),
    "mode_unknown": ("没有检索方式“{mode}”。", "There is no search mode “{mode}”."),
    "mode_unknown.hint": ("可选：{modes}", "Choose one of: {modes}"),
    "age_unknown": ("看不懂年龄“{age}”。", "The age “{age}” could not be read."),
    "age_unknown.hint": ("请写成 3y、8m、10d 这样的形式（岁、月、天）。", "Write it as 3y, 8m or 10d (years, months, days)."),
    "file_missing": ("找不到文件 {file}。", "The file {file} was not found."),
    "file_missing.hint": ("请检查路径。", "Check the path."),
    "file_format": ("不支持 {file} 的格式。", "The format of {file} is not supported."),
    "file_format.hint": ("请用以下格式之一：{formats}", "Use one of: {formats}"),
    "file_too_large": ("{file} 超过 {megabytes} MB。", "{file} is larger than {megabytes} MB."),
    "file_too_large.hint": ("请拆成几个知识库，或调大 ZHENLU_MAX_UPLOAD_MB。", "Split it into several bases, or raise ZHENLU_MAX_UPLOAD_MB."),
    "file_empty": ("{file} 是空文件。", "{file} is empty."),
    "file_empty.hint": ("请确认导出是否成功。", "Check that the export succeeded."),
    "file_encoding": ("无法识别 {file} 的文字编码。", "The character encoding of {file} could not be recognised."),
    "file_encoding.hint": ("请另存为 UTF-8 后再试。", "Save it as UTF-8 and try again."),
    "file_not_json": ("{file} 不是有效的 JSON：{reason}", "{file} is not valid JSON: {reason}"),
    "file_not_json.hint": ("需要一个对象数组，或每行一个对象。", "It should be an array of objects, or one object a line."),
    "file_not_table": ("{file} 不能作为表格读取：{reason}", "{file} could not be read as a table: {reason}"),
    "file_not_table.hint": ("请在表格软件中打开并重新保存。", "Open it in a spreadsheet program and save it again."),
    "file_no_rows": ("{file} 里没有记录。", "{file} holds no records."),
    "file_no_rows.hint": ("请确认表头之下有数据。", "Check that there is data below the header."),
    "mapping_unknown_field": ("没有字段“{field}”。", "There is no field “{field}”."),
    "mapping_unknown_field.hint": ("可用字段：{fields}", "The fields are: {fields}"),
    "mapping_unknown_column": ("文件里没有“{column}”这一列。", "The file has no column “{column}”."),
    "mapping_unknown_column.hint": ("文件的列：{columns}", "Its columns are: {columns}"),
    "mapping_form": ("“{value}”不是 字段=列 的形式。", "“{value}” is not of the form field=column."),
    "mapping_form.hint": ("例如：--map disease=title", "For example: --map disease=title"),
    "mapping_incomplete": ("没有列对应：{fields}。", "No column stands for: {fields}."),
    "mapping_incomplete.hint": ("请指定它们对应的列。文件的列：{columns}", "Say which columns hold them. The file's columns: {columns}"),
    "all_rejected": ("{rows} 条记录都不能载入，原来的版本保持不变。", "None of the {rows} records could be loaded; the version before stays."),
    "all_rejected.hint": ("请看第 {row} 条的问题，改正后重新载入。", "See what is wrong with record {row}, mend it and load again."),
    "kb_name": ("“{name}”不能作为知识库名称。", "“{name}” cannot be the name of a knowledge base."),
    "kb_name.hint": ("请用文字、数字、点、横线，最多 64 个字符。", "Use letters, digits, dots and dashes, 64 characters at most."),
    "kb_unknown": ("没有知识库“{kb}”。", "There is no knowledge base “{kb}”."),
    "kb_unknown.hint": ("现有：{known}。可用 load 命令或知识库页载入。", "There are: {known}. Load one with the load command or on the knowledge page."),
    "version_unknown": ("知识库“{kb}”没有版本 {version}。", "The knowledge base “{kb}” has no version {version}."),
    "version_unknown.hint": ("用 kb list 查看现有版本。", "See kb list for its versions."),
    "version_active": ("版本 {version} 正在使用，不能删除。", "Version {version} is in use and cannot be deleted."),
    "version_active.hint": ("请先切换到另一个版本。", "Switch to another version first."),
    "kb_busy": ("进程 {pid} 正在载入知识库“{kb}”（自 {since}）。", "Process {pid} is loading the knowledge base “{kb}” (since {since})."),
    "kb_busy.hint": ("请等它完成或取消它。", "Wait until it has finished, or cancel it."),
    "build_incomplete": ("索引不完整：有 {found} 条，应有 {expected} 条。", "The index is incomplete: {found} of {expected} texts."),
    "build_incomplete.hint": ("请检查磁盘空间后重新载入。", "Check the disk space and load again."),
    "encoder_mismatch": ("知识库“{kb}”由另一个编码模型（{built}）建立，当前是 {current}。", "The knowledge base “{kb}” was built with another encoder ({built}); the current one is {current}."),
    "encoder_mismatch.hint": ("请重新载入这个知识库，或把 ZHENLU_ENCODER 改回原来的模型。", "Load this base again, or set ZHENLU_ENCODER back."),
    "model_missing": ("没有模型文件夹 {name}。", "There is no model folder {name}."),
    "model_missing.hint": ("请检查 ZHENLU_ENCODER 和 ZHENLU_RERANKER。", "Check ZHENLU_ENCODER and ZHENLU_RERANKER."),
    "model_not_here": ("这台机器上没有 {name} 的文件。", "The files of {name} are not on this machine."),
    "model_not_here.hint": ("在有网络的地方运行：python -m dashboard models pull --source modelscope", "Where there is a network, run: python -m dashboard models pull --source modelscope"),
    "model_layout": ("{folder} 不是完整的 {layout} 模型，缺少：{files}", "{folder} is not a complete {layout} model; it lacks: {files}"),
    "model_layout.hint": ("请补齐文件，或改用另一个文件夹。", "Add the missing files, or name another folder."),
    "model_file": ("模型文件 {file} 不可用：{reason}", "The model file {file} cannot be used: {reason}"),
    "model_file.hint": ("请重新复制或下载这个模型。", "Copy or download the model again."),
    "remote_failed": ("向量服务 {url} 没有正确回答：{reason}", "The embeddings server {url} did not answer properly: {reason}"),
    "remote_failed.hint": ("请检查服务是否运行、地址和密钥是否正确。", "Check that the server runs, and its address and key."),
    "pull_failed": ("下载 {name} 失败：{reason}", "{name} could not be downloaded: {reason}"),
    "pull_failed.hint": ("请检查网络，或从另一台机器复制模型文件夹。", "Check the network, or copy the model folder from another machine."),
    "kb_reserved": ("“{kb}”是内置知识库的名称，不能载入别的文件。", "“{kb}” is the built-in base's own name; no other file can be loaded into it."),
    "kb_reserved.hint": ("请换一个名称。", "Choose another name."),
    "calibrate_dense": ("单用稠密向量的得分不能用来给页面分级。", "Scores of dense vectors alone cannot set the bands of the page."),
    "calibrate_dense.hint": ("去掉 --mode dense 再试。", "Leave out --mode dense."),
    "calibrate_few": ("只有 {count} 条查询的答案在结果中，分级至少需要 {least} 条。", "Only {count} queries have their answer among the results; bands need at least {least}."),
    "calibrate_few.hint": ("请补充带标注的查询。", "Add labelled queries."),
    "calibrate_flat": ("在这些查询上，得分更高的候选并不更准，无法分级。", "On these queries a higher score does not mean a better candidate, so no bands can be drawn."),
    "calibrate_flat.hint": ("请检查标注与知识库的编号是否一致。", "Check that the labels are ids of this knowledge base."),
    "queries_bad_row": ("评测文件第 {row} 行不是 {{\"query\", \"relevant\"}}。", "Line {row} of the queries is not {{\"query\", \"relevant\"}}."),
    "queries_bad_row.hint": ("每行一个对象：{{\"query\": \"…\", \"relevant\": [\"编号\"]}}", "One object a line: {{\"query\": \"…\", \"relevant\": [\"id\"]}}"),
    "lines_bad_row": ("第 {row} 行缺少 {fields}。", "Line {row} lacks {fields}."),
    "lines_bad_row.hint": ("每行一个 JSON 对象。", "Write one JSON object a line."),
    "job_interrupted": ("载入进程意外结束，原来的版本保持不变。", "The loading process ended unexpectedly; the version before stays."),
    "job_interrupted.hint": ("请重新载入；若再次发生，请查看 data/jobs 里的日志。", "Load again; if it happens again, see the log in data/jobs."),
    "disk": ("不能写入 {file}：{reason}", "{file} cannot be written: {reason}"),
    "disk.hint": ("请检查磁盘空间和权限。", "Check the disk space and the permissions."),
    "row_not_object": ("不是一个 JSON 对象", "is not a JSON object"),
    "row_columns": ("有 {found} 列，表头只有 {expected} 列", "has {found} cells, the header {expected}"),
    "row_no_disease": ("缺少疾病名称", "has no disease name"),
    "row_no_symptoms": ("缺少症状", "has no symptoms"),
    "row_symptom_order": ("中文症状 {zh} 个，英文 {en} 个，无法对应", "has {zh} symptoms but {en} in English"),
    "row_bad_field": ("字段 {field} 的类型不对", "has a wrong kind of value in {field}"),
    "row_too_long": ("字段 {field} 超过 {limit} 个字符", "has more than {limit} characters in {field}"),
    "row_duplicate_id": ("编号 {id} 与第 {first} 条重复", "repeats the id {id} of record {first}"),
}  # fmt: skip

# Why a file of a model is refused.
REASONS: dict[str, tuple[str, str]] = {
    "content": ("内容不是这种模型所要的", "does not hold what a model of its kind needs"),
    "damaged": ("文件不完整或已损坏", "ends too early or is damaged"),
    "fails": ("打开后无法计算文本", "opens but fails at a first text"),
    "finite": ("含有非有限数值：{names}", "holds numbers that are not finite: {names}"),
    "json": ("不是有效的 JSON", "is not valid JSON"),
    "labels": ("有 {count} 个标签，重排模型应为 1 个", "has {count} labels, a reranker has 1"),
    "layers": ("含有 config.json 之外的层：{names}", "holds layers that config.json leaves out: {names}"),
    "parts": ("缺少分片：{names}", "lacks its parts: {names}"),
    "pooling": ("池化方式只能是 mean 或 cls", "has a pooling mode other than mean or cls"),
    "shape": ("权重形状为 {shape}，隐藏层宽度为 {width}", "weights of another size: shape {shape}, hidden size {width}"),
    "size": ("权重大小不符：{names}", "weights of another size: {names}"),
    "tensors": ("不是只含张量的文件", "is not a file of plain tensors"),
    "tokenizer": ("分词器与网络不符：{tokens} 个词元，{rows} 行", "the tokenizer does not match the network: {tokens} tokens, {rows} rows"),
    "unreadable": ("无法读取", "cannot be read"),
    "value": ("{key} 的值不可用", "the value of {key} cannot be used"),
    "weights": ("缺少权重：{names}", "lacks weights: {names}"),
}  # fmt: skip

# What a page and a print-out both say of a result.
RESULT: dict[str, tuple[str, str]] = {
    "comma": ("、", ", "),
    "semicolon": ("；", "; "),
    "cant_miss": ("不可漏诊", "Can't miss"),
    "department": ("科室", "Department"),
    "band_strong": ("强", "strong"),
    "band_possible": ("可能", "possible"),
    "band_weak": ("弱", "weak"),
    "band_none": ("不足", "none"),
    "not_enough": ("信息不足。", "Not enough to go on."),
    "want_duration": ("持续多久", "how long"),
    "want_age": ("年龄", "the age"),
    "want_site": ("部位", "the site"),
    "want_asked": ("有无{symptom}", "whether there is {symptom}"),
    "notice_bands_uncalibrated": ("分级尚未在本知识库上校准，仅作粗略参考。", "The bands have not been calibrated on this base; read them as rough."),
    "cant_miss_lent": ("内置库标为急症", "urgent by the built-in base"),
    "lent": ("内置库“{name}”", "built-in “{name}”"),
    "notice_counterparts": ("内置知识库有同名或近名条目的，得分也参考了该条目（未经临床医生审核）。", "Where the built-in base has an entry of the same or a like name, that entry counts too; no clinician has reviewed it."),
    "notice_reranker_not_used": ("本模型的重排不如融合准确，未使用。", "This model's reranker helps less than the fusion and is not used."),
}  # fmt: skip


def say(key: str, language: Language, catalogue: Mapping[str, tuple[str, str]] = ERRORS, /, **params: object) -> str:
    """The text of a key in a language, filled in."""
    return catalogue[key][language == "en"].format(**params)


def message(error: ZhenluError, language: Language) -> str:
    params = dict(error.params)
    if "why" in params:  # a reason that has words of its own
        params["reason"] = say(str(params["why"]), language, REASONS, **params)
    return say(error.code, language, **params)


def hint(error: ZhenluError, language: Language) -> str:
    return say(error.code + ".hint", language, **error.params)


def problem(row: RowProblem, language: Language) -> str:
    return say(row.code, language, **row.params)
