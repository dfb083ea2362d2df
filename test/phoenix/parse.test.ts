import { expect } from "chai";
import fc from "fast-check";
import { parsePhoenix } from "../../provider/phoenix/index.js";
import { jsonFault } from "../../provider/phoenix/json.js";
import { failure } from "./failure.js";

describe("reading phoenix_lxc_configs.json: what isn't JSON", () => {
  // [what it is, text, where, what the error says]
  const table: [string, string, string, RegExp][] = [
    ["nothing", "", "1:1", /expected a value, got the end of the text/],
    ["a comma too many in an object", '{\n  "a": 1,\n}', "2:9", /a comma too many: .*`}`/],
    ["a comma too many in an array", '["a",]', "1:5", /a comma too many/],
    ["a missing comma", '{\n  "a": 1\n  "b": 2\n}', "3:3", /expected `,` or `}` after the property, got `"`/],
    ["a missing comma between elements", '["a" "b"]', "1:6", /expected `,` or `\]` after the element/],
    ["a missing colon", '{"a" 1}', "1:6", /expected `:` after the property's name, got `1`/],
    ["a missing brace", '{"a": {"b": 1}', "1:15", /got the end of the text/],
    ["a comment", '{\n  // GPUs\n  "a": 1}', "2:3", /got a comment, which JSON doesn't have/],
    ["a comment behind a value", '{"a": 1 # one\n}', "1:9", /a comment/],
    ["single quotes", "{'a': 1}", "1:2", /name in double quotes, got `'`/],
    ["a name without quotes", "{a: 1}", "1:2", /name in double quotes, got `a`/],
    ["a word", '{"a": yes}', "1:7", /expected a value, got `yes`/],
    ["an octal number", '{"a": 010}', "1:7", /expected a value, got `010`/],
    ["a string over two lines", '{"a": "x\ny"}', "1:7", /a string that doesn't end in its line/],
    ["a wrong escape", '{"a": "C:\\x"}', "1:7", /wrong escape/],
    ["more after the end", "{}\n{}", "2:1", /expected nothing more here, got `{`/],
    ["a property twice", '{"a": 1,\n "a": 2}', "2:2", /the property "a" stands here a second time/],
    ["a property twice, in two spellings", '{"a": 1, "\\u0061": 2}', "1:10", /second time/],
    ["Windows' ends of lines", '{\r\n  "a": 1,\r\n  oops\r\n}', "3:3", /got `oops`/],
    ["too deep", "[".repeat(1000), "1:202", /nested too deeply/],
  ];
  for (const [name, text, where, expected] of table) {
    it(name, () => {
      const message = failure(() => parsePhoenix(text, "etc/phoenix.json"));
      expect(message).to.match(expected);
      expect(message).to.satisfy((m: string) => m.startsWith(`etc/phoenix.json:${where}: `), message);
    });
  }

  it("agrees with JSON.parse on what is JSON", () => {
    const damaged = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", '"', "\\", "0", "-", ".", "e", "{", "]", ":", "/", "\n", "\u00a0", "t"))
      .chain(([text, at, insert]) => {
        const start = at % (text.length + 1);
        return fc.nat(1).map((cut) => text.slice(0, start) + insert + text.slice(start + cut));
      });
    const reads = (text: string) => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(damaged, (text) => {
        const fault = jsonFault(text);
        // only we mind a property that stands twice; what is wrong behind it is not said then
        if (!fault?.what.endsWith("a second time")) expect(fault === undefined).to.equal(reads(text), fault?.what);
      }),
      { numRuns: 3000 },
    );
  });

  it("a file's name of its own, where none is given", () => {
    expect(failure(() => parsePhoenix("{"))).to.match(/^phoenix_lxc_configs\.json:1:2: /);
  });
});

describe("reading phoenix_lxc_configs.json: what has the wrong form", () => {
  // [what container 951 has, what the error says behind «lxc_configs.951»]
  const table: [Record<string, unknown>, string][] = [
    [{ name: "" }, ".name: must not be empty"],
    [{ name: undefined }, ".name: Invalid input: expected string, received undefined"],
    [{ unprivileged: "yes" }, ".unprivileged: Invalid input: expected boolean, received string"],
    [{ gpu_assignment: "all" }, ".gpu_assignment: must be `none` or the indexes of GPUs, such as `0` or `0, 1`"],
    [{ gpu_assignment: "0;1" }, ".gpu_assignment: must be `none` or"],
    [{ clone_from_ctid: "base" }, '.clone_from_ctid: must be the id of a container, such as "900"'],
    [{ features: "docker" }, ".features: Invalid input: expected array, received string"],
    [{ lxc_options: ["a", 1] }, ".lxc_options[1]: Invalid input: expected string, received number"],
    [{ ports: ["8000:8000", "http"] }, ".ports[1]: must be <outside>:<inside>, such as 8000:8000"],
    [{ apparmor_profile: "" }, ".apparmor_profile: must not be empty: name a profile, or `unconfined`"],
    [{ firewall: { enabled: "true" } }, ".firewall.enabled: Invalid input: expected boolean, received string"],
    [{ firewall: { rules: [{ type: "IN", action: "ACCEPT" }] } }, ".firewall.rules[0].type: must be `in` or `out`"],
    [{ firewall: { rules: [{ type: "in", action: "allow" }] } }, ".firewall.rules[0].action: must be ACCEPT, DROP or REJECT"],
    [{ id_maps: [{ type: "uid", container_id: 1, host_id: -1, size: 1 }] }, ".id_maps[0].host_id: Too small"],
    [{ id_maps: [{ type: "uid", container_id: 1, host_id: 1, size: 0 }] }, ".id_maps[0].size: must map at least one id"],
    [{ id_maps: [{ type: "user", container_id: 1, host_id: 1, size: 1 }] }, ".id_maps[0].type: must be `uid`, `gid` or `both`"],
    [{ mount_points: [{ host_path: "/a" }] }, ".mount_points[0].container_path: Invalid input: expected string"],
  ];
  for (const [properties, expected] of table) {
    it(JSON.stringify(properties), () => {
      const text = JSON.stringify({ lxc_configs: { 951: { name: "x", ...properties } } });
      expect(failure(() => parsePhoenix(text, "p.json"))).to.include(`p.json can't be read:\n  lxc_configs.951${expected}`);
    });
  }

  it("an id that isn't one", () => {
    const message = failure(() => parsePhoenix('{"lxc_configs": {"web": {"name": "x"}}}'));
    expect(message).to.include("lxc_configs.web: must be the id of a container");
  });

  it("a file of something else", () => {
    expect(failure(() => parsePhoenix("{}"))).to.include("lxc_configs: Invalid input: expected record, received undefined");
    expect(failure(() => parsePhoenix("[]"))).to.include("expected object, received array");
  });

  it("everything wrong is said at once", () => {
    const text = '{"lxc_configs": {"951": {"name": ""}, "952": {"name": "x", "ports": [""]}}}';
    expect(failure(() => parsePhoenix(text))).to.match(/951\.name: .*\n.*952\.ports\[0\]: /);
  });
});

describe("reading phoenix_lxc_configs.json: what is accepted", () => {
  const read = (properties: object) => parsePhoenix(JSON.stringify({ lxc_configs: { 951: { name: "x", ...properties } } }));

  for (const gpu_assignment of ["none", "0", "0,1", "0, 1", "10"]) {
    it(`gpu_assignment "${gpu_assignment}"`, () => {
      expect(read({ gpu_assignment }).lxc_configs["951"]?.gpu_assignment).to.equal(gpu_assignment);
    });
  }

  it("properties of later versions, which stay as they are", () => {
    const later = { vllm_engine_config: { a: [1] }, firewall: { enabled: true, log: "info" } };
    expect(read(later).lxc_configs["951"]).to.deep.equal({ name: "x", ...later });
  });

  it("a byte order mark", () => {
    expect(parsePhoenix('\uFEFF{"lxc_configs": {}}').lxc_configs).to.deep.equal({});
  });
});
