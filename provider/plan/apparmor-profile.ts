import { createHash } from "node:crypto";
import { appArmorProfileInputs, type AppArmorProfileInputs } from "../../schemas/apparmor-profile.js";
import { profileHeaders } from "../apparmor/headers.js";
import { expectedMode, kernelList, loadedMode } from "../apparmor/kernel.js";
import { sameWords } from "../apparmor/same-words.js";
import { fromBytes, toBytes } from "../bytes.js";
import { PostureError } from "../errors.js";
import type { Kept, Kind, Plan } from "./kind.js";
import { machineOf, machineRequests } from "./machine.js";
import { compareTexts, compareWithFile, compilerPackage, linesOf, openIncludes, problemsOf, type Meaning } from "./profile-meaning.js";
import { profileLock, type Answers, type Step } from "./steps.js";

/** What stood in the profile's place before it was ours. */
interface Before {
  /** undefined where no file was there; latin1 */
  text?: string;
  loaded: boolean;
}

export interface AppArmorProfileState extends AppArmorProfileInputs, Kept<Before> {
  path: string;
  digest: string;
  mode: string;
  loaded: boolean;
}


const pathOf = (name: string): string => `/etc/apparmor.d/${name}`;
const digestOf = (bytes: string | undefined): string =>
  bytes === undefined ? "" : createHash("sha256").update(bytes, "latin1").digest("hex");

export const appArmorProfile: Kind<AppArmorProfileInputs, AppArmorProfileState, Before> = {
  schema: appArmorProfileInputs,
  replaceOn: ["name"],
  // another digest with the same meaning: comments, layout
  incidental: ["digest"],
  title: ({ name }) => `AppArmor profile ${name}`,

  requests: ({ name }) => [
    ...machineRequests,
    { ask: "file", path: pathOf(name) },
    { ask: "file", path: kernelList },
    { ask: "package", name: compilerPackage },
  ],

  follow({ name, profile }, former, answers, purpose) {
    const found = answers.file(pathOf(name));
    // what its compiler will say it says itself
    if (found === undefined && !former && purpose === "mend") return [];
    const texts = [profile, ...(found === undefined ? [] : [fromBytes(found)]), ...(former ? [former.profile] : [])];
    return found !== undefined && texts.every((text) => text === profile) ? [] : openIncludes(texts, answers);
  },

  asBefore(inputs, former, answers) {
    if (inputs.profile === former.profile) return inputs;
    const same = sameWords(former.profile, inputs.profile) || (answers !== undefined && isEqual(compareTexts(former.profile, inputs.profile, answers)));
    return same ? { ...inputs, profile: former.profile } : inputs;
  },

  isGone: ({ name }, answers) => answers.file(pathOf(name)) === undefined && modeOf(answers, name) === undefined,

  plan(inputs, former, answers): Plan<Before> {
    const { name } = inputs;
    const path = pathOf(name);
    const wanted = toBytes(inputs.profile);
    const found = answers.file(path);
    const mode = modeOf(answers, name);
    const others = found === undefined ? [] : profileHeaders(found).filter((header) => header.name !== name);
    if (others.length > 0 && found !== wanted) {
      throw new PostureError(
        "conflict",
        `${path} declares other profiles too: ${others.map((header) => header.name).join(", ")}`,
        "Overwriting it would lose them. Choose another name, or move them to files of their own.",
      );
    }
    if (!former && found === undefined && mode !== undefined) {
      throw new PostureError(
        "conflict",
        `AppArmor profile ${name} is loaded already, from another file than ${path}`,
        `Choose another name. If nothing needs it (a file that was removed while it was loaded), unload it on the node: echo -n ${name} > /sys/kernel/security/apparmor/.remove`,
      );
    }
    const memory = former?.ledger ?? { ...(found === undefined ? {} : { text: found }), loaded: mode !== undefined };
    const meaning = meaningOf(inputs, answers);
    const differences = differencesOf(inputs, answers);
    const steps: Step[] =
      differences.length === 0
        ? []
        : [
            profileLock(name),
            { do: "file", path, before: found, after: wanted },
            { do: "check", profile: name },
            { do: "load", profile: name, path },
          ];
    const findings = steps.length > 0 && found !== wanted ? problemsOf(inputs.profile, answers) : [];
    return { steps, changes: meaning && findings.length === 0 ? changesOf(path, meaning) : [], differences, notes: [], findings, memory };
  },

  planDelete(state, answers, claimed): Plan<undefined> {
    const { name, ledger } = state;
    const path = pathOf(name);
    const found = answers.file(path);
    const nothing = { steps: [], changes: [], differences: [], notes: [], memory: undefined };
    if (claimed(path, name)) return nothing;
    if (found === undefined && modeOf(answers, name) === undefined) return nothing;
    const file: Step = { do: "file", path, before: found, after: ledger.text };
    if (ledger.text !== undefined && ledger.loaded) {
      if (found === ledger.text && modeOf(answers, name) !== undefined) return nothing;
      return { ...nothing, steps: [profileLock(name), file, { do: "check", profile: name }, { do: "load", profile: name, path }] };
    }
    return { ...nothing, steps: [profileLock(name), { do: "unused", profile: name }, { do: "unload", profile: name, path }, file] };
  },

  claims: ({ name, profile }) => [{ path: pathOf(name), id: name, exclusive: true, text: profile }],

  outputs(inputs, ledger, answers): AppArmorProfileState {
    const found = answers.file(pathOf(inputs.name));
    const mode = modeOf(answers, inputs.name);
    return {
      ...inputs,
      path: pathOf(inputs.name),
      digest: digestOf(found),
      mode: mode ?? "",
      loaded: mode !== undefined,
      drift: differencesOf(inputs, answers),
      machine: machineOf(answers),
      ledger,
    };
  },
};

