// What was measured, as JSON: parts that are measured at different times come together in one file.
import { readFile, rename, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";

/** What figures have to have in common to stand in one table. */
const machineHere = () =>
  `${cpus()[0]?.model.trim() ?? "an unknown processor"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;

const keyOf = ({ contestant, step, latency }) => [contestant, step, latency].join(" ");

/** The data, and the file that it is kept in, if any. */
export class Data {
  constructor(file, value) {
    this.file = file;
    this.value = value;
  }

  /**
   * @param {string | undefined} file is read where it is there
   * @param {{ measuring?: boolean, containers?: number }} wanted whether figures are to be added; for how large a fleet
   * @throws where what is in the file can't stand beside what is wanted
   */
  static async open(file, { measuring, containers }) {
    const text =
      file && (await readFile(file, "utf8").catch((error) => (error.code === "ENOENT" ? undefined : Promise.reject(error))));
    const value = text ? JSON.parse(text) : { machine: machineHere() };
    const refuse = (why) => {
      throw new Error(`${file} ${why}. Name another file with --json, or remove this one.`);
    };
    if (measuring && value.machine !== machineHere()) refuse(`was measured on another machine (${value.machine})`);
    const others = containers && value.fleet?.rows.find((row) => row.containers !== containers);
    if (others) refuse(`has figures of ${others.containers} containers, not ${containers}`);
    return new Data(file, value);
  }

  async setProfiles(profiles) {
    this.value.profiles = { ...profiles, date: new Date().toISOString().slice(0, 10) };
    await this.#write();
  }

  /** Takes what was measured of the fleet, in the place of what was there of the same. */
  async addFleet({ rows = [], state = {}, memory }) {
    const fleet = this.value.fleet ?? { rows: [], state: {} };
    const news = new Set(rows.map(keyOf));
    this.value.fleet = {
      rows: [...fleet.rows.filter((row) => !news.has(keyOf(row))), ...rows],
      state: { ...fleet.state, ...state },
      memory: memory ?? fleet.memory,
    };
    await this.#write();
  }

  async #write() {
    this.value.software = `Linux ${release()}, Node ${process.version}`;
    if (!this.file) return;
    await writeFile(`${this.file}.part`, `${JSON.stringify(this.value, undefined, 2)}\n`);
    await rename(`${this.file}.part`, this.file);
  }
}
