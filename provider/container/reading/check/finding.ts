/** Something about a container's configuration that its owner should know. */
export interface Finding {
  /** stable, kebab-case */
  code: string;
  /** `error`: Proxmox VE drops or loses something, or the container does not start or lacks what it declares */
  severity: "error" | "warning";
  /** 1-based; 1 for what concerns the file as a whole */
  line: number;
  message: string;
  /** what to do */
  hint: string;
}

export const finding =
  (severity: Finding["severity"]) =>
  (code: string, line: number, message: string, hint: string): Finding => ({ code, severity, line, message, hint });

export const error = finding("error");
export const warning = finding("warning");
