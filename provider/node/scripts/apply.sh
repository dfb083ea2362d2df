# Applies one transaction: its steps stand on standard input, one a line, up to an empty line; after it come the bytes
# that they refer to by length. Nothing changes before everything is checked; what fails halfway is undone.
#
# From the first change to the last word nothing is written to $tmp, which may be full by then: what is needed stands in
# variables and in files that were found complete. Redirections of `:` and `exec` are tried in a subshell, as a shell
# may end where one fails.
# shellcheck shell=sh
steps=$tmp/steps
words=       # what a program said
stages=      # what was staged, without the root
failed=
undone=
n=0          # the number of the `file` step
touched=' '  # the `file` steps that were begun, by number
tried=' '    # the profiles whose loading or unloading was begun
present=' '  # the profiles that were loaded before
others=      # the descriptors of locks that others need while a container stops and starts: all but our own of it
restarted=   # the container that was to be restarted, once that was begun

# say CODE WHAT: how it ended
say() {
  printf 'refused %s %s\n' "$1" "$2"
  printf '%s' "$words" | head -c 8000
}

refuse() {
  remove_staged
  say "$1" "$2"
  exit 0
}

remove_staged() {
  set -f
  for path in $stages; do rm -f "$root$path"; done
  set +f
}

trap 'remove_staged; exit 129' HUP INT TERM PIPE

words=$({ cat > "$tmp/in" && sed '/^$/q' "$tmp/in" > "$steps"; } 2>&1) || refuse node-failed tmp
expected=$(sed -n 's/^bytes //p' "$steps")
head=$(size "$steps")
if [ "$head" = 0 ] || [ -n "$(tail -n 1 "$steps")" ]; then
  # not every sed says that it could not write
  [ "$(size "$tmp/in")" -le "$head" ] || refuse node-failed tmp
  # a cut connection looks like the end of the data; it may cut the steps themselves, before their empty line
  refuse node-failed incomplete
fi
[ "$(($(size "$tmp/in") - head))" = "${expected:-none}" ] || refuse node-failed incomplete
words=$({ sed -n 's/^observe //p' "$steps" > "$tmp/requests"; } 2>&1)
[ "$(cat "$tmp/requests")" = "$(sed -n 's/^observe //p' "$steps")" ] || refuse node-failed tmp

# slice LENGTH FILE: the next bytes
at=$((head + 1))
slice() {
  [ "$1" = - ] && return
  words=$({ tail -c "+$at" "$tmp/in" | head -c "$1" > "$2"; } 2>&1)
  [ "$(size "$2")" = "$1" ] || refuse node-failed tmp
  words=
  at=$((at + $1))
}

# stage PATH: the name that it is written under first
stage() {
  case $1 in
    # a name that AppArmor passes over at boot, should it ever be left behind
    /etc/apparmor.d/*) staged=${1%/*}/.${1##*/}.tmp.$$ ;;
    # as Proxmox VE names its own
    *) staged=$1.tmp.$$ ;;
  esac
}

# new FROM TO: a copy under a name that nothing has; noclobber opens with O_EXCL
new() { words=$( (set -C && cat "$1" > "$2") 2>&1) && cmp -s "$1" "$2"; }

loaded() {
  # a name may hold blanks: `a b (enforce)` is not `a`
  while IFS= read -r line; do
    mode=${line#"$1 ("}
    [ "$mode" != "$line" ] || continue
    case $mode in *[!a-z\)]*) ;; *')') return 0 ;; esac
  done < "$root/sys/kernel/security/apparmor/profiles"
  return 1
}

parser() { words=$(apparmor_parser "$@" 2>&1 < /dev/null); }

running() { [ -n "$(first_process "$1")" ]; }

# pct_ COMMAND...: it takes Proxmox VE's lock itself; what it starts must neither keep ours nor be deaf to signals
pct_() { words=$(trap - HUP INT TERM PIPE; exec pct "$@" 7>&- 8>&- 9>&- 2>&1 < /dev/null); }
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
      as_it_should "$process" "$3" && { rm -f "$root/var/lib/pve-posture/stopped-$1"; return 0; }
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
  label=$(label_of "$1")
  case $2 in
    - | "$label") ;;
    *) case $label in "$2 ("*')' | "$2//&"*) ;; *) why=profile words=$label; return 1 ;; esac ;;
  esac
  [ -n "$map" ] || return 0
  ids=$(maps_of "$1")
  [ "$(printf '%s\n' "$ids" | sort)" = "$map" ] || { why=map words=$ids; return 1; }
}

