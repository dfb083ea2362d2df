import { emptyLedger, type Inserted, type Ledger, type Removed } from "./ledger.js";
import type { Line } from "./lines.js";

/** A line that came or went. */
export interface Change {
  sign: "+" | "-";
  text: string;
}

/** Edits the lines of a section and keeps the ledger true. Nothing but whole lines ever changes. */
export class Editor {
  readonly lines: Line[];
  readonly changes: Change[] = [];
  readonly ledger: Ledger;

  /** @param same one form for all ways to write the same line */
  constructor(
    lines: readonly Line[],
    ledger: Ledger,
    readonly same: (text: string) => string,
  ) {
    this.lines = lines.map((line) => ({ ...line }));
    // a state of an earlier version may lack what came later
    this.ledger = { ...emptyLedger(), ...structuredClone(ledger) };
  }

  /** The line's entry in the ledger, when it is one of ours. */
  ours(text: string): Inserted | undefined {
    const form = this.same(text);
    return this.ledger.inserted.find((line) => this.same(line.text) === form);
  }

  insert(index: number, family: string, text: string): void {
    const form = this.same(text);
    // a line that was there before us is not ours because we had to put it back
    const found = this.ledger.found.find((line) => line.family === family && this.same(line.text) === form);
    this.place(index, { text: found?.text ?? text, eol: "\n" });
    if (!found) this.ledger.inserted.push({ family, text });
  }

  /** Notes which of the declared lines are there without us. */
  adopt(family: string, declared: readonly string[], has: (text: string) => boolean): void {
    const forms = new Set(declared.map(this.same));
    for (const { text } of this.lines) {
      const known = this.ledger.found.some((line) => line.family === family && line.text === text);
      if (!known && has(text) && forms.has(this.same(text)) && !this.ours(text)) this.ledger.found.push({ family, text });
    }
  }

  /** Lines of these forms are no longer ours to watch: they stay where they are. */
  release(family: string, forms: ReadonlySet<string>): void {
    const others = (line: Inserted) => line.family !== family || !forms.has(this.same(line.text));
    this.ledger.inserted = this.ledger.inserted.filter(others);
    this.ledger.found = this.ledger.found.filter(others);
  }

  /** A line that was found is to be given back, though it is not there any more. */
  displace(index: number, found: Inserted, eol: string): void {
    this.ledger.found = this.ledger.found.filter((line) => line !== found);
    this.ledger.removed.push({ ...found, eol, ...this.origin(index) });
  }

  /** No line of the family counts as ours any more. */
  forget(family: string): void {
    this.ledger.inserted = this.ledger.inserted.filter((line) => line.family !== family);
  }

  /** @param remember whether it is somebody else's, to be given back */
  remove(index: number, family: string, remember: boolean): void {
    const line = this.lines[index]!;
    const mine = this.ours(line.text);
    if (mine) this.ledger.inserted.splice(this.ledger.inserted.indexOf(mine), 1);
    else if (remember) {
      const form = this.same(line.text);
      const twins = this.lines.filter(({ text }, i) => i !== index && this.same(text) === form).length;
      this.ledger.removed.push({ family, ...line, ...this.origin(index), ...(twins > 0 ? { twins } : {}) });
    }
    if (remember) this.ledger.found = this.ledger.found.filter((found) => found.family !== family || found.text !== line.text);
    this.take(index);
  }

  /** Puts a removed line back where it stood, as far as that place can still be found. */
  restore(removed: Removed): void {
    this.ledger.removed.splice(this.ledger.removed.indexOf(removed), 1);
    const missing = this.ledger.removed.filter(({ at }) => at < removed.at);
    const expected = removed.at - missing.length;
    const places = this.places()
      .map((place) => ({ ...place, off: Math.abs(place.count - expected) }))
      .sort((a, b) => a.off - b.off || a.index - b.index);
    const undisturbed = places[0]!.after === removed.after || missing.some(({ text }) => text === removed.after);
    // another line before that place means that somebody else has edited: go by the line it stood after
    const place = undisturbed ? places[0]! : (places.find(({ after }) => after === removed.after) ?? places[0]!);
    this.place(place.index, { text: removed.text, eol: removed.eol });
  }

  /** Where a line stood among all that are not ours, those that we removed counted. */
  private origin(index: number): { after: string | null; at: number } {
    const before = this.places()[index]!;
    const gone = this.ledger.removed.toSorted((a, b) => a.at - b.at);
    const at = gone.reduce((position, removed) => (removed.at <= position ? position + 1 : position), before.count);
    return { after: gone.find((removed) => removed.at === at - 1)?.text ?? before.after, at };
  }

  /** For each index the last line before it that is not ours, and how many such there are. */
  private places(): { index: number; after: string | null; count: number }[] {
    const ours = this.mine();
    const places: { index: number; after: string | null; count: number }[] = [{ index: 0, after: null, count: 0 }];
    this.lines.forEach(({ text }, i) => {
      const { after, count } = places[i]!;
      const mine = ours.has(i);
      places.push({ index: i + 1, after: mine ? after : text, count: mine ? count : count + 1 });
    });
    return places;
  }

  /** The lines that are ours, by index: of lines that are the same, the last ones. */
  private mine(): Set<number> {
    const left = new Map<string, number>();
    for (const { text } of this.ledger.inserted) left.set(this.same(text), (left.get(this.same(text)) ?? 0) + 1);
    const mine = new Set<number>();
    for (let i = this.lines.length - 1; i >= 0 && left.size > 0; i--) {
      const form = this.same(this.lines[i]!.text);
      const count = left.get(form);
      if (count) mine.add(i);
      if (count !== undefined) left.set(form, count - 1);
    }
    return mine;
  }

  private place(index: number, line: Line): void {
    const before = this.lines[index - 1];
    if (before?.eol === "") {
      before.eol = "\n";
      this.ledger.ended ??= before.text;
    }
    if (index < this.lines.length && line.eol === "") {
      line = { ...line, eol: "\n" };
      this.ledger.ended ??= line.text;
    }
    this.lines.splice(index, 0, line);
    this.changes.push({ sign: "+", text: line.text });
  }

  private take(index: number): void {
    this.changes.push({ sign: "-", text: this.lines.splice(index, 1)[0]!.text });
  }
}
