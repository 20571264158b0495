/** Reads a Prometheus page as strictly as Prometheus does, and more so: whatever is not as it should be throws. */

/** A number on the page. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The page: its samples, and the type of each metric. */
export interface PrometheusPage {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
  /** The sum of the samples of this name that have these labels. */
  total(name: string, labels?: Readonly<Record<string, string>>): number;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/y;

/** Parses a page; checks that names and labels are well formed, no sample comes twice, each belongs to a declared metric, and histograms add up. */
export function parsePage(text: string): PrometheusPage {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  for (const line of text.split("\n")) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type !== null) {
      if (types.has(type[1] as string)) throw new Error(`declared twice: ${line}`);
      types.set(type[1] as string, type[2] as string);
    }
    if (line === "" || line.startsWith("#")) continue;
    const found = SAMPLE.exec(line);
    if (found === null) throw new Error(`not a sample: ${line}`);
    const [, name = "", labels = "", value = ""] = found;
    const series = `${name}{${labels}}`;
    if (seen.has(series)) throw new Error(`given twice: ${series}`);
    seen.add(series);
    if (!types.has(name) && !types.has(name.replace(/_(bucket|sum|count)$/, ""))) throw new Error(`of no metric: ${line}`);
    samples.push({ name, labels: parseLabels(labels), value: value === "+Inf" ? Number.POSITIVE_INFINITY : number(value) });
  }
  for (const [name, type] of types) if (type === "histogram") checkHistogram(name, samples);
  const total: PrometheusPage["total"] = (name, labels = {}) =>
    samples
      .filter((sample) => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  return { types, samples, total };
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < text.length; at = LABEL.lastIndex) {
    const found = LABEL.exec(text);
    if (found === null) throw new Error(`not labels: ${text}`);
    labels[found[1] as string] = found[2] as string;
  }
  return labels;
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const others = ({ labels: { le: _, ...rest } }: Sample) => JSON.stringify(rest);
  const buckets = Map.groupBy(
    samples.filter((sample) => sample.name === `${name}_bucket`),
    others,
  );
  for (const count of samples.filter((sample) => sample.name === `${name}_count`)) {
    const counts = (buckets.get(others(count)) ?? []).map(({ value }) => value);
    if (counts.some((value, at) => value < (counts[at - 1] ?? 0))) throw new Error(`${name} shrinks: ${counts.join(" ")}`);
    if (counts.at(-1) !== count.value) throw new Error(`${name} does not add up: ${counts.join(" ")}, not ${count.value}`);
  }
}

function number(text: string): number {
  const value = Number(text);
  if (Number.isNaN(value)) throw new Error(`not a number: ${text}`);
  return value;
}
