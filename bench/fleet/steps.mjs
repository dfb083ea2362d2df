/** What everybody does, in this order. */
export const steps = { first: "first apply", again: "apply again, without a change", check: "drift check" };
