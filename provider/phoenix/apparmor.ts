import type { PhoenixContainer } from "../../schemas/phoenix.js";
import type { Reading } from "./reading.js";

/** The container's AppArmor profile: undefined leaves the one that Proxmox VE generates. */
export function readProfile({ apparmor_profile }: PhoenixContainer, option: string | undefined, reading: Reading): string | undefined {
  const named = apparmor_profile === "unconfined" ? undefined : apparmor_profile;
  if (named !== undefined && option !== undefined && option !== named) {
    reading.problem(
      "apparmor_profile",
      `says ${named}, but lxc_options say lxc.apparmor.profile=${option}, which LXC would take as the last: keep one`,
    );
  }
  const profile = option ?? named;
  if (profile === "unconfined") {
    reading.note(
      "Warning: lxc_options set lxc.apparmor.profile=unconfined: AppArmor doesn't confine the container at all. Without " +
        "the option, the profile that Proxmox VE generates would hold.",
    );
  } else if (apparmor_profile === "unconfined" && profile === undefined) {
    reading.note(
      "`apparmor_profile: unconfined` made Phoenix remove the line, nothing more. Nothing is declared here: the profile that " +
        "Proxmox VE generates holds, unless the container has a line that names another.",
    );
  }
  return profile;
}

/** Whether the name is of a profile that somebody has to deploy. */
export const isDeployed = (profile: string | undefined): profile is string =>
  profile !== undefined && profile !== "unconfined" && profile !== "generated";
