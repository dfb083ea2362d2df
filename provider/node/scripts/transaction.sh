# Runs on the node, between prelude.sh and apply.sh or repair.sh: what both need to put back what was there.
#
# A transaction has a directory of its own, /var/lib/pve-posture/transaction-*, from before its first staged file until its
# last word. Whoever holds its `lock` is at work on it; where nobody does, it was interrupted, and repair.sh ends it:
# - `steps`: what it consists of; the number in the directory's name is that in the names of what it writes beside others
# - `commit`: from then on files may have changed. By then the rest is complete: what the files were before and are to be
#   (`N.before`, `N.after`), `present`, `was`
# shellcheck shell=sh
store=$root/var/lib/pve-posture
journal=     # the directory of the transaction
work=$tmp    # where its steps stand, and the bytes that they refer to
words=       # what a program said
writer=$$    # stands in the names of what is staged
undone=      # what could not be put back
kept=        # what was not put back, as somebody else has changed it or uses it
touched=' '  # the `file` steps that were begun, by number; `all` where that is not known
tried=' '    # the profiles whose loading or unloading was begun; `all` where that is not known
present=' '  # the profiles that were loaded before
others=      # the descriptors of locks that others need while a container stops and starts: all but our own of it
restarted=   # the container that was to be restarted, once that was begun
map=
fd=7

# remove_staged: what the steps have written beside others, or would have
remove_staged() {
  while read -r op a _; do
    case $op in file | revert) ;; *) continue ;; esac
    stage "$a"
    [ ! -e "$root$staged" ] || rm -f "$root$staged"
  done < "$work/steps"
}

# open_lock PATH SECONDS: takes it, under the next free descriptor
open_lock() {
  [ -d "$root${1%/*}" ] || words=$(mkdir -p "$root${1%/*}" 2>&1) || return 2
  # in a subshell, as a redirection that fails may end the shell
  words=$({ : >> "$root$1"; } 2>&1) || return 2
  case $fd in 7) exec 7>> "$root$1" ;; 8) exec 8>> "$root$1" ;; *) exec 9>> "$root$1" ;; esac
  words=$(flock -w "$2" $fd 2>&1) || return 1
  case $1 in /run/lock/pve-posture-*) ;; *) others="$others $fd" ;; esac
  fd=$((fd + 1))
}

# stage PATH: the name that it is written under first
stage() {
  case $1 in
    # a name that AppArmor passes over at boot, should it ever be left behind
    /etc/apparmor.d/*) staged=${1%/*}/.${1##*/}.tmp.$writer ;;
    # as Proxmox VE names its own
    *) staged=$1.tmp.$writer ;;
  esac
}

# new FROM TO: a copy under a name that nothing has; noclobber opens with O_EXCL
new() { words=$(set -C; { cat "$1" > "$2"; } 2>&1) && cmp -s "$1" "$2"; }

# back FROM PATH: the file is what it was
back() {
  stage "$2"
  rm -f "$root$staged"
  new "$1" "$root$staged" && mv -f "$root$staged" "$root$2"
}

loaded() {
  # a name may hold blanks: `a b (enforce)` is not `a`
  while IFS= read -r line; do
    mode=${line#"$1 ("}
    [ "$mode" != "$line" ] || continue
    case $mode in *[!a-z\)]*) ;; *')') return 0 ;; esac
  done < "$root/sys/kernel/security/apparmor/profiles"
  return 1
}

parser() { words=$(apparmor_parser "$@" 2>&1 < /dev/null 6>&-); }

# unload NAME: by its name alone, as the file may be gone or changed
unload() { parser -R "$work/stub.$1"; }

# confining NAME HOW: whether a process runs under it, or may do so: that would be unconfined without it. Where it is no
# longer ours alone (`theirs`), a container that names it counts as well: it would not start
confining() {
  users=$(users_of "$1") || return 0
  case $2$newline$users in *"${newline}process "* | "theirs${newline}container "*) ;; *) return 1 ;; esac
}

running() { [ -n "$(first_process "$1")" ]; }

# pct_ COMMAND...: it takes Proxmox VE's lock itself; what it starts must neither keep ours nor be deaf to signals
pct_() { words=$(trap - HUP INT TERM PIPE; exec pct "$@" 6>&- 7>&- 8>&- 9>&- 2>&1 < /dev/null); }
unlock() { for held in $others; do flock -u "$held"; done; }
relock() { for held in $others; do flock -w 60 "$held" || return 1; done; }
now() { date +%s; }

