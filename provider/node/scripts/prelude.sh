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

# full: what this needs can't be written; to say "denied" or half an answer would be a lie
full() {
  echo "can't write below $tmp: is the disk full?" >&2
  exit 70
}

# frame STATUS FILE: one answer
frame() {
  printf '%s %s\n' "$1" "$(size "$2")"
  cat "$2"
}

# answer COMMAND...: what it says, whole. In a subshell, as a redirection that fails may end the shell
answer() {
  ("$@" > "$tmp/out") 2> /dev/null || full
  frame ok "$tmp/out"
}

# reachable PATH: whether the directories above it can be searched; without that, «absent» would be a guess
reachable() {
  up=$1
  while up=${up%/*}; [ -n "$up" ] && [ ! -e "$up" ]; do :; done
  # below a plain file nothing can be
  [ -z "$up" ] || [ ! -d "$up" ] || [ -x "$up" ]
}

# copy FROM TO: fails where FROM can't be read; where only TO can't be written, nothing goes on
copy() {
  (cat "$1" > "$2") 2> /dev/null && return
  (cat "$1" > /dev/null) 2> /dev/null && full
  return 1
}

observe_file() {
  if [ -e "$root$1" ]; then
    if copy "$root$1" "$tmp/out"; then frame ok "$tmp/out"; else printf 'denied 0\n'; fi
  elif reachable "$root$1"; then printf 'absent 0\n'
  else printf 'denied 0\n'
  fi
}

files() {
  IFS=
  for found in $root$1; do
    [ -f "$found" ] || continue
    copy "$found" "$tmp/one" || continue
    printf '%s %s\n' "$(size "$tmp/one")" "${found#"$root"}" && cat "$tmp/one" || return 1
  done
}

paths() {
  IFS=
  for found in $root$1; do
    [ ! -e "$found" ] || printf '%s\n' "${found#"$root"}" || return 1
  done
}

# observe_files PATTERN: every file that matches, with its content
observe_files() { answer files "$1"; }
observe_paths() { answer paths "$1"; }
# observe_package NAME: the version that is installed
observe_package() {
  version=
  # not every awk says that it could not write
  [ ! -r "$root/var/lib/dpkg/status" ] || version=$(awk -v name="$1" '
    /^Package: / { mine = ($2 == name) }
    mine && /^Status: / { installed = ($NF == "installed") }
    mine && installed && /^Version: / { print $2; exit }
  ' "$root/var/lib/dpkg/status")
  answer printf '%s\n' "$version"
}

newline='
'

# users_of PROFILE: containers whose configuration names it, and processes that run under it. Fails where something
# can't be read for another reason than that it is gone by now, and says what: it may be one more user.
users_of() {
  for conf in "$root"/etc/pve/nodes/*/lxc/*.conf; do
    [ -f "$conf" ] || continue
    # the sections below are snapshots: they don't hold now; what only looks like one is passed over, as by Proxmox VE
    if ! names=$(sed -e '/^\[pve:pending\][[:space:]]*$/,$d' -e '/^\[[A-Za-z][A-Za-z0-9_-][A-Za-z0-9_-]*\][[:space:]]*$/,$d' \
      -e '/^lxc\.apparmor\.profile[[:space:]]*[:=]/!d' -e 's/^[^:=]*[:=][[:space:]]*//' -e 's/[[:space:]]*$//' "$conf" 2> /dev/null); then
      [ -e "$conf" ] || continue
      printf '%s\n' "${conf#"$root"}"
      return 1
    fi
    case $newline$names$newline in *"$newline$1$newline"*) ;; *) continue ;; esac
    conf=${conf#"$root/etc/pve/nodes/"}
    id=${conf##*/}
    printf 'container %s %s\n' "${id%.conf}" "${conf%%/*}" || return 1
  done
  # with the shell's own means: there may be more processes than a command takes arguments, or than grep is quick for
  for label in "$root"/proc/[0-9]*/attr/current; do
    name=
    if ! { IFS= read -r name < "$label"; } 2> /dev/null && [ -z "$name" ]; then
      [ -e "$label" ] || continue
      printf '%s\n' "${label#"$root"}"
      return 1
    fi
    case $name in
      "$1" | "$1 ("* | "$1//"*)
        pid=${label%/attr/current}
        printf 'process %s\n' "${pid##*/}" || return 1
        ;;
    esac
  done
}

observe_users() {
  if users=$(users_of "$1"); then answer printf '%s' "${users:+$users$newline}"; else printf 'denied 0\n'; fi
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
