import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import type { PhoenixContainer } from "../../schemas/phoenix.js";
import type { Reading } from "./reading.js";

type Features = NonNullable<LxcContainerSecurityInputs["features"]>;

const switches = ["nesting", "keyctl", "fuse", "mknod", "force_rw_sys"] as const;
const isSwitch = (name: string): name is (typeof switches)[number] => (switches as readonly string[]).includes(name);

/** The features of Proxmox VE that `pct_options` ask for: Phoenix passed them all to `pct set --features`. */
export function readFeatures(config: PhoenixContainer, reading: Reading): Features {
  const features: Features = {};
  (config.pct_options ?? []).forEach((option, index) => {
    const path = `pct_options[${index}]`;
    for (const part of option.replace(/^\s*(?:--?features[\s=]\s*|features\s*[=:]\s*)/, "").split(",")) {
      const [, name = "", value = ""] = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
      if (isSwitch(name)) {
        if (/^(?:1|on|yes|true)$/i.test(value)) features[name] = true;
        else if (/^(?:0|off|no|false)$/i.test(value)) features[name] = false;
        else reading.problem(path, `\`${part}\` must be ${name}=1 or ${name}=0`);
      } else if (name === "mount") {
        features.mount = value.split(";").filter(Boolean);
      } else {
        reading.problem(
          path,
          `\`${part}\` is no feature (${switches.join(", ")}, mount), and Phoenix passed pct_options to \`--features\`: pct ` +
            "would refuse it. Remove it",
        );
      }
    }
  });
  if (features.nesting && config.apparmor_manages_nesting) {
    reading.note("Phoenix left nesting=1 out because of apparmor_manages_nesting; it is declared here, as the two don't exclude each other.");
  }
  return features;
}
