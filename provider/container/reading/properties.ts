/** How Proxmox VE checks a property's value. */
export type PropertyType = "boolean" | "integer" | "number" | "string";

/** Source: pve-container 6.1, `$confdesc`; `env` came with Proxmox VE 9.1. */
const types: Record<PropertyType, string> = {
  boolean: "onboot template console ipmanagehost protection unprivileged debug",
  integer: "tty cores cpuunits memory swap snaptime",
  number: "cpulimit",
  string:
    "lock startup arch ostype hostname description searchdomain nameserver timezone rootfs parent cmode entrypoint features " +
    "hookscript tags env",
};

const known = new Map(Object.entries(types).flatMap(([type, keys]) => keys.split(" ").map((key) => [key, type as PropertyType])));

/** The type of a property; undefined where Proxmox VE knows none of that name. `net32` is one too many. */
export function propertyType(key: string): PropertyType | undefined {
  const [, name, number] = /^(net|mp|unused|dev)(0|[1-9]\d{0,2})$/.exec(key) ?? [];
  if (name === undefined) return known.get(key);
  return Number(number) < (name === "net" ? 32 : 256) ? "string" : undefined;
}

/** What Proxmox VE makes of a value; a value it complains of is kept as it is. */
export interface CheckedValue {
  value: string | 0 | 1;
  said?: string;
  why?: "unknown" | "invalid";
}

/**
 * Checks a property as Proxmox VE does when it reads the file. Values of booleans become 0 and 1. Integers and formats of
 * strings are left as they are and not complained of: so the corpus has it of pve-container 6.1.10.
 * Source: pve-container, `PVE::LXC::Config::check_type`.
 */
export function checkProperty(key: string, value: string): CheckedValue {
  const type = propertyType(key);
  if (type === undefined) return complain(key, value, "unknown", `unknown setting '${key}'`);
  if (/[\n\r]/.test(value)) return complain(key, value, "invalid", "property contains a line feed");
  if (type !== "boolean") return { value };
  if (value === "1" || /^(?:on|yes|true)$/i.test(value)) return { value: 1 };
  if (value === "0" || /^(?:off|no|false)$/i.test(value)) return { value: 0 };
  return complain(key, value, "invalid", `type check ('boolean') failed - got '${value}'`);
}

const complain = (key: string, value: string, why: "unknown" | "invalid", said: string): CheckedValue => ({
  value,
  why,
  said: `unable to parse value of '${key}' - ${said}`,
});
