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

# unload NAME: by its name alone, as the file may be gone or changed
unload() { parser -R "$tmp/stub.$1"; }

# --- check -----------------------------------------------------------------------------------------------------------
fd=8
staged=
while read -r op a b c; do
  words=
  case $op in
    lock)
      words=$(mkdir -p "$root${a%/*}" 2>&1) || refuse node-failed "$a"
      command -v flock > /dev/null 2>&1 || refuse node-failed flock
      words=$( (: >> "$root$a") 2>&1) || refuse node-failed "$a"
      if [ $fd = 8 ]; then exec 8>> "$root$a"; else exec 9>> "$root$a"; fi
      words=$(flock -w "$b" $fd 2>&1) || refuse container-locked "$a"
      fd=9
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
  why=$words
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
  esac
  [ -n "$failed" ] && break
done < "$steps"

# --- undo ------------------------------------------------------------------------------------------------------------
if [ -n "$failed" ]; then
  n=0
  while read -r op a b _; do
    [ "$op" = file ] || continue
    n=$((n + 1))
    case $touched in *" $n "*) ;; *) continue ;; esac
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
  words=$why
  # before the last word, which may meet nobody
  remove_staged 2> /dev/null
  if [ -n "$undone" ]; then say restore-failed "$failed, not restored:$undone"; else say node-failed "$failed"; fi
  exit 0
fi

printf 'done\n'
observe_all "$tmp/requests"
