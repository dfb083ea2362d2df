import { seconds, table, whole } from "../table.mjs";
import { contestants } from "./contestants/index.mjs";
import { steps } from "./steps.mjs";
import { counts, ratios } from "./targets.mjs";

const order = contestants.map(({ key }) => key);

/** The part's section of the report. */
export function reportFleet({ rows, state, memory }) {
  const sections = [];
  if (rows.length > 0) {
    const dates = [...new Set(rows.flatMap(({ date }) => date ?? []))].sort();
    const rounds = Math.max(...rows.map((row) => row.rounds));
    sections.push(
      `${rows[0].containers} containers on one node, each with a profile, a map of ids and device rules; latency is that of a round trip, added to loopback's. ` +
        `${dates.join(", ")}; pve-posture and the floor: the best of ${rounds}, the others: once.`,
      `### Ratios\n\n${ratioTable(rows)}`,
      `### Round trips and connections\n\n${countTable(rows)}`,
      ...Object.keys(steps).map((step) => `### ${heading(step)}\n\n${stepTable(rows.filter((row) => row.step === step))}`),
    );
  }
  const sizes = Object.entries(state ?? {}).flatMap(([key, types]) =>
    types.map((type) => [nameOf(key), type.type, whole(type.count), whole(type.bytes)]),
  );
  if (sizes.length > 0) sections.push(`### Size of the state\n\n${table(["", "type", ">resources", ">bytes, median"], sizes)}`);
  if (memory) sections.push(`### Memory of the provider's process\n\n${memoryTable(memory)}`);
  return `## A fleet\n\n${sections.join("\n\n")}\n`;
}

const heading = (step) => steps[step].charAt(0).toUpperCase() + steps[step].slice(1);
const nameOf = (key) => contestants.find((contestant) => contestant.key === key).name;
const latenciesOf = (rows) => [...new Set(rows.map(({ latency }) => latency))].sort((a, b) => a - b);

/** Figures of a row: of whatever runs, and of those who reach the node. */
const figures = [
  ["time, s", ({ wall }) => seconds(wall)],
  ["CPU, s", ({ cpu }) => seconds(cpu)],
];
const onNode = [
  ["node's CPU, s", ({ nodeCpu }) => seconds(nodeCpu)],
  ["connections", ({ connections }) => whole(connections)],
  ["sessions", ({ sessions }) => whole(sessions)],
  ["round trips", ({ roundTrips }) => whole(roundTrips)],
  ["kB to node", ({ bytesToNode }) => whole(bytesToNode / 1000)],
  ["kB from node", ({ bytesFromNode }) => whole(bytesFromNode / 1000)],
];

function stepTable(rows) {
  const sorted = rows.toSorted((a, b) => a.latency - b.latency || order.indexOf(a.contestant) - order.indexOf(b.contestant));
  const columns = [...figures, ...onNode];
  const cells = sorted.map((row) => {
    const there = row.why ? [] : row.connections === 0 ? figures : columns;
    const values = columns.map((column) => (there.includes(column) ? column[1](row) : "–"));
    return [row.name, row.version ?? "", whole(row.latency), ...values];
  });
  const head = ["", "version", ">latency, ms", ...columns.map(([title]) => `>${title}`)];
  const reasons = sorted
    .filter(({ why }) => why)
    .map(({ name, latency, why }) => `${name} with ${latency} ms was not measured: ${why}`);
  return [table(head, cells), ...new Set(reasons)].join("\n\n");
}

function ratioTable(rows) {
  const latencies = latenciesOf(rows);
  const cells = ratios.map(({ title, of, to, step, target, at, holds }) => {
    const wall = (contestant, latency) =>
      rows.find((row) => row.contestant === contestant && row.step === step && row.latency === latency)?.wall;
    const values = latencies.map((latency) => wall(of, latency) / wall(to, latency));
    const judged = target ? values.filter((value, index) => value && (at === undefined || latencies[index] === at)) : [];
    return [
      title,
      steps[step],
      ...values.map((value) => (value ? value.toFixed(2) : "–")),
      target ?? "",
      verdict(judged.map((value) => holds(value))),
    ];
  });
  return table(["", "step", ...latencies.map((latency) => `>${latency} ms`), "target", "met"], cells);
}

function countTable(rows) {
  const own = rows.filter((row) => row.contestant === "ours" && !row.why);
  const latencies = latenciesOf(own);
  const cells = counts.map(({ title, step, value, target }) => {
    const values = latencies.map((latency) =>
      own.filter((row) => row.latency === latency && (!step || row.step === step)).map(value),
    );
    const most = target(rows[0].containers);
    return [
      title,
      ...values.map((of) => whole(Math.max(...of))),
      `at most ${whole(most)}`,
      verdict(values.flat().map((one) => one <= most)),
    ];
  });
  return table(["pve-posture", ...latencies.map((latency) => `>${latency} ms`), "target", "met"], cells);
}

function memoryTable({ containers, first, check }) {
  const target = 250e6;
  const row = (title, { peak, wall }) => [
    title,
    whole(containers),
    whole(peak / 1e6),
    seconds(wall),
    "below 250",
    verdict([peak < target]),
  ];
  return table(
    ["", ">containers", ">MB resident, at most", ">time, s", "target", "met"],
    [row("first apply", first), row("drift check", check)],
  );
}

const verdict = (all) => (all.length === 0 ? "" : all.every(Boolean) ? "yes" : "no");
