/** What becomes of every directive of ssh_config(5), by its name in lower case: followed, told, refused or of no consequence. */

const words = (text: string) => text.trim().split(/\s+/);

/** Followed; the first value wins. */
const FIRST = new Set(
  words(`
    hostname user port addressfamily bindaddress connecttimeout serveraliveinterval serveralivecountmax
    proxyjump proxycommand tag ignoreunknown
    identitiesonly identityagent pubkeyauthentication passwordauthentication kbdinteractiveauthentication
    preferredauthentications pubkeyacceptedalgorithms requiredrsasize
    userknownhostsfile globalknownhostsfile hostkeyalias hostkeyalgorithms revokedhostkeys
  `),
);

/** Not followed, which makes us stricter and no other: said where a key, a host key or a login is refused. */
const TOLD = new Set(
  words(
    "stricthostkeychecking nohostauthenticationforlocalhost verifyhostkeydns gssapiauthentication hostbasedauthentication",
  ),
);

/** Followed; all values count. */
const ALL = new Set(words("identityfile certificatefile"));

/** Not supported, and would lead elsewhere or let other keys in if it were ignored; `harmless` are the values that don't. */
export const REFUSED: Record<string, { harmless: RegExp; hint: string }> = {
  bindinterface: { harmless: /^$/, hint: "Use BindAddress." },
  canonicalizehostname: {
    harmless: /^no$/i,
    hint: "Give the node's full name as `host` in pve-posture:nodes.",
  },
  checkhostip: {
    harmless: /^no$/i,
    hint: "Keys are looked up by name alone, as ssh does by default: say `CheckHostIP no`.",
  },
  knownhostscommand: {
    harmless: /^none$/i,
    hint: "Write what the command prints into a file, and name that in UserKnownHostsFile.",
  },
  pkcs11provider: {
    harmless: /^none$/i,
    hint: "Load the token into an agent (ssh-add -s), and say `PKCS11Provider none` for this node.",
  },
  proxyusefdpass: { harmless: /^no$/i, hint: "Use a ProxyCommand that passes the data on (nc without -F)." },
  refuseconnection: {
    harmless: /^$/,
    hint: "The configuration says that this host isn't to be connected to.",
  },
};

/** Of no consequence here. */
const IGNORED = new Set([
  // read by the reader itself
  ...words("host match include"),
  // about terminals, other channels and what runs there: our sessions have neither terminal nor forwardings, and run our scripts
  ...words(`
    requesttty sessiontype stdinnull forkafterauthentication remotecommand escapechar enableescapecommandline
    localcommand permitlocalcommand sendenv setenv forwardagent forwardx11 forwardx11timeout forwardx11trusted
    xauthlocation localforward remoteforward dynamicforward gatewayports permitremoteopen clearallforwardings
    exitonforwardfailure streamlocalbindmask streamlocalbindunlink tunnel tunneldevice channeltimeout obscurekeystroketiming
  `),
  // a connection of our own is shared by our own commands; masters of ssh's are left alone
  ...words("controlmaster controlpath controlpersist"),
  // how strong, how fast, how often: ssh2 agrees on the best that both sides have, and we retry by our own rule
  ...words(
    "ciphers macs kexalgorithms compression rekeylimit ipqos tcpkeepalive connectionattempts versionaddendum warnweakcrypto",
  ),
  // what is said, asked or remembered: nothing is asked, and nothing is written to known_hosts or given to an agent
  ...words(`
    batchmode numberofpasswordprompts kbdinteractivedevices loglevel logverbose syslogfacility visualhostkey fingerprinthash
    hashknownhosts updatehostkeys addkeystoagent usekeychain enablesshkeysign
  `),
  // parts of something that is refused, or never done: canonical names, host certificates, Kerberos, keys of hosts;
  // a key file that needs a SecurityKeyProvider says that it wants an agent
  ...words(`
    canonicaldomains canonicalizefallbacklocal canonicalizemaxdots canonicalizepermittedcnames casignaturealgorithms
    gssapiclientidentity gssapidelegatecredentials gssapikeyexchange gssapikexalgorithms gssapirenewalforcesrekey
    gssapiserveridentity gssapitrustdns hostbasedacceptedalgorithms securitykeyprovider
  `),
  // what OpenSSH itself has given up, and passes over
  ...words(`
    protocol cipher compressionlevel fallbacktorsh usersh useroaming useprivilegedport globalknownhostsfile2 userknownhostsfile2
    rhostsauthentication rhostsrsaauthentication rsaauthentication kerberosauthentication kerberostgtpassing afstokenpassing
  `),
]);

/** Other names, most of them old. */
const ALIASES: Record<string, string> = {
  challengeresponseauthentication: "kbdinteractiveauthentication",
  skeyauthentication: "kbdinteractiveauthentication",
  tisauthentication: "kbdinteractiveauthentication",
  dsaauthentication: "pubkeyauthentication",
  hostbasedkeytypes: "hostbasedacceptedalgorithms",
  identityfile2: "identityfile",
  keepalive: "tcpkeepalive",
  pubkeyacceptedkeytypes: "pubkeyacceptedalgorithms",
  smartcarddevice: "pkcs11provider",
};

/** The name that a keyword goes by here. */
export function canonicalKeyword(keyword: string): string {
  const lower = keyword.toLowerCase();
  return Object.hasOwn(ALIASES, lower) ? ALIASES[lower]! : lower;
}

/** What is done with a directive. */
export function fateOf(keyword: string): "first" | "all" | "told" | "ignored" | "unknown" {
  if (FIRST.has(keyword) || Object.hasOwn(REFUSED, keyword)) return "first";
  if (ALL.has(keyword)) return "all";
  if (TOLD.has(keyword)) return "told";
  return IGNORED.has(keyword) ? "ignored" : "unknown";
}
