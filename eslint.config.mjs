import tseslint from "typescript-eslint";

const pure = ["apparmor", "container", "idmap", "devices", "plan", "phoenix"];

export default tseslint.config(
  { ignores: ["dist/", "node_modules/"] },
  ...tseslint.configs.recommended,
  {
    // chai's `expect(x).to.be.true` is an expression
    files: ["test/**"],
    rules: { "@typescript-eslint/no-unused-expressions": "off" },
  },
  {
    files: ["scripts/**/*.mjs", "eslint.config.mjs"],
    languageOptions: { globals: { process: "readonly", console: "readonly" } },
  },
  {
    // The pure rooms decide; only node/ acts.
    files: [...pure.map((room) => `provider/${room}/**`), "schemas/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["**/node/*", "**/testing/*", "**/resources/*"], message: "pure rooms do no I/O" },
            { group: ["@pulumi/*", "ssh2", "ssh-config"], message: "pure rooms know neither engine nor SSH" },
            {
              group: ["fs", "net", "child_process", "node:fs", "node:fs/*", "node:net", "node:child_process", "node:os"],
              message: "pure rooms do no I/O",
            },
          ],
        },
      ],
    },
  },
);
