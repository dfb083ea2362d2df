import { expect } from "chai";
import { PostureError } from "../../provider/errors.js";

/** The message with which reading the text fails. */
export function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).to.be.instanceOf(PostureError).with.property("code", "invalid-input");
    return (error as PostureError).message;
  }
  throw new Error("expected a refusal");
}
