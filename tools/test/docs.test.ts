import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, MAX_LABEL_KEY_BYTES, MAX_LABEL_VALUE_BYTES, MAX_TTL_MS } from "../../packages/core/src/limits.ts";
import { DEFAULT_WRITE_BEHIND } from "../../packages/core/src/write-behind.ts";
import { SERVE_OPTIONS } from "../../packages/server/src/config/options.ts";
import { DEFAULT_REQUEST_LIMITS, serverInfo } from "../../packages/server/src/service/server-info.ts";
import { ownFiles, read } from "./repository.ts";

/** The cells of every table row of a document whose first cell is code, the header left out. */
const codeRows = (path: string): readonly (readonly string[])[] =>
  read(path)
    .split("\n")
    .filter((line) => /^\| `/.test(line))
    .map((line) =>
      line
        .split("|")
        .map((cell) => cell.trim())
        .slice(1, -1),
    );

const number = (text: string | undefined) => Number(text?.replaceAll(",", ""));
const code = (text: string | undefined) => text?.replaceAll("`", "") ?? "";

describe("docs/limits.md", () => {
  const rows = codeRows("docs/limits.md");
  const told = rows.filter((row) => row.length === 5);

  test("has every limit of GetServerInfo and of write-behind with its default, and no other", () => {
    const fixed = { labelKeyBytes: MAX_LABEL_KEY_BYTES, labelValueBytes: MAX_LABEL_VALUE_BYTES, ttlMs: MAX_TTL_MS };
    const documented = Object.fromEntries(rows.map(([name, value]) => [code(name), number(value)]));
    expect(documented).toEqual({ ...serverInfo("", DEFAULT_LIMITS, DEFAULT_REQUEST_LIMITS).limits, ...DEFAULT_WRITE_BEHIND, ...fixed });
  });

  test("has every limit that the command line can set, with the default that it has there", () => {
    const limits = Object.entries(SERVE_OPTIONS).filter(([name]) => /^(max-|history$|default-ttl|allow-|write-behind-)/.test(name));
    const defaults = limits.map(([name, row]) => [`--${name}`, Number(row.schema.parse(undefined))]);
    expect(Object.fromEntries(told.map(([, value, flag]) => [code(flag), number(value)]))).toEqual(Object.fromEntries(defaults));
  });

  test("names only reasons that the code has", () => {
    const sources = ownFiles()
      .filter((path) => /^packages\/(core|server)\/src\/.*\.ts$/.test(path))
      .map(read)
      .join("\n");
    const reasons = told.flatMap((row) => /^`([A-Z_]+)`$/.exec(row[4] ?? "")?.[1] ?? []);
    expect(reasons.filter((reason) => !sources.includes(`"${reason}"`))).toEqual([]);
    expect(reasons.length).toBeGreaterThan(5);
  });
});

describe("docs/values.md", () => {
  test("has a row for every type of the golden vectors, and no other", () => {
    const vectors: readonly { readonly type: string }[] = JSON.parse(read("proto/vectors/values.json"));
    const types = new Set(vectors.map((row) => row.type));
    expect(
      codeRows("docs/values.md")
        .map(([name]) => code(name))
        .sort(),
    ).toEqual([...types].sort());
  });
});

describe("docs/guarantees.md", () => {
  const text = read("docs/guarantees.md");
  const tests = ownFiles().filter((path) => /(^|\/)(test|tests|testing)\/.*\.(ts|py)$/.test(path));
  const promised = [...text.matchAll(/\[P(\d+)\]/g)].map((found) => Number(found[1]));

  test("quotes only tests that there are", () => {
    const quoted = [...text.matchAll(/^ *- `([^`]+)`: “([^”]+)”$/gm)].map(([, path = "", title = ""]) => ({ path, title }));
    expect(quoted.length).toBeGreaterThan(15);
    expect(quoted.filter(({ path, title }) => !tests.includes(path) || !read(path).includes(title))).toEqual([]);
  });

  test("promises what the issues delivered, each with a test that carries its number", () => {
    expect([...new Set(promised)].sort((a, b) => a - b)).toEqual(
      expect.arrayContaining([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23]),
    );
    const carried = tests.map(read).join("\n");
    expect(promised.filter((number) => !carried.includes(`[P${number}]`))).toEqual([]);
  });
});

describe("links", () => {
  test.each(ownFiles().filter((path) => path.endsWith(".md")))("%s points only at files that there are", (path) => {
    const targets = [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((found) => found[1] ?? "");
    const folders = new Set(ownFiles().flatMap((file) => file.split("/").map((_, at, parts) => parts.slice(0, at).join("/"))));
    const known = (target: string) => ownFiles().includes(target) || folders.has(target.replace(/\/$/, ""));
    const absolute = targets.map((target) => decodeURI(new URL(target, `file:///${path}`).pathname.slice(1)));
    expect(absolute.filter((target) => !known(target))).toEqual([]);
  });
});
