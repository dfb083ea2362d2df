# Applies transactions, at the same time where there are several. Standard input: a line `transactions STEPS BYTES...`, two
# lengths for each, and what each consists of: its steps, one a line, then the bytes that they refer to by length. Nothing
# changes before everything is checked; what fails halfway is undone. Each answers for itself, when it has come to its end.
#
# From the first change to the last word nothing is written to $tmp, which may be full by then: what is needed stands in
# variables and in files that were found complete. Redirections of `:` and `exec` are tried in a subshell, as a shell
# may end where one fails.
# shellcheck shell=sh
failed=
n=0          # the number of the `file` step

# speak: what follows on standard output is the answer of this transaction, and of no other
speak() {
  [ -z "$several" ] || { exec 5>> "$voice" && flock 5; }
  printf 'result %s\n' "$index"
}

# say CODE WHAT: how it ended
say() {
  speak
  words=$(printf '%s' "$words" | head -c 8000)
  printf 'refused %s %s %s\n%s' "${#words}" "$1" "$2" "$words"
}

refuse() {
  forget
  say "$1" "$2"
  exit 0
}

# forget: the transaction leaves no trace
forget() {
  [ -n "$journal" ] || return 0
  remove_staged
  # what is left of it when this is interrupted says that nothing is left to do
  rm -rf "$journal/commit" "$journal"
  journal=
}

