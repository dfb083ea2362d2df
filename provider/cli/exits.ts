/** What the exit code of every command says. */
export const exits = { fine: 0, found: 1, invalid: 2 } as const;

export type Exit = (typeof exits)[keyof typeof exits];

/** The one that says most of several. */
export const worst = (a: Exit, b: Exit): Exit => (a > b ? a : b);

/** An action of a command whose result is the exit code. */
export const exiting =
  <Args extends unknown[]>(action: (...args: Args) => Promise<Exit>) =>
  async (...args: Args): Promise<void> => {
    process.exitCode = await action(...args);
  };
