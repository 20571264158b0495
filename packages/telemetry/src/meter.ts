/**
 * The metrics of the catalogue as something to record into, and as what OpenTelemetry's readers collect: a metric producer, the SDK's door for
 * numbers that were aggregated elsewhere. Always cumulative.
 */
import { type HrTime, ValueType } from "@opentelemetry/api";
import { millisToHrTime } from "@opentelemetry/core";
import { emptyResource } from "@opentelemetry/resources";
import { AggregationTemporality, DataPointType, type MetricData, type MetricProducer } from "@opentelemetry/sdk-metrics";
import type { Metric } from "./metric-catalogue.ts";
import { type CounterSeries, counterFamily, type Family, type HistogramSeries, histogramFamily, record, type Series } from "./series.ts";

/** Counts an amount. */
export type Count = (amount: number) => void;

/** Counts an amount, with the values of the metric's attributes in the catalogue's order; "" is one that does not apply. */
export interface Recorder {
  (amount: number, ...values: readonly string[]): void;
  /** Counts with these values from now on: for what is counted so often that finding the series each time would cost more than counting. */
  of(...values: readonly string[]): Count;
}

/** Where a process counts. */
export interface Meter extends MetricProducer {
  /** What adds to a counter. */
  counter(metric: Metric): Recorder;
  /** What records into a histogram: numbers ≥ 0, in the metric's unit. */
  histogram(metric: Metric): Recorder;
  /** A number that is asked for whenever somebody collects; while it is undefined or throws, there is none. */
  gauge(metric: Metric, read: () => number | undefined): void;
  /** How many series there are. */
  readonly size: number;
}

interface Source {
  readonly size: () => number;
  readonly collect: (at: HrTime) => MetricData | undefined;
}

/** A meter that has counted nothing; `now` is the wall clock in milliseconds, `version` the service's. */
export function meter(version: string, now: () => number): Meter {
  const sources: Source[] = [];
  return {
    counter(metric) {
      const family = counterFamily(metric, now);
      sources.push({ size: () => family.series.length, collect: (at) => counterData(metric, family.series, at) });
      return recorder(family, (series, amount) => {
        series.total += amount;
      });
    },
    histogram(metric) {
      const family = histogramFamily(metric, now);
      const boundaries = metric.boundaries ?? [];
      sources.push({ size: () => family.series.length, collect: (at) => histogramData(metric, family.series, at) });
      return recorder(family, (series, value) => record(series, boundaries, value));
    },
    gauge(metric, read) {
      sources.push({ size: () => 1, collect: (at) => gaugeData(metric, read, at) });
    },
    get size() {
      return sources.reduce((sum, source) => sum + source.size(), 0);
    },
    async collect() {
      const at = millisToHrTime(now());
      const metrics = sources.flatMap((source) => source.collect(at) ?? []);
      const scopeMetrics = [{ scope: { name: "@session-bridge/telemetry", version }, metrics }];
      return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] };
    },
  };
}

/** Series come to be when they are first counted in. */
function recorder<S extends Series>(family: Family<S>, add: (series: S, amount: number) => void): Recorder {
  const of = (...values: readonly string[]): Count => {
    let series: S | undefined;
    return (amount) => {
      series ??= family.of(...values);
      add(series, amount);
    };
  };
  return Object.assign((amount: number, ...values: readonly string[]) => add(family.of(...values), amount), { of });
}

const described = ({ name, description, unit }: Metric) => ({
  descriptor: { name, description, unit, valueType: ValueType.DOUBLE },
  aggregationTemporality: AggregationTemporality.CUMULATIVE,
});

const point = <V>({ attributes, startedAtMs }: Series, endTime: HrTime, value: V) => ({
  attributes,
  startTime: millisToHrTime(startedAtMs),
  endTime,
  value,
});

const counterData = (metric: Metric, series: readonly CounterSeries[], at: HrTime): MetricData => ({
  ...described(metric),
  dataPointType: DataPointType.SUM,
  isMonotonic: true,
  dataPoints: series.map((one) => point(one, at, one.total)),
});

const histogramData = (metric: Metric, series: readonly HistogramSeries[], at: HrTime): MetricData => ({
  ...described(metric),
  dataPointType: DataPointType.HISTOGRAM,
  dataPoints: series.map((one) => {
    const buckets = { boundaries: [...(metric.boundaries ?? [])], counts: [...one.counts] };
    return point(one, at, { count: one.count, sum: one.sum, buckets });
  }),
});

function gaugeData(metric: Metric, read: () => number | undefined, at: HrTime): MetricData | undefined {
  let value: number | undefined;
  try {
    value = read();
  } catch {
    // Whoever reads the page gets the rest of it.
  }
  if (value === undefined) return undefined;
  const dataPoints = [{ attributes: {}, startTime: at, endTime: at, value }];
  return { ...described(metric), dataPointType: DataPointType.GAUGE, dataPoints };
}