# unload NAME: by its name alone, as the file may be gone or changed
unload() { parser -R "$tmp/stub.$1"; }

# --- check -----------------------------------------------------------------------------------------------------------
fd=7
staged=
map=
while read -r op a b c; do
  words=
  case $op in
    lock)
      words=$(mkdir -p "$root${a%/*}" 2>&1) || refuse node-failed "$a"
      command -v flock > /dev/null 2>&1 || refuse node-failed flock
      words=$( (: >> "$root$a") 2>&1) || refuse node-failed "$a"
      case $fd in 7) exec 7>> "$root$a" ;; 8) exec 8>> "$root$a" ;; *) exec 9>> "$root$a" ;; esac
      words=$(flock -w "$b" $fd 2>&1) || refuse container-locked "$a"
      case $a in /run/lock/pve-posture-*) ;; *) others="$others $fd" ;; esac
      fd=$((fd + 1))
      ;;
    file)
      n=$((n + 1))
      slice "$b" "$tmp/$n.before"
      slice "$c" "$tmp/$n.after"
      [ -L "$root$a" ] && refuse node-failed "link $a"
      if [ "$b" = - ]; then
        [ ! -e "$root$a" ] || refuse changed-meanwhile "$a"
      else
        cmp -s "$tmp/$n.before" "$root$a" || refuse changed-meanwhile "$a"
      fi
      staged=
      [ "$c" = - ] && continue
      # a fresh node has no such directory before its first firewall file
      case $a in /var/lib/pve-posture/*) [ -d "$root/var/lib/pve-posture" ] || words=$(mkdir -p "$root/var/lib/pve-posture" 2>&1) ;; esac
      case $a in /etc/pve/firewall/*) [ -d "$root/etc/pve/firewall" ] || words=$(mkdir "$root/etc/pve/firewall" 2>&1) ;; esac
      stage "$a"
      stages="$stages $staged"
      new "$tmp/$n.after" "$root$staged" || {
        case $a$words in /etc/pve/*'Permission denied'*) refuse no-quorum "$a" ;; esac
        refuse node-failed "$a"
      }
      ;;
    check)
      command -v apparmor_parser > /dev/null 2>&1 || refuse no-apparmor parser
      parser -Q -K "$root$staged" || refuse profile-invalid "$a"
      words=$(apparmor_parser -N "$root$staged" 2> /dev/null < /dev/null | grep -v //)
      [ "$words" = "$a" ] || refuse profile-invalid "name $a"
      ;;
    load | unload)
      command -v apparmor_parser > /dev/null 2>&1 || refuse no-apparmor parser
      [ -r "$root/sys/kernel/security/apparmor/profiles" ] || refuse no-apparmor kernel
      # the parser would skip it, and say that all went well
      [ "$op" = load ] && [ -e "$root/etc/apparmor.d/disable/${b##*/}" ] && refuse node-failed "disabled $a"
      words=$({ printf 'profile %s {\n}\n' "$a" > "$tmp/stub.$a"; } 2>&1)
      [ "$(cat "$tmp/stub.$a")" = "profile $a {$newline}" ] || refuse node-failed tmp
      loaded "$a" && present="$present$a "
      ;;
    unused)
      words=$(users_of "$a") || {
        # without AppArmor no label can be read, and none is meant
        [ -r "$root/sys/kernel/security/apparmor/profiles" ] || refuse no-apparmor kernel
        refuse node-failed "users $a"
      }
      [ -z "$words" ] || refuse profile-in-use "$a"
      ;;
    stop | restart)
      command -v pct > /dev/null 2>&1 || refuse node-failed pct
      [ "$op" = restart ] || continue
      set -f
      # shellcheck disable=SC2086
      set -- $c
      set +f
      slice "$2" "$tmp/map"
      [ "$2" = - ] || map=$(sort "$tmp/map")
      ;;
    revert)
      slice "$b" "$tmp/revert.before"
      slice "${c%% *}" "$tmp/revert.after"
      ;;
    loaded)
      [ -r "$root/sys/kernel/security/apparmor/profiles" ] || refuse no-apparmor kernel
      loaded "$a" || refuse profile-not-loaded "$a"
      ;;
  esac
done < "$steps"
# room for the answers at the end
rm -f "$tmp/in"

# --- commit ----------------------------------------------------------------------------------------------------------
# from here to the end nobody stops us: neither a closed connection nor a signal
trap '' HUP INT TERM PIPE

fail() {
  failed="$1 $2"
  said=$words
}

