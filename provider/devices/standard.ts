/**
 * The device rules that every privileged container gets by default: nodes that any system needs, and making (not
 * opening) others. To be put behind a `deny a`, which takes them away.
 * Source: LXC 6.0, `config/templates/common.conf.in`, without `/dev/fuse`.
 */
export const standardDeviceRules: readonly { action: "allow"; rule: string }[] = [
  "c *:* m",
  "b *:* m",
  "c 1:3 rwm", // /dev/null
  "c 1:5 rwm", // /dev/zero
  "c 1:7 rwm", // /dev/full
  "c 1:8 rwm", // /dev/random
  "c 1:9 rwm", // /dev/urandom
  "c 5:0 rwm", // /dev/tty
  "c 5:1 rwm", // /dev/console
  "c 5:2 rwm", // /dev/ptmx
  "c 136:* rwm", // /dev/pts/*
].map((rule) => ({ action: "allow", rule }));
