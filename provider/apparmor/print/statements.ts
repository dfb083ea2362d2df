import type { Abi, Comment, Expression, Include, Profile, Statement } from "../ast.js";
import { conditionGroup, qualifiersText, ruleText } from "./rules.js";
import { quoted, wordText } from "./words.js";

/** The text of a statement; of one with a block, what stands before its `{`. */
export function statementText(statement: Statement): string {
  switch (statement.kind) {
    case "comment":
      return commentText(statement);
    case "include":
      return includeText(statement);
    case "abi":
      return `abi ${fileText(statement)},`;
    case "alias":
      return `alias ${wordText(statement.from, "label")} -> ${wordText(statement.to)},`;
    case "assignment":
      return `@{${statement.name}} ${statement.operator} ${statement.values.map((value) => wordText(value)).join(" ")}`;
    case "boolean":
      return `$${statement.name} = ${statement.value}`;
    case "profile":
      return headText(statement);
    case "if":
      return `if ${expressionText(statement.test)}`;
    case "block":
      return qualifiersText(statement.qualifiers).trimEnd();
    default:
      return ruleText(statement);
  }
}

/** `# …`; one that begins with `include` gets a blank, as `#include` would include. */
export function commentText(comment: Comment): string {
  const text = comment.text.replace(/\s*[\r\n]\s*/g, " ").trimEnd();
  return text.startsWith("include") ? `# ${text}` : `#${text}`;
}

function includeText(include: Include): string {
  return `${include.hash ? "#" : ""}include ${include.ifExists ? "if exists " : ""}${fileText(include)}`;
}

function fileText({ path, magic }: Include | Abi): string {
  if (!magic) return quoted(path.value);
  return /["<>\t\r\n]|^\s|\s$/.test(path.value) ? `<${quoted(path.value)}>` : `<${path.value}>`;
}

function headText({ keyword, name, attachment, xattrs, flags }: Profile): string {
  const named = wordText(name, keyword === "" ? "label" : "id");
  const words = [
    keyword === "" || keyword === "^" ? `${keyword}${named}` : `${keyword} ${named}`,
    attachment ? wordText(attachment, "path") : "",
    xattrs ? conditionGroup("xattrs", xattrs) : "",
    flags.length > 0 ? `flags=(${flags.map((flag) => wordText(flag, "item")).join(",")})` : "",
  ];
  return words.filter(Boolean).join(" ");
}

const strength = { or: 1, and: 2, not: 3 };

/** Parentheses only where `and` would otherwise take a part of `or`. */
export function expressionText(expression: Expression, within = 0): string {
  switch (expression.op) {
    case "boolean":
      return `$${expression.name}`;
    case "defined":
      return `defined ${expression.variable === "boolean" ? `$${expression.name}` : `@{${expression.name}}`}`;
    case "not":
      return `not ${expressionText(expression.operand, strength.not)}`;
    case "and":
    case "or": {
      const own = strength[expression.op];
      const [left, right] = expression.operands;
      // both associate to the left
      const text = `${expressionText(left, own)} ${expression.op} ${expressionText(right, own + 1)}`;
      return own < within ? `(${text})` : text;
    }
    default:
      return `${wordText(expression.left)} ${expression.op} ${wordText(expression.right)}`;
  }
}
