# Runs on the node, in front of observe.sh or apply.sh. Nothing from a user is ever part of this text: all data comes
# on standard input. POSIX sh; the programs used are those of coreutils, busybox and BSD alike.
# shellcheck shell=sh
set -u
LC_ALL=C
umask 022

# empty on a node; a test's node lives below a directory of its own, and must not reach for the host's apparmor_parser
root=${PVE_POSTURE_ROOT-}
[ -n "$root" ] || PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

tmp=$(mktemp -d "${TMPDIR:-/tmp}/pve-posture.XXXXXX") || exit 70
trap 'rm -rf "$tmp"' EXIT
# PIPE: the other side may be gone before we have said everything
trap 'exit 129' HUP INT TERM PIPE

size() { wc -c < "$1" | tr -d ' '; }

# frame STATUS FILE: one answer
frame() {
  printf '%s %s\n' "$1" "$(size "$2")"
  cat "$2"
}

# reachable PATH: whether the directories above it can be searched; without that, «absent» would be a guess
reachable() {
  up=$1
  while up=${up%/*}; [ -n "$up" ] && [ ! -e "$up" ]; do :; done
  # below a plain file nothing can be
  [ -z "$up" ] || [ ! -d "$up" ] || [ -x "$up" ]
}

observe_file() {
  : > "$tmp/out"
  if [ -e "$root$1" ]; then
    if cat "$root$1" > "$tmp/out" 2> "$tmp/err"; then frame ok "$tmp/out"; else frame denied "$tmp/err"; fi
  elif reachable "$root$1"; then frame absent "$tmp/out"
  else frame denied "$tmp/out"
  fi
}

# observe_files PATTERN: every file that matches, with its content
observe_files() {
  : > "$tmp/out"
  IFS=
  for found in $root$1; do
    [ -f "$found" ] && cat "$found" > "$tmp/one" 2> "$tmp/err" || continue
    printf '%s %s\n' "$(size "$tmp/one")" "${found#"$root"}" >> "$tmp/out"
    cat "$tmp/one" >> "$tmp/out"
  done
  unset IFS
  frame ok "$tmp/out"
}

observe_paths() {
  IFS=
  for found in $root$1; do
    [ -e "$found" ] && printf '%s\n' "${found#"$root"}"
  done > "$tmp/out"
  unset IFS
  frame ok "$tmp/out"
}

# observe_package NAME: the version that is installed
observe_package() {
  : > "$tmp/out"
  [ -r "$root/var/lib/dpkg/status" ] && awk -v name="$1" '
    /^Package: / { mine = ($2 == name) }
    mine && /^Status: / { installed = ($NF == "installed") }
    mine && installed && /^Version: / { print $2; exit }
  ' "$root/var/lib/dpkg/status" > "$tmp/out"
  frame ok "$tmp/out"
}

# users_of PROFILE: containers whose configuration names it, and processes that run under it
users_of() {
  for conf in "$root"/etc/pve/nodes/*/lxc/*.conf; do
    [ -f "$conf" ] || continue
    # the sections below are snapshots: they don't hold now; what only looks like one is passed over, as by Proxmox VE
    sed -e '/^\[pve:pending\][[:space:]]*$/,$d' -e '/^\[[A-Za-z][A-Za-z0-9_-][A-Za-z0-9_-]*\][[:space:]]*$/,$d' "$conf" | sed -n 's/^lxc\.apparmor\.profile[[:space:]]*[:=][[:space:]]*//p' |
      sed 's/[[:space:]]*$//' | grep -Fxq -e "$1" || continue
    conf=${conf#"$root/etc/pve/nodes/"}
    id=${conf##*/}
    printf 'container %s %s\n' "${id%.conf}" "${conf%%/*}"
  done
  # /dev/null: with one file alone grep would not name it
  grep -sF -e "$1" /dev/null "$root"/proc/[0-9]*/attr/current | while IFS= read -r line; do
    label=${line#*/attr/current:}
    case $label in
      "$1" | "$1 ("* | "$1//"*)
        pid=${line%%/attr/current:*}
        printf 'process %s\n' "${pid##*/}"
        ;;
    esac
  done
}

observe_users() {
  users_of "$1" > "$tmp/out"
  frame ok "$tmp/out"
}

# observe_all FILE: answers each request of the file, in order
observe_all() {
  while read -r kind what; do
    case $kind in
      file | files | paths | package | users) "observe_$kind" "$what" ;;
      *) printf 'denied 0\n' ;;
    esac
  done < "$1"
}
