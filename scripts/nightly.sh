#!/bin/sh
# 每晚给当天的文件打分；断电、重启、断网之后，再次运行会接着做。
# Scores the file of the day each night; after a power cut, a restart or a lost network, the next run goes on with it.
#
# crontab -e （每晚两点，之后每半小时再试一次，直到四点 / at two, then every half hour until four）:
#   SENTIQ_API_KEY=sentiq_…
#   PATH=/usr/local/bin:/usr/bin:/bin
#   0,30 2-3 * * * /path/to/nightly.sh 2>>/var/log/sentiq-nightly.log
#
# PATH must hold the folder of `sentiq`, since cron knows little of yours. What goes wrong for good is written to standard
# output, which cron sends by mail; all else goes to the log. Once the file is scored, further runs of the day do nothing,
# so the repetitions cost nothing.
set -eu

FOLDER="${SENTIQ_FOLDER:-$HOME/reviews}"    # where the files lie: reviews-2026-01-31.csv
DAY="${1:-$(date +%Y-%m-%d)}"               # another day can be made up for: nightly.sh 2026-01-30
INPUT="$FOLDER/reviews-$DAY.csv"
OUTPUT="$FOLDER/scored-$DAY.csv"

say() { printf '%s %s\n' "$(date '+%F %T')" "$*" >&2; }

# Two at once would send the file twice. The lock goes with the process, whatever ends it.
exec 9>"$FOLDER/.nightly.lock"
flock --nonblock 9 || { say "another run is at work, leaving it to that one"; exit 0; }

# The output appears only when it is whole, so it is also the sign that the work is done.
[ -e "$OUTPUT" ] && { say "$OUTPUT is there already"; exit 0; }
[ -e "$INPUT" ] || { say "$INPUT is not there (yet)"; exit 0; }

# --resume goes on with an upload or a job that an earlier run of tonight has left, and begins one if there is none.
# --timeout leaves before the next run comes; the job goes on meanwhile, and the next run comes back to it.
code=0
sentiq submit "$INPUT" --text-column 评论 --out "$OUTPUT" --bom --resume --timeout 1700 || code=$?
case "$code" in
    0) say "scored: $OUTPUT" ;;
    6 | 9) say "not yet (exit code $code): the next run goes on with it"; exit 0 ;;  # the moment's fault, not the file's
    *) say "failed with exit code $code"; echo "$INPUT: failed with exit code $code, somebody must look"; exit "$code" ;;
esac
