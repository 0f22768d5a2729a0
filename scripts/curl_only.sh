#!/bin/sh
# 只用 curl：提交一个文件，等它做完，取回结果。不需要安装任何东西。
# With curl alone: submit a file, wait until it is scored, fetch the results. Nothing else is needed.
#
#   ./curl_only.sh reviews.csv scored.csv '?text_column=评论'
#   ./curl_only.sh texts.json results.ndjson
#
# Address and key come from SENTIQ_URL and SENTIQ_API_KEY.
set -eu

[ $# -ge 2 ] || { echo "$0 INPUT OUTPUT ['?text_column=…']" >&2; exit 2; }
INPUT="$1"
OUTPUT="$2"
OPTIONS="${3:-}"    # ?text_column=…&id_column=…, percent-encoded if it is not ASCII
URL="${SENTIQ_URL:-http://127.0.0.1:7860}"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# The key goes into a file that only we can read: everybody on this machine can see command lines.
umask 077
if [ -n "${SENTIQ_API_KEY:-}" ]; then
    printf 'header = "Authorization: Bearer %s"\n' "$SENTIQ_API_KEY" >"$WORK/curlrc"
else
    : >"$WORK/curlrc"
fi

# Tries again, with growing pauses and as Retry-After says, what may pass: no connection, 408, 429, 5xx.
ask() { curl --config "$WORK/curlrc" --silent --show-error --globoff --retry 8 --retry-all-errors --retry-max-time 120 "$@"; }

case "$INPUT" in
    *.json) TYPE=application/json ;;
    *.ndjson | *.jsonl) TYPE=application/x-ndjson ;;
    *.csv) TYPE=text/csv ;;
    *.tsv) TYPE=text/tab-separated-values ;;
    *.xlsx) TYPE=application/vnd.openxmlformats-officedocument.spreadsheetml.sheet ;;
    *.parquet) TYPE=application/vnd.apache.parquet ;;
    *) echo "$INPUT: .json .ndjson .csv .tsv .xlsx .parquet" >&2; exit 2 ;;
esac

# One key for all attempts: however often the file is sent, there is one job. --upload-file streams it from the disk,
# where --data-binary would read all of it into memory first.
KEY="curl-$(date +%s)-$$"
STATUS=$(ask --request POST --upload-file "$INPUT" --header "Content-Type: $TYPE" --header "Idempotency-Key: $KEY" \
    --header 'Expect:' --dump-header "$WORK/headers" --output "$WORK/answer" --write-out '%{http_code}' "$URL/v1/jobs$OPTIONS")
if [ "$STATUS" != 202 ]; then
    echo "HTTP $STATUS:" >&2    # a problem with a stable `code`, and a `detail` for people
    cat "$WORK/answer" >&2
    exit 1
fi
# The last Location: there may be headers of earlier attempts.
JOB=$(sed -n 's/^[Ll]ocation: *\([^[:space:]]*\).*/\1/p' "$WORK/headers" | tail -n 1)
JOB="/v1/jobs/${JOB##*/}"
echo "$URL$JOB" >&2

# Writes an answer to a file, or the reason why there is none to the terminal.
get() {
    FILE="$1"
    shift
    STATUS=$(ask --output "$FILE" --write-out '%{http_code}' "$@")
    if [ "$STATUS" != 200 ]; then
        echo "HTTP $STATUS:" >&2
        cat "$FILE" >&2
        exit 1
    fi
}

# Each request is answered when the job has ended, or after ten seconds.
while :; do
    get "$WORK/job" --header 'Prefer: wait=10' "$URL$JOB"
    STATE=$(grep -o '"state": *"[a-z]*"' "$WORK/job" | head -n 1 | cut -d '"' -f 4)
    case "$STATE" in
        completed) break ;;
        cancelled | expired) echo "$STATE" >&2; exit 1 ;;
    esac
    sleep 1    # in case that the service, or a proxy, holds no answers
done

# The name of the output tells the format. Written beside it first, so that what is there is whole.
case "$OUTPUT" in
    *.csv | *.xlsx | *.parquet) get "$OUTPUT.part" "$URL$JOB/results?format=${OUTPUT##*.}" ;;
    *) get "$OUTPUT.part" --header 'Accept: application/x-ndjson' "$URL$JOB/results" ;;
esac
mv "$OUTPUT.part" "$OUTPUT"
