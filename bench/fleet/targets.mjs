// What the figures are held against. Nothing fails where one is missed: the report says so.

const atMost = (most) => ({ target: `at most ${most}`, holds: (value) => value <= most });
const atLeast = (least) => ({ target: `at least ${least}`, holds: (value) => value >= least });
const aside = (ratio, at) => ({ ...ratio, target: `${ratio.target} with ${at} ms`, at });

const floor = { title: "pve-posture / the engine's floor", of: "ours", to: "floor" };
const ansible = { title: "Ansible / pve-posture", of: "ansible", to: "ours" };
const ssh = { title: "ssh in a loop / pve-posture", of: "ssh", to: "ours" };

/** Times by times. `at`: the latency that the target is for; without it, each. */
export const ratios = [
  { ...floor, step: "first", ...aside(atMost(1.25), 20) },
  { ...floor, step: "again" },
  { ...floor, step: "check", ...aside(atMost(1.15), 20) },
  { ...ansible, step: "first", ...atLeast(8) },
  { ...ansible, step: "again" },
  { ...ansible, step: "check", ...atLeast(20) },
  { ...ssh, step: "first" },
  { ...ssh, step: "again" },
  { ...ssh, step: "check" },
];

/** What happens how often, by the number of containers; without a `step`, in any. */
export const counts = [
  { title: "connections to the node", value: ({ connections }) => connections, target: () => 1 },
  {
    title: "sessions that read, drift check",
    step: "check",
    value: ({ observing }) => observing,
    target: (containers) => Math.ceil(containers / 64),
  },
  {
    title: "sessions that apply, first apply",
    step: "first",
    value: ({ applying }) => applying,
    target: (containers) => containers,
  },
];
