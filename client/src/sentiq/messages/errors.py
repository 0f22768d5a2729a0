"""What the client says when something goes wrong."""

from collections.abc import Mapping

ERRORS: Mapping[str, tuple[str, str]] = {
    "url_unusable": (
        "{url!r} 不是服务的地址：请写成 http://127.0.0.1:7860 这样。",
        "{url!r} is no address of a service: write it like http://127.0.0.1:7860.",
    ),
    "key_unusable": (
        "密钥里有密钥不会有的字符：复制完整了吗？",
        "The API key holds characters that no key has: was it copied whole?",
    ),
    "key_empty": (
        "密钥是空的：存放它的文件或变量里有内容吗？",
        "The API key is empty: is there something in its file, or variable?",
    ),
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
}
