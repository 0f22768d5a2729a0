"""All that the client and its command say, in Chinese and English: the one table, and the way to read it."""

from collections.abc import Mapping

from sentiq.environment import Language

MESSAGES: Mapping[str, tuple[str, str]] = {
    # What goes wrong.
    "url_unusable": (
        "{url!r} 不是服务的地址：请写成 http://127.0.0.1:7860 这样。",
        "{url!r} is no address of a service: write it like http://127.0.0.1:7860.",
    ),
    "key_unusable": (
        "密钥里有密钥不会有的字符：复制完整了吗？",
        "The API key holds characters that no key has: was it copied whole?",
    ),
    "key_empty": ("密钥是空的：存放它的文件或变量里有内容吗？", "The API key is empty: is there something in its file, or variable?"),
    "proxy_unusable": (
        "环境变量里的代理（HTTP_PROXY、HTTPS_PROXY、ALL_PROXY）用不了（{reason}）：请取消它，或把服务的主机写进 NO_PROXY。",
        "The proxy of the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY) cannot be used ({reason}): unset it, or name the "
        "service's host in NO_PROXY.",
    ),
    "idempotency_key_unusable": (
        "幂等键 {key!r} 只能用可见的 ASCII 字符。",
        "The idempotency key {key!r} may hold visible ASCII characters only.",
    ),
    "nothing_answers": (
        "{url} 没有应答（{reason}）：服务在运行吗？地址对吗（SENTIQ_URL 或 --url）？",
        "Nothing answers at {url} ({reason}): is the service running, and is this its address (SENTIQ_URL, --url)?",
    ),
    "answer_timed_out": ("{url} 没有在限定的时间内应答。", "{url} did not answer in time."),
    "connection_broke": (
        "与 {url} 的连接断了（{reason}）。",
        "The connection to {url} broke off ({reason}).",
    ),
    "results_broken_off": ("结果还没有传完就断了。", "The results broke off before their end."),
    "columns_changed": (
        "下载中断之后，服务换了列；请等任务结束后再下载。",
        "After a break the service went on with other columns; download once more when the job has ended.",
    ),
    "answer_unreadable": (
        "这不像是 sentiq 的应答，地址对吗？收到的是：{body}",
        "This is no answer of sentiq: is the address right? What came: {body}",
    ),
    "answer_redirects": (
        "这个地址转向 {place}：请直接使用转向的地址。",
        "The address leads on to {place}: use the one that it leads to.",
    ),
    "foreign_answer": (
        "HTTP {status}，这不是 sentiq 的应答（地址对吗？中间有代理吗？）：{detail}",
        "HTTP {status}, which is no answer of sentiq's (is the address right, is a proxy in between?): {detail}",
    ),
    "request_refused": ("服务拒绝了请求：{detail}（{code}）{places}", "The service refused: {detail} ({code}){places}"),
    "key_refused": (
        "密钥不被接受：{detail}（{code}）请设置 SENTIQ_API_KEY，或用 --key-file。",
        "The key is not accepted: {detail} ({code}) Set SENTIQ_API_KEY, or use --key-file.",
    ),
    "scope_missing": (
        "这个密钥没有所需的权限：{detail}（{code}）",
        "The key is not good for this: {detail} ({code})",
    ),
    "not_found": ("没有找到：{detail}（{code}）", "Not found: {detail} ({code})"),
    "too_many_requests": (
        "服务现在接受不了更多，请稍后再试：{detail}（{code}）",
        "The service cannot take more right now, try again later: {detail} ({code})",
    ),
    "service_failed": ("服务出了错：{detail}（{code}）", "The service made a mistake: {detail} ({code})"),
    "service_unavailable": (
        "服务暂时不可用，请稍后再试：{detail}（{code}）",
        "The service is not available right now, try again later: {detail} ({code})",
    ),
    "job_id_unusable": (
        "{job!r} 不是任务编号：任务编号是一个 UUID，sentiq jobs 会列出来。",
        "{job!r} is no job: a job's id is a UUID, `sentiq jobs` lists them.",
    ),
    "file_kind_unknown": (
        "{path}：由文件名判断文件种类，须以其中之一结尾：{known}",
        "{path}: the kind of a file is told by its name, which must end in one of {known}",
    ),
    "file_unreadable": ("无法读取 {path}：{reason}", "{path} cannot be read: {reason}"),
    "file_changed": (
        "{path} 在上传时被改动了：等它写完再提交。",
        "{path} was changed while it was sent: submit it again when it is written to no more.",
    ),
    "file_absent": ("没有这个文件：{path}", "There is no file {path}."),
    "folder_absent": ("没有 {path} 所在的目录。", "The folder of {path} does not exist."),
    "texts_not_listed": (
        "几条文本请写成列表，而不是 {kind}；只有一条时用 analyze，或写成一条的列表。",
        "Several texts are a list, not {kind}; for one, take `analyze`, or a list of one.",
    ),
    "text_type_wrong": (
        "一条文本是字符串，或带 `text` 的对象，而不是 {kind}。",
        "A text is a string or an object with `text`, not {kind}.",
    ),
    "text_not_json": (
        "文本里有无法写成 JSON 的内容：{reason}",
        "A text holds what cannot be written as JSON: {reason}",
    ),
    "text_not_encodable": (
        "文本里有半个字符，任何编码都写不出来：{reason}",
        "A text holds half of a character, which no encoding can write: {reason}",
    ),
    "deadline_without_zone": (
        "截止时间 {deadline} 没有时区：按这里的时间，还是按服务所在地的时间？",
        "The deadline {deadline} has no time zone: is it meant here, or where the service runs?",
    ),
    "options_for_files": (
        "{names} 只用于文件；文本可以自己带 `id` 和 `metadata`。",
        "{names}: for files only; a text brings its own `id` and `metadata`.",
    ),
    "output_kind_unknown": (
        "{path}：结果文件的名字须以其中之一结尾：{known}",
        "{path}: results go to a file whose name ends in one of {known}",
    ),
    "output_unwritable": ("无法写入 {path}：{reason}", "{path} cannot be written: {reason}"),
    "format_unavailable": (
        "这个服务不能导出 {kind}；请写到以 .ndjson 结尾的文件。",
        "This service does not write {kind}; take a file that ends in .ndjson.",
    ),
    "column_absent": (
        "没有“{column}”这一列；有的是：{known}",
        "There is no column {column!r}; those there are: {known}",
    ),
    "extra_missing": (
        '这需要 {package}：pip install "sentiq[{extra}]"',
        'This needs {package}: pip install "sentiq[{extra}]"',
    ),
    "wait_timed_out": (
        "任务 {job} 没有在 {seconds} 秒内完成；它仍在继续。",
        "The job {job} was not done within {seconds} s; it goes on.",
    ),
    "text_failed": ("这条文本无法打分：{detail}（{code}）", "The text could not be scored: {detail} ({code})"),
    "webhook_secret_missing": (
        "校验回调需要它的密钥（whsec_…）：请给出（--secret-file），或设置 SENTIQ_WEBHOOK_SECRET。",
        "Verifying a webhook needs its secret (whsec_…): give it (--secret-file), or set SENTIQ_WEBHOOK_SECRET.",
    ),
    "webhook_secret_unusable": (
        "回调的密钥应是 whsec_ 加上 base64：复制完整了吗？",
        "A webhook's secret is whsec_ with base64 behind it: was it copied whole?",
    ),
    "webhook_headers_missing": ("回调缺少 {names}。", "The webhook lacks {names}."),
    "webhook_timestamp_unusable": ("回调的 webhook-timestamp 不是时间。", "The webhook-timestamp is no time."),
    "webhook_age": (
        "回调的时间与本机相差 {seconds} 秒（正数为过去）；最多允许 {limit} 秒。",
        "The webhook is {seconds} s old (ahead, if negative); at most {limit} s are taken.",
    ),
    "webhook_signature_wrong": (
        "回调不是用这个密钥签名的，或在途中被改动了。",
        "The webhook was not signed with this secret, or was changed on its way.",
    ),
    "webhook_unreadable": ("回调签名正确，但不是 sentiq 的事件。", "The webhook is signed, but is no event of sentiq."),
    "port_unusable": ("无法在 {host}:{port} 上监听：{reason}", "Cannot listen on {host}:{port}: {reason}"),
    "no_texts": (
        "没有文本可以分析：请写在命令后面，或从标准输入逐行送来。",
        "There are no texts: write them behind the command, or pipe in lines.",
    ),
    "stdin_undecodable": (
        "标准输入不是 {encoding} 编码：请先转换（iconv -f gb18030 -t utf-8）；或用 sentiq submit 提交文件，编码会自动识别。",
        "Standard input is not in {encoding}: convert it (iconv -f gb18030 -t utf-8), or submit the file by `sentiq submit`, "
        "which detects its encoding.",
    ),
    "stdout": ("标准输出", "Standard output"),
    "limit_with_out": (
        "--limit 用于查看，--out 写出全部结果：请只用其中一个。",
        "--limit is for a look, --out writes all results: give one of them.",
    ),
    "metadata_unusable": ("{item!r}：请写成 名称=值。", "{item!r}: write it as name=value."),
    "neutral_band_unusable": (
        "{value!r}：请写 model（模型自己的阈值），或 0.5 到 1 之间的数。",
        "{value!r}: write `model` (the model's own threshold), or a number from 0.5 to 1.",
    ),
    "moment_unusable": (
        "{value!r} 不是带时区的时间：请写成 2026-01-31T18:00:00+08:00 这样。",
        "{value!r} is no time with its zone: write it like 2026-01-31T18:00:00+08:00.",
    ),
    "span_unusable": (
        "{value!r} 不是时长：请写成 90s、15m、24h、7d 这样。",
        "{value!r} is no time span: write it like 90s, 15m, 24h or 7d.",
    ),
    "bug": (
        "出乎意料的错误：{reason}。请报告，并附上 SENTIQ_DEBUG=1 时的输出。",
        "An unexpected error: {reason}. Please report it, with what SENTIQ_DEBUG=1 shows.",
    ),
    # What the command does, shown by --help.
    "help": (
        "给中文文本打情感分：一条，或一百万条。地址取自 SENTIQ_URL，密钥取自 SENTIQ_API_KEY。",
        "Say how Chinese texts feel: one, or a million. The address is taken from SENTIQ_URL, the key from SENTIQ_API_KEY.",
    ),
    "help.exit": (
        "退出码：0 成功 · 1 意外错误 · 2 用法不对 · 3 请求被拒绝 · 4 密钥 · 5 没有找到 · 6 暂时不可用，请稍后再试 · 7 任务被取消或过期 · 8 有文本失败（--strict）· 9 等待超时 · 10 无法写文件 · 130 被 Ctrl-C 中断",
        "Exit codes: 0 done · 1 unexpected error · 2 wrong usage · 3 refused · 4 key · 5 not found · 6 try again later · 7 job cancelled or expired · 8 texts failed (--strict) · 9 timed out · 10 file not written · 130 interrupted",
    ),
    "help.url": ("服务的地址。", "Address of the service."),
    "help.key_file": (
        "存有密钥的文件；也可以用 SENTIQ_API_KEY。",
        "A file that holds the API key; or set SENTIQ_API_KEY.",
    ),
    "help.attempts": (
        "服务一时不可用时，一个请求最多发几次。",
        "How often a request is sent at most, when the service is away for a moment.",
    ),
    "help.version": ("显示版本。", "Show the version."),
    "help.json": ("输出 JSON，便于程序读取。", "Write JSON, for programs."),
    "help.analyze": (
        "当场分析几条文本；不写文本时从标准输入逐行读取（空行跳过）。输出到管道时是 NDJSON。",
        "Analyze texts at once; without any, lines are read from standard input (blank ones are skipped). Writes NDJSON into a pipe.",
    ),
    "help.texts": ("要分析的文本。", "The texts to analyze."),
    "help.batch_size": (
        "从标准输入读取时，一次提交多少行。",
        "How many lines of standard input are submitted at once.",
    ),
    "help.submit": (
        "提交一个文件（CSV、TSV、NDJSON、XLSX、Parquet，可加 .gz、.zst），显示进度，写出结果。Ctrl-C 只是离开，任务继续。",
        "Submit a file (CSV, TSV, NDJSON, XLSX or Parquet, with .gz or .zst too), show progress, write the results. Ctrl-C only leaves: the job goes on.",
    ),
    "help.file": ("要提交的文件。", "The file to submit."),
    "help.text_column": (
        "文本所在的列；默认是常见的名字（text、content、review、评论、内容、文本），或唯一的一列。",
        "The column that holds the texts; by default one of a usual name (text, content, review …), or the only one.",
    ),
    "help.id_column": ("编号所在的列；默认是 id（如果有）。", "The column that holds your ids; by default `id`, if there is one."),
    "help.sheet": ("工作表的名字（XLSX）。", "The name of the sheet (XLSX)."),
    "help.encoding": (
        "文件的编码：utf-8、gb18030、gbk；默认自动识别。",
        "The file's encoding: utf-8, gb18030 or gbk; detected by default.",
    ),
    "help.max_bad_rows": ("坏行多于此数，整个任务作废。", "With more bad rows than this, nothing is stored."),
    "help.model": ("模型的名字；默认由服务决定。", "Name of the model; by default the service's choice."),
    "help.neutral_band": (
        "得分低于此阈值的算作中性：0.5 到 1 之间的数，或 model（模型自己的阈值）。",
        "Call texts neutral that score below this: a number from 0.5 to 1, or `model` for the model's own threshold.",
    ),
    "help.deadline": (
        "到时还没开始的文本不再计算：2026-01-31T18:00:00+08:00。",
        "What is not begun by then is not scored: 2026-01-31T18:00:00+08:00.",
    ),
    "help.expires_after": (
        "任务结束多久后删除文本与结果：24h、7d。",
        "How long after its end texts and results are deleted: 24h, 7d.",
    ),
    "help.metadata": (
        "附在任务上的 名称=值，可写多次。",
        "A name=value that stays with the job; may be given several times.",
    ),
    "help.webhook": ("任务结束时通知的地址。", "An address that is told of the job's end."),
    "help.webhook_events": (
        "通知哪些事件，可写多次：job.running、job.completed、job.cancelled、job.expired；默认是后三种。",
        "Which events it is told of; may be given several times: job.running, job.completed, job.cancelled, job.expired; "
        "by default the last three.",
    ),
    "help.out": ("结果写到哪里：.csv .ndjson .xlsx .parquet。", "Where the results go: .csv .ndjson .xlsx .parquet."),
    "help.bom": (
        "CSV 以 BOM 开头，使 Excel 正确识别中文。",
        "Begin the CSV with a byte order mark, so that Excel reads Chinese.",
    ),
    "help.no_wait": ("提交后不等待，只打印任务编号。", "Do not wait: print the job's id and leave."),
    "help.resume": (
        "接着做上次没做完的同一提交；没有则新提交。",
        "Go on with the unfinished submission of this file (same service, same options); begin one if there is none.",
    ),
    "help.timeout": (
        "最多等任务多少秒；任务会继续。",
        "How many seconds to wait for the job at most; it goes on.",
    ),
    "help.strict": ("有文本失败时退出码为 8。", "Exit with 8 if texts have failed."),
    "help.jobs": ("列出任务，新的在前。", "List jobs, the newest first."),
    "help.state": ("只要这个状态的。", "Only those in this state."),
    "help.results_limit": (
        "最多列出多少条；默认在终端里 20 条，在管道里全部。",
        "How many at most; by default 20 in a terminal, all in a pipe.",
    ),
    "help.limit": ("最多列出多少个。", "How many at most."),
    "help.show": ("显示一个任务进行到哪里。", "Show how far a job has come."),
    "help.job": ("任务编号。", "The job's id."),
    "help.wait": ("等到任务结束，显示进度。", "Wait for its end, showing progress."),
    "help.results": (
        "读取一个任务的结果；输出到管道时是 NDJSON，--out 写成文件。",
        "Read the results of a job: as NDJSON into a pipe, into a file with --out.",
    ),
    "help.cancel": (
        "取消任务中还没开始的文本；已有的结果保留。",
        "Cancel what no worker has begun; results that are there stay.",
    ),
    "help.report": (
        "汇总一个任务的结果：终端图表，或 --html、--png。",
        "Sum up a job's results: a chart in the terminal, or --html, --png.",
    ),
    "help.by": ("按自己的哪一列分组。", "By which column of your own to group."),
    "help.top": ("最多显示多少组。", "How many groups to show at most."),
    "help.html": ("写成一个网页（不需要其他文件）。", "Write a page that needs no other file."),
    "help.png": ("写成图片（需要 sentiq\\[plots]）。", "Write a picture (needs sentiq\\[plots])."),
    "help.listen": (
        "在本机接收回调、校验签名并打印事件，供开发时使用。密钥取自 SENTIQ_WEBHOOK_SECRET 或 --secret-file。",
        "Receive webhooks on this machine, verify their signatures and print the events, for development. The secret comes from SENTIQ_WEBHOOK_SECRET or --secret-file.",
    ),
    "help.host": ("监听的地址。", "The address to listen on."),
    "help.port": ("监听的端口；0 表示任选。", "The port to listen on; 0 takes any."),
    "help.secret_file": ("存有回调密钥（whsec_…）的文件。", "A file that holds the webhook's secret (whsec_…)."),
    "help.count": ("收到这么多个有效事件后退出。", "Leave after so many good events."),
    # What the command says while it works.
    "retrying": ("{reason} —— {seconds} 秒后重试", "{reason} -- trying again in {seconds} s"),
    "submitted": ("已提交：任务 {job}，{total} 条文本。", "Submitted: job {job}, {total} texts."),
    "resumed": ("接着上次的任务 {job}。", "Going on with job {job}."),
    "unfinished": (
        "提示：上次提交这个文件之后没有等到结果，--resume 可以接着做；这次是新的任务。",
        "Note: nobody waited for the end of this file's last submission, --resume goes on with it; this is a new job.",
    ),
    "not_remembered": (
        "提示：{reason}。--resume 将找不到这次提交。",
        "Note: {reason}. So --resume will not find this submission.",
    ),
    "uploading": ("上传", "uploading"),
    "queued": ("排队", "queued"),
    "running": ("计算", "scoring"),
    "completed": ("完成", "completed"),
    "cancelled": ("已取消", "cancelled"),
    "expired": ("已过期", "expired"),
    "succeeded": ("成功", "succeeded"),
    "failed": ("失败", "failed"),
    "positive": ("正面", "positive"),
    "negative": ("负面", "negative"),
    "neutral": ("中性", "neutral"),
    "rate": ("{rate} 条/秒", "{rate} texts/s"),
    "eta": ("约剩 {eta}", "{eta} left"),
    "summary": (
        "任务 {job} {state}：共 {total} 条，成功 {succeeded}，失败 {failed}，取消 {cancelled}。",
        "Job {job} {state}: {total} texts, {succeeded} succeeded, {failed} failed, {cancelled} cancelled.",
    ),
    "written": ("结果已写入 {path}。", "The results are in {path}."),
    "left_upload": (
        "\n上传中断了。再次运行同一命令并加上 --resume，即可接着上传：\n  {command}",
        "\nThe upload was broken off. To go on with it, run the same command with --resume:\n  {command}",
    ),
    "left_job": (
        "\n任务 {job} 仍在继续。回来看看：\n{commands}",
        "\nThe job {job} goes on. To come back:\n{commands}",
    ),
    "left_results": (
        "\n任务 {job} 已经结束。取回结果：\n{commands}",
        "\nThe job {job} has ended. To fetch its results:\n{commands}",
    ),
    "no_jobs": ("没有任务。", "There are no jobs."),
    "more_results": (
        "……还有更多；--out 文件 写出全部，或接上管道。",
        "… and more; --out FILE writes them all, or pipe them.",
    ),
    "column.job": ("任务", "JOB"),
    "column.state": ("状态", "STATE"),
    "column.done": ("进度", "DONE"),
    "column.failed": ("失败", "FAILED"),
    "column.created": ("提交时间", "CREATED"),
    "column.left": ("剩余", "LEFT"),
    "column.rate": ("速度", "RATE"),
    "column.text": ("文本", "TEXT"),
    "column.label": ("情感", "LABEL"),
    "column.score": ("得分", "SCORE"),
    "report.title": ("情感分析报告：任务 {job}", "How the texts of job {job} feel"),
    "report.total": (
        "共 {total} 条，已打分 {scored} 条，失败 {failed} 条。",
        "{total} texts: {scored} scored, {failed} failed.",
    ),
    "report.labels": ("情感分布", "Labels"),
    "report.scores": ("正面概率的分布", "Probability of `positive`"),
    "report.groups": ("按“{by}”分组", "By {by}"),
    "report.none": ("（空）", "(none)"),
    "report.others": ("（其他）", "(others)"),
    "report.no_font": (
        "提示：没有找到中文字体，图片里的中文会显示为方框；可安装 fonts-noto-cjk，或改用 --html。",
        "Note: no font for Chinese was found, so Chinese will show as boxes; install fonts-noto-cjk, or use --html.",
    ),
    "listening": (
        "正在 {url} 接收回调，Ctrl-C 结束。服务须允许内网地址：SENTIQ_WEBHOOK_ALLOW_PRIVATE=1",
        "Receiving webhooks at {url}; Ctrl-C ends it. The service must allow private addresses: SENTIQ_WEBHOOK_ALLOW_PRIVATE=1",
    ),
    "refused_event": ("已拒绝（400）：{reason}", "Refused (400): {reason}"),
    "repeated": ("（重复）", "(again)"),
}


def tell(language: Language, message: str, **fields: object) -> str:
    """Return the message in this language, with these fields in it."""
    chinese, english = MESSAGES[message]
    return (chinese if language is Language.CHINESE else english).format(**fields)
