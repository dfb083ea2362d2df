/**
 * The rough check of profiles behind the stand-in for apparmor_parser: an awk program, because every host has
 * awk and starting node for each check would cost ten times as much.
 *
 * Input: the profile's text. Variables: `file` (its name for messages, empty for standard input), `dirs` (where
 * includes are looked up, colon-separated), `complain` (1: as if each profile had that flag).
 * Output: `name<TAB>mode` for each profile in the text; or, with exit status 1, one message as the real one prints it.
 * It reads neither variables nor the text of included files.
 */
export const profileCheck = String.raw`
function fail(text) {
  if (file == "") printf "AppArmor parser error at line %d: %s\n", NR, text
  else printf "AppArmor parser error for %s in profile %s at line %d: %s\n", file, file, NR, text
  failed = 1
  exit 1
}
function syntax(unexpected, expecting) { fail("syntax error, unexpected " unexpected ", expecting " expecting) }
function bare(text) { print text; failed = 1; exit 1 }
function known(list, word) { return index(" " list " ", " " word " ") > 0 }
function shell(text) { gsub(/'/, "'\\''", text); return "'" text "'" }

# An include must lead somewhere, unless it says "if exists".
function include(text,   wanted, n, i, dir) {
  if (text ~ /if[ \t]+exists/) return
  wanted = text
  sub(/^#?include[ \t]+/, "", wanted)
  if (wanted ~ /^</) {
    wanted = substr(wanted, 2, length(wanted) - 2)
    n = split(dirs, dir, ":")
    for (i = 1; i <= n; i++) if (system("test -e " shell(dir[i] "/" wanted)) == 0) return
  } else {
    gsub(/"/, "", wanted)
    if (system("test -e " shell(wanted)) == 0) return
  }
  fail("Could not open '" wanted "'")
}

function access(word) { return word ~ /^[rwaxlkmiupcRWAXLKMIUPC]+$/ }
function path(word) { return word ~ /^[\/@"]/ }

# Strips what may stand before any rule.
function core(text) {
  while (match(text, /^(audit|deny|allow|quiet|prompt|owner|other|safe|unsafe|priority=[-+]?[0-9]+) +/)) text = substr(text, RLENGTH + 1)
  return text
}

function file_rule(word, n, first) {
  if (n < first + 1) syntax("TOK_END_OF_RULE", "TOK_MODE")
  if (path(word[first]) ? !access(word[first + 1]) : !path(word[first + 1])) syntax("TOK_ID", "TOK_MODE")
  if (n == first + 1) return
  if (word[first + 2] != "->" || n != first + 3) syntax("TOK_ID", "TOK_END_OF_RULE")
}

function rule(text,   word, n, i, first) {
  text = core(text)
  sub(/ +$/, "", text)
  n = split(text, word, / +/)
  if (text ~ /^abi *[<"]/) return
  if (depth == 0) {
    if (word[1] != "alias") syntax("TOK_MODE", "TOK_OPEN")
    return
  }
  if (word[1] == "capability") {
    for (i = 2; i <= n; i++) if (!known(CAPABILITIES, word[i])) fail("Invalid capability " word[i] ".")
  } else if (word[1] == "network") {
    if (n > 3 && text !~ /[=(]/) syntax("TOK_ID", "TOK_END_OF_RULE")
  } else if (word[1] == "file") {
    if (n > 1) { first = word[2] ~ /^(safe|unsafe)$/ ? 3 : 2; file_rule(word, n, first) }
  } else if (path(word[1]) || (access(word[1]) && n > 1 && path(word[2]))) {
    file_rule(word, n, 1)
  } else if (!known(KEYWORDS, word[1]) && word[1] !~ /^[a-z_]+\(/) {
    syntax("TOK_ID", "TOK_MODE")
  }
}

function open_block(text,   mode, flags, flag, n, i, word, name) {
  sub(/ +$/, "", text)
  if (depth > 0 && (text ~ /^(else|if|else if)( |$)/ || core(text " ") == "")) { depth++; stack[depth] = stack[depth - 1]; return }
  mode = "enforce"
  sub(/xattrs *= *\([^)]*\) */, "", text)
  sub(/ +$/, "", text)
  if (match(text, /(flags *= *)?\([^)]*\)$/)) {
    flags = substr(text, RSTART, RLENGTH)
    text = substr(text, 1, RSTART - 1)
    sub(/^[^(]*\(/, "", flags); sub(/\)$/, "", flags)
    n = split(flags, flag, /[ ,]+/)
    for (i = 1; i <= n; i++) {
      if (flag[i] == "" || flag[i] ~ /^(error|kill\.signal|attach_disconnected\.path)=/) continue
      if (!known(FLAGS, flag[i])) fail("Invalid profile flag: " flag[i] ".")
      if (flag[i] ~ /^(complain|kill|unconfined|prompt)$/) mode = flag[i]
    }
  }
  if (complain) mode = "complain"
  sub(/ +$/, "", text)
  n = split(text, word, / +/)
  if (word[1] == "profile" || word[1] == "hat") { name = word[2]; i = 2 }
  else if (word[1] ~ /^\^/) { name = substr(word[1], 2); i = 1 }
  else if (depth == 0 && (path(word[1]) || word[1] ~ /^:/)) { name = word[1]; i = 1 }
  else syntax("TOK_MODE", depth == 0 ? "end of file" : "TOK_END_OF_RULE")
  if (name == "") syntax("TOK_OPEN", "TOK_ID")
  if (n > i + 1) syntax("TOK_ID", "TOK_OPEN")
  gsub(/"/, "", name); gsub(SPACE, " ", name)
  if (depth > 0) name = stack[depth] "//" name
  if (name in seen) bare("Multiple definitions for profile " name " exist,bailing out.")
  seen[name] = 1
  names = names name "\t" mode "\n"
  stack[++depth] = name
}

# The last line ended in the midst of a rule: does the next begin another, so that a comma is missing?
function begins_another(rest,   text, word, n) {
  text = core(statement); n = split(text, word, / +/)
  if (text ~ /^(profile|hat|\^|if|else) ?/ || text == "" || depth == 0) return
  if (rest ~ /^\}/) return
  if (path(word[1]) && n > 1 && access(word[2]) && word[3] != "->" && rest !~ /^->/)
    fail("missing an end of line character? (entry: " word[1] ")")
  if (match(rest, /^[a-z_]+/) && known(KEYWORDS " audit deny allow owner file", substr(rest, 1, RLENGTH)) &&
      substr(rest, RLENGTH + 1) ~ /^([ \t,(]|$)/ || word[1] ~ /^(capability|network|signal|ptrace)$/ && path(rest))
    syntax("TOK_ID", "TOK_END_OF_RULE")
}

function reset() { statement = ""; words = 0; between = 1; paren = 0; class = 0; glob = 0 }

BEGIN {
  SPACE = "\001" # stands for a blank inside quotes, so that words can be split at blanks
  KEYWORDS = "capability network mount remount umount pivot_root ptrace signal unix dbus change_profile change_hat " \
    "userns mqueue io_uring link set all"
  FLAGS = "audit complain enforce kill unconfined prompt default_allow attach_disconnected no_attach_disconnected " \
    "chroot_attach chroot_no_attach chroot_relative namespace_relative mediate_deleted delegate_deleted " \
    "hat interruptible debug"
  CAPABILITIES = "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable " \
    "net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace " \
    "sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write " \
    "audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf " \
    "checkpoint_restore"
  reset()
}

{
  sub(/\r$/, "")
  size = length($0)
  fresh = statement != "" # this line goes on with a statement of the line before
  for (i = 1; i <= size; i++) {
    c = substr($0, i, 1)
    if (quoted) {
      if (c == "\\") { rest = substr($0, ++i, 1); statement = statement c (rest == " " ? SPACE : rest); continue }
      if (c == "\"") quoted = 0
      statement = statement (c == " " || c == "\t" ? SPACE : c)
      continue
    }
    if (c == " " || c == "\t") {
      if (glob) bare("apparmor_parser: Regex grouping error: Unclosed grouping or character class, expecting close }")
      if (statement != "" && !between) statement = statement " "
      between = 1
      continue
    }
    rest = substr($0, i)
    if (statement == "") {
      if (match(rest, /^#?include[ \t]+(if[ \t]+exists[ \t]+)?(<[^>]*>|"[^"]*"|[^ \t,]+),?/)) {
        line = substr(rest, 1, RLENGTH); i += RLENGTH - 1
        sub(/,$/, "", line)
        include(line)
        continue
      }
      if (rest ~ /^(@\{[^}]*\}|@[A-Za-z0-9_]+|\$\{?[A-Za-z0-9_]+\}?)[ \t]*\+?=/) {
        if (depth > 0) syntax("TOK_EQUALS", "TOK_MODE")
        break
      }
    }
    if (between && c == "#") break
    if (fresh) { fresh = 0; begins_another(rest) }
    if (c == "\\") {
      rest = substr($0, ++i, 1)
      statement = statement c (rest == " " ? SPACE : rest)
      between = 0
      continue
    }
    if (c == "\"") quoted = 1
    else if (class) class = c != "]"
    else if (c == "[") class = 1
    else if (c == "(") paren++
    else if (c == ")") { paren--; statement = statement c; between = 1; after_paren = 1; continue }
    else if (c == "{" && between && !paren) {
      if (statement == "") syntax("TOK_OPEN", "TOK_ID")
      open_block(statement); reset(); continue
    }
    else if (c == "{") glob++
    else if (c == "}" && glob) glob--
    else if (c == "}") {
      if (statement != "") syntax("TOK_CLOSE", "TOK_END_OF_RULE")
      if (depth == 0) syntax("TOK_CLOSE", "end of file")
      depth--; continue
    }
    else if (c == "," && !paren && !glob) {
      # Inside the first word of a file rule a comma is part of the path, unless it ends the word.
      line = core(statement)
      if (!(path(line) && line !~ / /) || substr($0, i + 1, 1) ~ /^([ \t}#]|$)/) {
        if (statement == "") syntax("TOK_END_OF_RULE", depth == 0 ? "end of file" : "TOK_MODE")
        rule(statement); reset(); continue
      }
    }
    # After a closing parenthesis a word may begin at once: put the blank there that the text has not.
    if (after_paren && statement ~ /\)$/ && c != "," ) statement = statement " "
    after_paren = 0
    statement = statement c
    between = 0
  }
  if (quoted) fail("Lexer found unexpected character: '\"' (0x22) in state: SUB_ID")
  if (statement != "" && !between) statement = statement " "
  between = 1
}

END {
  if (failed) exit 1
  NR++ # the real one counts the end of the last line
  if (paren > 0) syntax("end of file", "TOK_VALUE or TOK_CLOSEPAREN")
  if (depth > 0) syntax("end of file", "TOK_ID or TOK_MODE or TOK_SET_VAR")
  if (statement != "") syntax("end of file", "TOK_OPEN")
  printf "%s", names
}
`;
