/** One question to a node. Questions that are asked in the same moment travel together. */
export type Request =
  | { ask: "file"; path: string }
  /** every file that matches the shell pattern, with its content */
  | { ask: "files"; pattern: string }
  /** every path that matches the shell pattern */
  | { ask: "paths"; pattern: string }
  /** the version of a Debian package */
  | { ask: "package"; name: string }
  /** the containers whose configuration names the profile, and the processes that run under it */
  | { ask: "users"; profile: string };

/** What a node answered; text is latin1, so that every byte survives. */
export interface Answers {
  /** whether the question was among those asked; the others can't be answered */
  asked(request: Request): boolean;
  /** undefined when it is not there */
  file(path: string): string | undefined;
  files(pattern: string): Record<string, string>;
  paths(pattern: string): string[];
  package(name: string): string | undefined;
}

/** One step of a transaction on a node, as plain data. Content is latin1. */
export type Step =
  | { do: "lock"; path: string }
  /** refuses when the file is not what it was when the plan was made; undefined stands for no file */
  | { do: "file"; path: string; before: string | undefined; after: string | undefined }
  /** the text that the last `file` step writes must compile and declare exactly this profile */
  | { do: "check"; profile: string }
  | { do: "load"; profile: string; path: string }
  | { do: "unload"; profile: string; path: string }
  /** refuses while a container names the profile or a process runs under it */
  | { do: "unused"; profile: string }
  /** refuses while the kernel doesn't have the profile */
  | { do: "loaded"; profile: string };

/** Whether there is anything to do: locks and checks alone change nothing. */
export const changesSomething = (steps: readonly Step[]): boolean =>
  steps.some((step) => step.do === "load" || step.do === "unload" || (step.do === "file" && step.before !== step.after));