n=0
while read -r op a b c; do
  words=
  case $op in
    file)
      n=$((n + 1))
      touched="$touched$n "
      if [ "$c" = - ]; then
        [ "$b" = - ] || words=$(rm -f "$root$a" 2>&1) || fail remove "$a"
      else
        stage "$a"
        words=$(mv -f "$root$staged" "$root$a" 2>&1) && cmp -s "$tmp/$n.after" "$root$a" || fail write "$a"
      fi
      ;;
    load)
      tried="$tried$a "
      if parser -r -K "$root$b"; then
        loaded "$a" || fail verify "$a"
      else
        fail load "$a"
      fi
      ;;
    unload)
      tried="$tried$a "
      case $present in *" $a "*) ;; *) continue ;; esac
      # again, now that nobody can stop us: -R would leave a running container unconfined
      if ! words=$(users_of "$a"); then fail users "$a"
      elif [ -n "$words" ]; then fail in-use "$a"
      elif ! unload "$a" || loaded "$a"; then fail unload "$a"
      fi
      ;;
    stop)
      unlock
      # whoever comes after an interruption is to know that it ran
      words=$({ mkdir -p "$root/var/lib/pve-posture" && : > "$root/var/lib/pve-posture/stopped-$a"; } 2>&1) || fail stop "$a"
      [ -n "$failed" ] || down "$a" "$b" || fail stop "$a"
      ;;
    restart)
      unlock
      if running "$a"; then was=running; else was=stopped; fi
      [ "$was" = running ] || [ "${c%% *}" = 1 ] || continue
      restarted=$a
      limit=$b
      why=stop
      { [ "$was" = stopped ] || down "$a" "$b"; } && up "$a" "$b" "${c##* }" || fail "$why" "$a"
      ;;
  esac
  [ -n "$failed" ] && break
done < "$steps"

# --- undo ------------------------------------------------------------------------------------------------------------
if [ -n "$failed" ]; then
  whole=1
  if [ -n "$restarted" ]; then
    # with what it has now it must not go on; what it had is put back while nobody else writes
    ! running "$restarted" || [ "$why" = stop ] || pct_ stop "$restarted"
    whole=1
    relock || whole=
  fi
  n=0
  while read -r op a b c; do
    [ "$op" = file ] || continue
    n=$((n + 1))
    case $touched in *" $n "*) ;; *) continue ;; esac
    if [ -n "$restarted" ]; then
      # meanwhile Proxmox VE or somebody else may have written: that must not be lost
      if [ "$c" = - ]; then [ ! -e "$root$a" ]; else cmp -s "$tmp/$n.after" "$root$a"; fi && [ -n "$whole" ] || {
        undone="$undone $a"
        continue
      }
    fi
    if [ "$b" = - ]; then
      rm -f "$root$a" || undone="$undone $a"
    elif ! cmp -s "$tmp/$n.before" "$root$a"; then
      stage "$a"
      stages="$stages $staged"
      rm -f "$root$staged"
      new "$tmp/$n.before" "$root$staged" && mv -f "$root$staged" "$root$a" || undone="$undone $a"
    fi
  done < "$steps" 2> /dev/null
  while read -r op a b _; do
    case $op in load | unload) ;; *) continue ;; esac
    case $tried in *" $a "*) ;; *) continue ;; esac
    case $present in
      *" $a "*) [ -f "$root$b" ] && parser -r -K "$root$b" && loaded "$a" || undone="$undone profile:$a" ;;
      *) ! loaded "$a" || unload "$a" || undone="$undone profile:$a" ;;
    esac
  done < "$steps"
  if [ -n "$restarted" ]; then
    while read -r op a _ c; do
      [ "$op" = revert ] && cmp -s "$tmp/revert.after" "$root$a" || continue
      stage "$a"
      stages="$stages $staged"
      rm -f "$root$staged"
      new "$tmp/revert.before" "$root$staged" && mv -f "$root$staged" "$root$a" && parser -r -K "$root$a" && loaded "${c##* }" ||
        undone="$undone $a"
    done < "$steps" 2> /dev/null
    unlock
    again=$was
    map=
    failing=$failed
    if [ "$was" = running ] && ! running "$restarted"; then
      up "$restarted" "$limit" - || again=down
    fi
    failed=$failing
  fi
  words=$said
  # before the last word, which may meet nobody
  remove_staged 2> /dev/null
  if [ -n "$restarted" ]; then
    say restart-failed "${failed#* } ${failed%% *} $again${undone:+, not restored:$undone}"
    exit 0
  fi
  if [ -n "$undone" ]; then say restore-failed "$failed, not restored:$undone"; else say node-failed "$failed"; fi
  exit 0
fi

printf 'done\n'
observe_all "$tmp/requests"
