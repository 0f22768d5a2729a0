"""What the command says while it works."""

from collections.abc import Mapping

TELLING: Mapping[str, tuple[str, str]] = {
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
