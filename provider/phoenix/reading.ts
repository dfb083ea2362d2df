import { PostureError } from "../errors.js";

/** What comes up while one container is read. Problems are gathered, so that one run shows all of them. */
export class Reading {
  readonly notes: string[] = [];
  private readonly problems: string[] = [];

  /** @param title the container, as it is named in errors */
  constructor(private readonly title: string) {}

  /** Something that the operator should know, and that stands in nobody's way. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** Something that can't be applied. */
  problem(path: string, what: string): void {
    this.problems.push(`${path}: ${what}`);
  }

  /** @throws PostureError `invalid-input` with every problem so far */
  finish(): void {
    const [first, ...others] = this.problems;
    if (first === undefined) return;
    const text = others.length === 0 ? `${this.title}: ${first}` : `${this.title}:\n  ${this.problems.join("\n  ")}`;
    throw new PostureError("invalid-input", text);
  }
}
