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

# tidy: takes away what one of us left that was killed; the name says whose it was. A transaction of it may go on by itself
tidy() {
  for old in "${TMPDIR:-/tmp}"/pve-posture.*.*; do
    owner=${old##*/pve-posture.}
    owner=${owner%%.*}
    case $owner in '' | *[!0-9]*) continue ;; esac
    # shellcheck disable=SC3067
    [ ! -L "$old" ] && [ -O "$old" ] && ! kill -0 "$owner" 2> /dev/null || continue
    set -- "$root/var/lib/pve-posture/transaction-$owner"-*
    [ -e "$1" ] || rm -rf "$old"
  done
  for old in "$root"/var/lib/pve-posture/.new-*; do
    owner=${old##*/.new-}
    kill -0 "${owner%%-*}" 2> /dev/null || [ ! -e "$old" ] || rm -rf "$old"
  done
}
tidy
tmp=$(mktemp -d "${TMPDIR:-/tmp}/pve-posture.$$.XXXXXX") || exit 70
trap 'rm -rf "$tmp"' EXIT
# PIPE: the other side may be gone before we have said everything
trap 'exit 129' HUP INT TERM PIPE

newline='
'

# size FILE: $bytes
size() { bytes=$(wc -c < "$1") && bytes=$((bytes)); }

# full: what this needs can't be written; to say "denied" or half an answer would be a lie
full() {
  echo "can't write below $tmp: is the disk full?" >&2
  exit 70
}

# frame STATUS FILE: one answer
frame() {
  size "$2"
  printf '%s %s\n' "$1" "$bytes"
  cat "$2"
}

# answer COMMAND...: what it says, whole. In a subshell, as a redirection that fails may end the shell
answer() {
  ("$@" > "$tmp/out") 2> /dev/null || full
  frame ok "$tmp/out"
}

# tell COMMAND...: what it says, where that is text
tell() {
  text=$("$@"; printf .)
  text=${text%.}
  printf 'ok %s\n%s' "${#text}" "$text"
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
  { cat "$1" > "$2"; } 2> /dev/null && return
  { cat "$1" > /dev/null; } 2> /dev/null && full
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
    size "$tmp/one"
    printf '%s %s\n' "$bytes" "${found#"$root"}" && cat "$tmp/one" || return 1
  done
}

paths() {
  IFS=
  for found in $root$1; do
    [ ! -e "$found" ] || printf '%s\n' "${found#"$root"}"
  done
}

# all PATTERN: whether what follows is all there is; what is no file that can be read (`- PATH`), the sizes and names of the
# files, an empty line, and their bytes. With few processes, however many files there are
all() {
  # whoever isn't root may not have been shown everything
  if [ "$(id -u)" = 0 ]; then printf 'whole\n'; else printf 'part\n'; fi
  IFS=
  # shellcheck disable=SC2086
  set -- $root$1
  for found do
    shift
    case $found in *"$newline"*) continue ;; esac
    if [ -f "$found" ] && [ -r "$found" ]; then set -- "$@" "$found"
    elif [ -e "$found" ] || [ -L "$found" ]; then printf -- '- %s\n' "${found#"$root"}"
    fi
  done
  if [ $# = 0 ]; then printf '\n'; return; fi
  # the name without a file behind it makes that there is a sum, and so a last line to leave out
  sizes=$(wc -c "$@" /dev/null 2> /dev/null | sed '$d')
  cat "$@" > "$tmp/one" 2> /dev/null || sizes=
  total=0
  while read -r line; do
    bytes=${line%% *}
    total=$((total + ${bytes:-0}))
  done <<END
$sizes
END
  # somebody wrote meanwhile: one by one, then
  size "$tmp/one"
  if [ -z "$sizes" ] || [ "$bytes" != "$total" ]; then
    : > "$tmp/one"
    sizes=
    for found do
      copy "$found" "$tmp/single" && cat "$tmp/single" >> "$tmp/one" || continue
      size "$tmp/single"
      sizes="$sizes$bytes $found$newline"
    done
  fi
  while IFS= read -r line; do
    # as it stands: a name may begin and end with blanks
    line=${line#"${line%%[0-9]*}"}
    found=${line#* }
    case $found in /dev/null | '') ;; *) printf '%s %s\n' "${line%% *}" "${found#"$root"}" ;; esac
  done <<END
$sizes
END
  printf '\n'
  cat "$tmp/one"
}

observe_all() { answer all "$1"; }

# observe_files PATTERN: every file that matches, with its content
observe_files() { answer files "$1"; }
observe_paths() { tell paths "$1"; }
# observe_package NAME: the version that is installed
observe_package() {
  version=
  # not every awk says that it could not write
  [ ! -r "$root/var/lib/dpkg/status" ] || version=$(awk -v name="$1" '
    /^Package: / { mine = ($2 == name) }
    mine && /^Status: / { installed = ($NF == "installed") }
    mine && installed && /^Version: / { print $2; exit }
  ' "$root/var/lib/dpkg/status")
  tell printf '%s\n' "$version"
}

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
  if users=$(users_of "$1"); then tell printf '%s' "${users:+$users$newline}"; else printf 'denied 0\n'; fi
}

# first_process VMID: the process that is the running container's init, by its number here; nothing where none is known
first_process() {
  [ -d "$root/sys/fs/cgroup/lxc/$1" ] || return 0
  # a container that hangs must not keep us
  if command -v timeout > /dev/null 2>&1; then process=$(timeout 10 lxc-info -n "$1" -p -H 2> /dev/null < /dev/null)
  else process=$(lxc-info -n "$1" -p -H 2> /dev/null < /dev/null)
  fi
  process=${process##* }
  case $process in '' | *[!0-9]*) ;; *) [ ! -d "$root/proc/$process" ] || printf '%s\n' "$process" ;; esac
}

