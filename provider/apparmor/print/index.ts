export { format, type FormatOptions, type Formatted } from "./format.js";
export { sorted } from "./order.js";
export { print, type PrintOptions } from "./print.js";
export { ruleText } from "./rules.js";