function modeOf(answers: Answers, name: string): string | undefined {
  return loadedMode(answers.file(kernelList) ?? "", name);
}

/** How the declared text differs in meaning from what is there; undefined where the texts don't differ. */
function meaningOf({ name, profile }: AppArmorProfileInputs, answers: Answers): Meaning | undefined {
  const found = answers.file(pathOf(name));
  return found === undefined || found === toBytes(profile) ? undefined : compareWithFile(found, profile, answers);
}

const isEqual = (meaning: Meaning): boolean => "relation" in meaning && meaning.relation === "equal";

function changesOf(path: string, meaning: Meaning): Plan<Before>["changes"] {
  if ("unknown" in meaning || meaning.relation === "equal") return [];
  const words = { tighter: "becomes tighter", wider: "becomes wider", both: "changes" };
  return [{ path: `${path} ${words[meaning.relation]}:`, lines: linesOf(meaning).map(({ sign, text }) => ({ sign, text: toBytes(text) })) }];
}

function differencesOf(inputs: AppArmorProfileInputs, answers: Answers): string[] {
  const { name, profile } = inputs;
  const found = answers.file(pathOf(name));
  const mode = modeOf(answers, name);
  const expected = expectedMode(profile);
  const meaning = meaningOf(inputs, answers);
  return [
    ...(found === undefined ? [`${pathOf(name)} is not there`] : []),
    ...(meaning && !isEqual(meaning) ? [`${pathOf(name)} has another text (${where(fromBytes(found!), profile, meaning)})`] : []),
    ...(mode === undefined ? ["the kernel has not loaded it"] : []),
    ...(mode !== undefined && mode !== expected ? [`the kernel has it in ${mode} mode, not ${expected}`] : []),
  ];
}

function where(found: string, declared: string, meaning: Meaning): string {
  const unknown = "unknown" in meaning ? `; what that means can't be told: ${meaning.unknown}` : "";
  return `${lineDifference(found, declared)}${unknown}`;
}

function lineDifference(a: string, b: string): string {
  const [one, two] = [a.split("\n"), b.split("\n")];
  const at = one.findIndex((line, i) => line !== two[i]);
  return `first different line: ${(at < 0 ? one.length : at) + 1}`;
}
