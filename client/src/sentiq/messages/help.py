"""What the command says of itself: the texts of `--help`."""

from collections.abc import Mapping

HELP: Mapping[str, tuple[str, str]] = {
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
    "help.id_column": (
        "编号所在的列；默认是 id（如果有）。",
        "The column that holds your ids; by default `id`, if there is one.",
    ),
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
        "最多多少条；默认终端 20，管道全部。",
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
}
