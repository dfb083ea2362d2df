/** The families that a network rule can name, with their numbers (address_families(7), `AF_*`). */
export const networkFamilies = {
  unspec: 0, unix: 1, inet: 2, ax25: 3, ipx: 4, appletalk: 5, netrom: 6, bridge: 7, atmpvc: 8, x25: 9, inet6: 10, rose: 11,
  netbeui: 13, security: 14, key: 15, netlink: 16, packet: 17, ash: 18, econet: 19, atmsvc: 20, rds: 21, sna: 22, irda: 23,
  pppox: 24, wanpipe: 25, llc: 26, ib: 27, mpls: 28, can: 29, tipc: 30, bluetooth: 31, iucv: 32, rxrpc: 33, isdn: 34, phonet: 35,
  ieee802154: 36, caif: 37, alg: 38, nfc: 39, vsock: 40, kcm: 41, qipcrtr: 42, smc: 43, xdp: 44, mctp: 45,
} as const;

export type NetworkFamily = keyof typeof networkFamilies;

/** The socket types of network rules, with their numbers (socket(2), `SOCK_*`). */
export const socketTypes = { stream: 1, dgram: 2, raw: 3, rdm: 4, seqpacket: 5, packet: 10 } as const;

export type SocketType = keyof typeof socketTypes;

/** The socket types of `unix type=`, which takes more than a network rule. */
export const unixSocketTypes = { none: 0, ...socketTypes, dccp: 6 } as const;

export type UnixSocketType = keyof typeof unixSocketTypes;

/**
 * What stands in the place of a type and means one: `network inet tcp,` is `network inet stream,`. A family that is not
 * listed does not take the name; without a family it stands for all that do.
 */
export const networkProtocols = {
  tcp: { type: "stream", families: ["inet", "inet6"] },
  udp: { type: "dgram", families: ["inet", "inet6"] },
  icmp: { type: "raw", families: ["inet"] },
} as const satisfies Record<string, { type: SocketType; families: readonly NetworkFamily[] }>;

export type NetworkProtocol = keyof typeof networkProtocols;

/** What network and unix rules can allow. `read` and `r` mean receive, `write` and `w` send. */
export const networkAccesses = [
  "create", "bind", "listen", "accept", "connect", "shutdown", "getattr", "setattr", "getopt", "setopt", "send", "receive",
] as const;

export type NetworkAccess = (typeof networkAccesses)[number];

/** Those that a rule with `peer=(…)` may name: a peer is known to these only. */
export const peerNetworkAccesses = ["accept", "connect", "send", "receive"] as const satisfies readonly NetworkAccess[];

/** Whether `network FAMILY TYPE,` names something; either may be absent. A lone type or protocol is a rule of all its families. */
export function isNetwork(family: string | undefined, type: string | undefined): boolean {
  const protocol = type !== undefined && Object.hasOwn(networkProtocols, type) ? networkProtocols[type as NetworkProtocol] : undefined;
  if (type !== undefined && protocol === undefined && !Object.hasOwn(socketTypes, type)) return false;
  if (family === undefined) return true;
  return protocol ? (protocol.families as readonly string[]).includes(family) : Object.hasOwn(networkFamilies, family);
}
