/** Why a variable, label or condition can't be resolved. */
export class ResolveError extends Error {
  override readonly name = "ResolveError";

  /**
   * @param code stable and kebab-case, as in a Diagnostic
   * @param hint what to do
   */
  constructor(
    readonly code: string,
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}
