#!/bin/sh
# Installs the locked packages into .venv (`serve`), .venv-dev (`dev`) or .venv-client (`client`), and nothing when they
# are there already. Plain shell, since it runs before anything else does: sh embedded/bootstrap.sh serve|dev|client
set -eu
cd "$(dirname "$0")/.."

stop() {
    printf '%s\n' "$1" >&2
    exit 1
}

find_python() {
    for name in ${PYTHON:-} python3.11 python3.12 python3.13 python3; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            printf '%s' "$name"
            return
        fi
    done
    stop "没有找到 Python 3.11 或更高版本：请先安装，或用 make run PYTHON=/路径/python3.11 指定 / Python 3.11 or newer was not found: install it (e.g. apt install python3.11 python3.11-venv), or name it with PYTHON=/path/to/python3.11."
}

create_environment() {
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        stop "$python 缺少 venv 模块：请安装 python3-venv（例如 apt install python3-venv） / $python has no venv module: install it, e.g. apt install python3-venv."
    "$python" -m venv --clear "$1" ||
        stop "无法创建 $1：请检查目录权限与磁盘空间 / $1 could not be created: check the folder's permissions and free space."
}

install() {
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --no-deps "$@" ||
        stop "依赖安装失败：请检查网络后重新运行同一命令 / The packages could not be installed: check the network, then run the same command again."
}

case "${1:-}" in
    serve) venv=.venv locks="requirements/serve.txt" zh="首次约一分钟" en="about a minute, once" ;;
    dev) venv=.venv-dev locks="requirements/torch.txt requirements/dev.txt" zh="含 torch，首次需几分钟" en="with torch; some minutes, once" ;;
    client) venv=.venv-client locks="requirements/client.txt" zh="约十秒，首次" en="some ten seconds, once" ;;
    *) stop "usage: sh embedded/bootstrap.sh serve|dev|client" ;;
esac

installed="$venv/installed-lock.txt"
# Compared by content and not by time, since a checkout gives files new times.
if cat $locks 2>/dev/null | cmp -s - "$installed" 2>/dev/null && "$venv/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

"$venv/bin/python" -m pip --version >/dev/null 2>&1 || create_environment "$venv"
rm -f "$installed"
printf '▸ 正在安装依赖到 %s（%s） / Installing packages into %s (%s)\n' "$venv" "$zh" "$venv" "$en"
for lock in $locks; do
    case "$lock" in
        */torch.txt) install -r "$lock" ;;  # its hash differs from machine to machine
        *) install --require-hashes -r "$lock" ;;
    esac
done
# The command itself, from where it lies: what it needs to be built with is in the lock too.
[ "$1" != client ] || install --no-build-isolation --editable ./client
cat $locks >"$installed"