# begin: from here on a trace is left until the end, whatever becomes of us
begin() {
  [ -z "$journal" ] || return 0
  [ -d "$store" ] || words=$({ mkdir -p "$store" && chmod 700 "$store"; } 2>&1) || refuse node-failed "${store#"$root"}"
  # it gets its name with its lock held, so that nobody takes it for an interrupted one
  journal=$(mktemp -d "$store/.new-$writer-XXXXXX" 2>&1) || { words=$journal; journal=; refuse node-failed "${store#"$root"}"; }
  words=$({ : > "$journal/lock" && cp "$steps" "$journal/steps"; } 2>&1) || refuse node-failed "${store#"$root"}"
  exec 6>> "$journal/lock"
  named=$store/transaction-${journal##*/.new-}
  words=$({ flock -n 6 && mv "$journal" "$named"; } 2>&1) || refuse node-failed "${store#"$root"}"
  journal=$named
}

# slice LENGTH FILE: the next bytes
slice() {
  [ "$1" = - ] && return
  words=$({ tail -c "+$at" "$base/all" | head -c "$1" > "$2"; } 2>&1)
  size "$2"
  [ "$bytes" = "$1" ] || refuse node-failed tmp
  words=
  at=$((at + $1))
}

fail() {
  failed="$1 $2"
  said=$words
}

# transaction: the one whose input stands in $tmp
transaction() {
  tmp=$base/$index
  steps=$tmp/steps
  work=$tmp
  trap 'forget; exit 129' HUP INT TERM PIPE

  # --- check ------------------------------------------------------------------------------------------------------------
  command -v flock > /dev/null 2>&1 || refuse node-failed flock
  staged=
  was=
  while read -r op a b c; do
    words=
    case $op in
      lock)
        open_lock "$a" "$b" || case $? in 1) refuse container-locked "$a" ;; *) refuse node-failed "$a" ;; esac
        ;;
      file)
        n=$((n + 1))
        slice "$b" "$tmp/$n.before"
        slice "$c" "$tmp/$n.after"
        [ -L "$root$a" ] && refuse node-failed "link $a"
        is_before "$n" "$a" "$b" || refuse changed-meanwhile "$a"
        staged=
        [ "$c" = - ] && continue
        begin
        # a fresh node has no such directory before its first firewall file
        case $a in /etc/pve/firewall/*) [ -d "$root/etc/pve/firewall" ] || words=$(mkdir "$root/etc/pve/firewall" 2>&1) ;; esac
        stage "$a"
        new "$tmp/$n.after" "$root$staged" || {
          case $a$words in /etc/pve/*'Permission denied'*) refuse no-quorum "$a" ;; esac
          refuse node-failed "$a"
        }
        ;;
      check)
        command -v apparmor_parser > /dev/null 2>&1 || refuse no-apparmor parser
        parser -Q -K "$root$staged" || refuse profile-invalid "$a"
        words=$(apparmor_parser -N "$root$staged" 2> /dev/null < /dev/null 6>&-) || refuse node-failed "names $a"
        words=$(printf '%s\n' "$words" | grep -v //)
        [ "$words" = "$a" ] || refuse profile-invalid "name $a"
        ;;
      load | unload)
        command -v apparmor_parser > /dev/null 2>&1 || refuse no-apparmor parser
        [ -r "$root/sys/kernel/security/apparmor/profiles" ] || refuse no-apparmor kernel
        # the parser would skip it, and say that all went well
        [ "$op" = load ] && [ -e "$root/etc/apparmor.d/disable/${b##*/}" ] && refuse node-failed "disabled $a"
        words=$({ printf 'profile %s {\n}\n' "$a" > "$tmp/stub.$a"; } 2>&1)
        size "$tmp/stub.$a"
        [ "$bytes" = "$((${#a} + 13))" ] || refuse node-failed tmp
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
        ! running "$a" || was="$a running $b"
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
  begin
  words=$({ cp "$tmp"/* "$journal/" && printf '%s\n' "$present" > "$journal/present" && printf '%s\n' "$was" > "$journal/was" &&
    : > "$journal/commit"; } 2>&1) || refuse node-failed "${store#"$root"}"
  # room for the answers at the end
  [ -n "$several" ] || rm -f "$base/all"
  # a power cut must find it, and whole files; /etc/pve is a database, which sees to that by itself
  set -- "$journal"/* "$journal"
  while read -r op a b c; do
    case "$op $a" in "file /etc/pve/"*) ;; file*) stage "$a"; [ ! -e "$root$staged" ] || set -- "$@" "$root$staged" ;; esac
  done < "$steps"
  sync "$@" 2> /dev/null || sync
  # from here on it needs nothing else: $tmp may be gone, where the shell that made it was killed
  work=$journal
  steps=$journal/steps

  # --- commit -----------------------------------------------------------------------------------------------------------
  # from here to the end nobody stops us: neither a closed connection nor a signal
  trap '' HUP INT TERM PIPE

  n=0
  # a loop over nothing would pass for one that has done it all
  [ -r "$steps" ] || fail read "${steps#"$root"}"
  while read -r op a b c; do
    words=
    case $op in
      file)
        n=$((n + 1))
        # some files are nobody's to lock, and it is a while since we looked
        if ! is_before "$n" "$a" "$b"; then
          fail changed "$a"
          break
        fi
        touched="$touched$n "
        if [ "$c" = - ]; then
          [ "$b" = - ] || words=$(rm -f "$root$a" 2>&1) || fail remove "$a"
        else
          stage "$a"
          words=$(mv -f "$root$staged" "$root$a" 2>&1) && cmp -s "$work/$n.after" "$root$a" || fail write "$a"
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
        words=$({ : > "$store/stopped-$a"; } 2>&1) || fail stop "$a"
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

  # --- undo -------------------------------------------------------------------------------------------------------------
  if [ -n "$failed" ]; then
    how=ours
    if [ -n "$restarted" ]; then
      how=theirs
      # with what it has now it must not go on; what it had is put back while nobody else writes
      ! running "$restarted" || [ "$why" = stop ] || pct_ stop "$restarted"
      relock || how=unlocked
    fi
    undo $how
    undone=$undone$kept
    if [ -n "$restarted" ]; then
      unlock
      again=$was
      map=
      if [ "$was" = running ] && ! running "$restarted"; then up "$restarted" "$limit" - || again=down; fi
    fi
    words=$said
    # before the last word, which may meet nobody
    forget 2> /dev/null
    if [ -n "$restarted" ]; then say restart-failed "${failed#* } ${failed%% *} $again${undone:+, not restored:$undone}"
    elif [ "${failed%% *}$undone" = changed ]; then say changed-meanwhile "${failed#* }"
    elif [ -n "$undone" ]; then say restore-failed "$failed, not restored:$undone"
    else say node-failed "$failed"
    fi
    exit 0
  fi

  forget
  speak
  printf 'done\n'
  observe "$tmp/steps" 'observe '
}

# --- all of them -----------------------------------------------------------------------------------------------------
base=$tmp
voice=$base/voice
several=
status=0
index=0
lengths=
IFS=' ' read -r word lengths || word=
(cat > "$base/all" && : > "$voice") 2> /dev/null || { words="no space left in $base"; refuse node-failed tmp; }
case $word$lengths in transactions*[!0-9\ ]*) word= ;; esac
[ "$word" = transactions ] || refuse node-failed incomplete
# they are given to the end, whatever becomes of the connection
trap : HUP INT TERM PIPE
total=0
for length in $lengths; do total=$((total + length)); done
# a cut connection looks like the end of the data
size "$base/all"
[ "$bytes" = "$total" ] || refuse node-failed incomplete
# shellcheck disable=SC2086
set -- $lengths
at=1
while [ $# -gt 1 ]; do
  index=$((index + 1))
  words=$({ mkdir "$base/$index" && tail -c "+$at" "$base/all" | head -c "$1" > "$base/$index/steps"; } 2>&1)
  size "$base/$index/steps"
  [ "$bytes" = "$1" ] || { index=0; refuse node-failed tmp; }
  at=$((at + $1 + $2))
  shift 2
done
[ "$index" -le 1 ] || several=1
count=$index
index=0
at=1
# shellcheck disable=SC2086
set -- $lengths
while [ "$index" -lt "$count" ]; do
  index=$((index + 1))
  at=$((at + $1))
  # one after the other where their answers could not be kept apart
  if [ -n "$several" ] && command -v flock > /dev/null 2>&1; then (transaction) &
  else (several=; transaction) || status=$?
  fi
  at=$((at + $2))
  shift 2
done
until wait; do :; done
exit "$status"
