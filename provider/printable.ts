/** What a terminal obeys, or what turns the direction of its text; half a character is none. Line breaks and tabs are left. */
const acts = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\p{Cs}/gu;

/** Neither an input nor a node must be able to write control sequences to the operator's terminal. */
export const printable = (text: string): string => text.replace(acts, "?");

/** What may be long, cut where nobody reads on. */
export const brief = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`);