# label_of PID: $label, what AppArmor knows it by; /proc/<pid>/attr/current is that of another module where there are several
label_of() {
  label=
  for attr in "$root/proc/$1/attr/apparmor/current" "$root/proc/$1/attr/current"; do
    { IFS= read -r label < "$attr" || [ -n "$label" ]; } 2> /dev/null && break
  done
}

# maps_of PID: its ids as lines of a configuration have them
maps_of() {
  for kind in u g; do
    while read -r container host count; do printf '%s %s %s %s\n' "$kind" "$container" "$host" "$count"; done < "$root/proc/$1/${kind}id_map"
  done 2> /dev/null
}

# owner_of DIRECTORY: $owner, its user and group, by number
owner_of() {
  # shellcheck disable=SC2046
  set -- $(ls -ldn "$1/" 2> /dev/null)
  owner=${3-}${4:+ $4}
}

# with few processes of its own: there may be many containers
live() {
  [ -d "$root/sys/fs/cgroup/lxc/$1" ] || return 0
  printf 'running\n'
  pid=$(first_process "$1")
  [ -n "$pid" ] || return 0
  label_of "$pid"
  owner_of "$root/proc/$pid/root"
  # a program's name may hold blanks and parentheses; what stands behind the last one are fields
  stat=
  { read -r stat < "$root/proc/$pid/stat"; } 2> /dev/null
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  printf 'pid %s\nstarted %s\nlabel %s\nowner %s\n' "$pid" "${20-}" "$label" "$owner"
  maps_of "$pid"
}

# observe_live VMID: the running container; nothing where it doesn't run
observe_live() { tell live "$1"; }

# lives: the running containers, as `all` answers: whether these are all, the sizes and numbers, an empty line, and what is
# known of each. Some may hang: after a while the rest is left to those who ask for it
lives() {
  texts=
  heads=
  whole=whole
  until=$(($(date +%s) + 5))
  for container in "$root"/sys/fs/cgroup/lxc/*; do
    container=${container##*/}
    case $container in '' | *[!0-9]*) continue ;; esac
    [ "$(date +%s)" -lt "$until" ] || { whole=part; break; }
    text=$(live "$container"; printf .)
    text=${text%.}
    heads="$heads${#text} $container$newline"
    texts=$texts$text
  done
  printf '%s\n%s\n%s' "$whole" "$heads" "$texts"
}
observe_lives() { tell lives; }

# observe_owner VMID: whose the directory is that a stopped container's root file system is; nothing where it is none
observe_owner() {
  volume=$(sed -e '/^\[/,$d' -e '/^rootfs:/!d' -e 's/^rootfs:[[:space:]]*//' -e 's/^volume=//' -e 's/,.*//' "$root/etc/pve/lxc/$1.conf" 2> /dev/null | tail -n 1)
  case $volume in
    '') place= ;;
    /*) place=$root$volume ;;
    -*) place= ;;
    *) place=$(pvesm path "$volume" 2> /dev/null < /dev/null) && place=$root$place || place= ;;
  esac
  owner=
  [ -z "$place" ] || [ ! -d "$place" ] || owner_of "$place"
  tell printf '%s' "${owner:+$owner$newline}"
}

# observe FILE PREFIX: answers each request of the file, in order; requests are the lines with the prefix
observe() {
  while read -r line; do
    case $line in "$2"*) line=${line#"$2"} ;; *) continue ;; esac
    kind=${line%% *}
    case $kind in
      file | files | all | paths | package | users | live | lives | owner) "observe_$kind" "${line#* }" ;;
      *) printf 'denied 0\n' ;;
    esac
  done < "$1"
}
