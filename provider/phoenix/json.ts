/** Why a text isn't JSON, or not one that means a single thing. */
export interface JsonFault {
  /** in UTF-16 units from the beginning */
  offset: number;
  what: string;
}

const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const blank = /[ \t\r\n]*/y;
const deepest = 200;

class Fault extends Error {
  constructor(readonly fault: JsonFault) {
    super(fault.what);
  }
}

/**
 * Finds the first fault of a JSON text, if any.
 *
 * `JSON.parse` refuses as much, but gives a position only sometimes, depending on the version of Node.js; and of a
 * property that stands twice it silently takes the last, which is no way to read a security setting.
 */
export function jsonFault(text: string): JsonFault | undefined {
  try {
    new Scanner(text).document();
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.fault;
    throw error;
  }
}

class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): void {
    this.value(0);
    this.blank();
    if (this.at < this.text.length) this.fail(`expected nothing more here, got ${this.here()}`);
  }

  private value(depth: number): void {
    this.blank();
    if (depth > deepest) this.fail("is nested too deeply");
    if (this.skip("{")) this.items("}", "property", () => this.property(depth), new Set());
    else if (this.skip("[")) this.items("]", "element", () => this.value(depth + 1));
    else if (this.text[this.at] === '"') this.string();
    else if (this.match(scalar) === undefined) this.fail(`expected a value, got ${this.here()}`);
  }

  /** Items with commas between them, up to the closing bracket; `names` finds those that come twice. */
  private items(close: string, what: string, item: () => string | void, names?: Set<string>): void {
    this.blank();
    if (this.skip(close)) return;
    for (;;) {
      this.blank();
      const start = this.at;
      const name = item();
      if (name !== undefined && names?.has(name)) this.fail(`the property ${name} stands here a second time`, start);
      names?.add(name ?? "");
      this.blank();
      if (this.skip(close)) return;
      const comma = this.at;
      if (!this.skip(",")) this.fail(`expected \`,\` or \`${close}\` after the ${what}, got ${this.here()}`);
      this.blank();
      if (this.text[this.at] === close) this.fail(`a comma too many: nothing follows it but \`${close}\``, comma);
    }
  }

  private property(depth: number): string {
    if (this.text[this.at] !== '"') this.fail(`expected a property's name in double quotes, got ${this.here()}`);
    const name = this.string();
    this.blank();
    if (!this.skip(":")) this.fail(`expected \`:\` after the property's name, got ${this.here()}`);
    this.value(depth + 1);
    return name;
  }

  private string(): string {
    const found = this.match(string);
    if (found === undefined) this.fail("a string that doesn't end in its line, or holds a wrong escape");
    return JSON.stringify(JSON.parse(found));
  }

  private blank(): void {
    this.match(blank);
  }

  private skip(char: string): boolean {
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  private here(): string {
    const rest = this.text.slice(this.at);
    if (rest === "") return "the end of the text";
    if (/^(?:\/[/*]|#)/.test(rest)) return "a comment, which JSON doesn't have";
    return `\`${/^(?:[\w.+-]{1,20}|[^])/u.exec(rest)![0]}\``;
  }

  private fail(what: string, offset = this.at): never {
    throw new Fault({ offset, what });
  }
}
