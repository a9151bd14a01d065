# Shared by the scripts of this folder; sourced, not run.
# DIR is the folder of one installation (.local/demo, .local/test-XXXX); it remembers ports and secrets.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$ROOT/infra/local
export LC_ALL=C.UTF-8 ROOT
export PATH="$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin"
SERVICE_USER=tsumugi-local

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# Postgres refuses to run as root, so root hands its services to an unprivileged account.
as_service() {
  if [ "$(id -u)" -eq 0 ]; then runuser -u "$SERVICE_USER" -- "$@"; else "$@"; fi
}

# service_dir DIR NAME: a folder the service account can reach, made on the first call.
# Checkouts below /root cannot be traversed by others; then DIR/NAME is a link into /var/lib.
service_dir() {
  local dir=$1/$2
  if [ ! -e "$dir" ]; then
    if [ "$(id -u)" -ne 0 ]; then
      mkdir -p "$dir"
    else
      id "$SERVICE_USER" >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin "$SERVICE_USER"
      mkdir -p "$1"
      local real=$dir
      if ! as_service test -x "$1"; then
        mkdir -p /var/lib/tsumugi-local
        real=$(mktemp -d "/var/lib/tsumugi-local/$2-XXXXXX")
        ln -sfn "$real" "$dir"
      fi
      install -d -m 700 -o "$SERVICE_USER" "$real"
    fi
    chmod 700 "$dir/"
  fi
  (cd "$dir" && pwd -P)
}

port_taken() {
  local hex
  hex=$(printf '%04X' "$1")
  grep -qsE ":$hex 0+:0000 0A" /proc/net/tcp /proc/net/tcp6
}

# port DIR NAME: the remembered port while it is free, else another one, below the ephemeral range.
port() {
  local file=$1/ports/$2 number=
  mkdir -p "$1/ports"
  [ ! -f "$file" ] || number=$(cat "$file")
  while [ -z "$number" ] || port_taken "$number"; do number=$((20000 + RANDOM % 12000)); done
  printf '%s\n' "$number" | tee "$file"
}

remembered_port() { cat "$1/ports/$2"; }

# secret DIR NAME: made once, readable by the owner only, safe inside URLs and shells.
secret() {
  local file=$1/secrets/$2
  if [ ! -s "$file" ]; then
    install -d -m 700 "$1/secrets"
    (umask 077 && openssl rand -hex 20 >"$file")
  fi
  cat "$file"
}

# running PIDFILE WORD: the process still lives and is ours (its command line contains WORD).
running() {
  local pid
  [ -s "$1" ] && read -r pid _ <"$1" && [ -r "/proc/$pid/cmdline" ] || return 1
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$2"
}

# stop_process PIDFILE WORD [SECONDS]: ask, wait, then insist.
stop_process() {
  local pid waited=0 limit=$((${3:-15} * 10))
  if running "$1" "$2"; then
    read -r pid _ <"$1"
    kill -TERM "$pid" 2>/dev/null || true
    while running "$1" "$2"; do
      [ "$waited" -lt "$limit" ] || kill -KILL "$pid" 2>/dev/null || true
      waited=$((waited + 1))
      sleep 0.1
    done
  fi
  rm -f "$1"
}

# wait_for SECONDS COMMAND…: true as soon as the command succeeds.
wait_for() {
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.1
  done
}

# assignment NAME VALUE: one line a shell can source.
assignment() { printf "%s='%s'\n" "$1" "$2"; }

# remove_installation DIR: with the folders it links to.
remove_installation() {
  local link
  for link in "$1"/*; do
    [ ! -L "$link" ] || rm -rf -- "$(realpath "$link")"
  done
  rm -rf -- "$1"
}