# down VMID SECONDS: shuts the container down, by force where it takes longer
down() {
  pct_ shutdown "$1" --timeout "$2" --forceStop 1 || ! running "$1" || return 1
  until=$(($(now) + $2))
  while running "$1"; do
    [ "$(now)" -lt "$until" ] || return 1
    sleep 1
  done
}

# up VMID SECONDS LABEL: starts the container, and waits until it has run for a second as it should; $why says what is wrong
up() {
  why=start
  pct_ start "$1" || running "$1" || return 1
  # it takes two looks, and the clock has whole seconds
  until=$(($(now) + $2 + 2))
  before=
  wrong=0
  while :; do
    process=$(first_process "$1")
    why=down
    if [ -n "$process" ] && [ "$process" = "$before" ]; then
      as_it_should "$process" "$3" && { rm -f "$store/stopped-$1"; return 0; }
      # what is about to change does so at once
      wrong=$((wrong + 1))
      [ "$wrong" -lt 5 ] || return 1
    else wrong=0
    fi
    before=$process
    [ "$(now)" -lt "$until" ] || return 1
    sleep 1
  done
}

# as_it_should PID LABEL: whether it runs under the label, and with the ids of $map
as_it_should() {
  label_of "$1"
  case $2 in
    - | "$label") ;;
    *) case $label in "$2 ("*')' | "$2//&"*) ;; *) why=profile words=$label; return 1 ;; esac ;;
  esac
  [ -n "$map" ] || return 0
  ids=$(maps_of "$1")
  [ "$(printf '%s\n' "$ids" | sort)" = "$map" ] || { why=map words=$ids; return 1; }
}

# concerns LIST WHAT: whether it is in it, or all are
concerns() { case $1 in all | *" $2 "*) ;; *) return 1 ;; esac; }

# is_after NUMBER PATH LENGTH: whether the file is what the step was to make of it
is_after() { if [ "$3" = - ]; then [ ! -e "$root$2" ]; else cmp -s "$work/$1.after" "$root$2"; fi; }
# is_before NUMBER PATH LENGTH: whether the file is what it was
is_before() { if [ "$3" = - ]; then [ ! -e "$root$2" ]; else cmp -s "$work/$1.before" "$root$2"; fi; }

# undo HOW: puts back what was there; what isn't is named in $undone and $kept.
# - `ours`: nobody else can have written since
# - `theirs`: somebody may have, and that must not be lost
# - `unlocked`: somebody may be writing now
undo() {
  n=0
  while read -r op a b c; do
    [ "$op" = file ] || continue
    n=$((n + 1))
    concerns "$touched" "$n" && ! is_before "$n" "$a" "$b" || continue
    if [ "$1" = theirs ] && ! is_after "$n" "$a" "$c"; then kept="$kept $a"
    elif [ "$1" = unlocked ]; then undone="$undone $a"
    elif [ "$b" = - ]; then rm -f "$root$a" || undone="$undone $a"
    else back "$work/$n.before" "$a" || undone="$undone $a"
    fi
  done < "$work/steps" 2> /dev/null
  while read -r op a b _; do
    case $op in load | unload) ;; *) continue ;; esac
    concerns "$tried" "$a" || continue
    case $present in
      *" $a "*) [ -f "$root$b" ] && parser -r -K "$root$b" && loaded "$a" || undone="$undone profile:$a" ;;
      *)
        if ! loaded "$a"; then :
        # somebody's own text by now, or somebody needs it
        elif case "$kept " in *" $b "*) ;; *) confining "$a" "$1" ;; esac; then kept="$kept profile:$a"
        else unload "$a" || undone="$undone profile:$a"
        fi
        ;;
    esac
  done < "$work/steps"
  [ -n "$restarted" ] || return 0
  while read -r op a _ c; do
    [ "$op" = revert ] && ! cmp -s "$work/revert.before" "$root$a" || continue
    if ! cmp -s "$work/revert.after" "$root$a"; then kept="$kept $a"
    else back "$work/revert.before" "$a" && parser -r -K "$root$a" && loaded "${c##* }" || undone="$undone $a"
    fi
  done < "$work/steps" 2> /dev/null
}
