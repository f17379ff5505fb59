/**
 * Reads OpenTelemetry's standard variables. By its specification
 * (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables) an empty variable counts as unset, and an invalid one
 * is ignored with a warning. So a wrong variable never stops the manager from starting.
 */
import type { Environment } from '../config/config.js';

interface Format {
  /** The expected form, worded to follow "expected". */
  readonly expected: string;
  readonly isRight: (text: string) => boolean;
}

const TEXT: Format = { expected: 'text', isRight: () => true };
const URL_TEXT: Format = {
  expected: 'an http:// or https:// URL',
  isRight: (text) => /^https?:\/\//.test(text) && URL.canParse(text),
};
const PROTOCOL = oneOf(['http/protobuf', 'http/json']);
/** Lower case only: the library reads this variable itself, and compares it as it is. */
const COMPRESSION: Format = { expected: 'none or gzip', isRight: (text) => /^(none|gzip)$/.test(text) };
/** Milliseconds. The maximum is that of Node's timers. */
const TIME = integerFrom(1, 2 ** 31 - 1);

const EXPORTERS = ['otlp', 'console'] as const;
/** Of two variables for the same thing, the first that is set counts. */
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const;
const PROTOCOLS = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'] as const;

/** All variables that are read, in the order of docs/reference/traces.md. */
export const OTEL_VARIABLES = {
  OTEL_SDK_DISABLED: oneOf(['true', 'false']),
  OTEL_TRACES_EXPORTER: { expected: 'otlp, console, both of them, or none', isRight: areExporters },
  OTEL_EXPORTER_OTLP_ENDPOINT: URL_TEXT,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: URL_TEXT,
  OTEL_EXPORTER_OTLP_PROTOCOL: PROTOCOL,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: PROTOCOL,
  OTEL_EXPORTER_OTLP_HEADERS: TEXT,
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: TEXT,
  OTEL_EXPORTER_OTLP_TIMEOUT: TIME,
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: TIME,
  OTEL_EXPORTER_OTLP_COMPRESSION: COMPRESSION,
  OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: COMPRESSION,
  OTEL_EXPORTER_OTLP_CERTIFICATE: TEXT,
  OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: TEXT,
  OTEL_EXPORTER_OTLP_CLIENT_KEY: TEXT,
  OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: TEXT,
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: TEXT,
  OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: TEXT,
  OTEL_SERVICE_NAME: TEXT,
  OTEL_RESOURCE_ATTRIBUTES: TEXT,
  OTEL_TRACES_SAMPLER: oneOf([
    'always_on',
    'always_off',
    'traceidratio',
    'parentbased_always_on',
    'parentbased_always_off',
    'parentbased_traceidratio',
  ]),
  OTEL_TRACES_SAMPLER_ARG: { expected: 'a number from 0 to 1', isRight: isRatio },
  OTEL_BSP_SCHEDULE_DELAY: TIME,
  OTEL_BSP_EXPORT_TIMEOUT: TIME,
  OTEL_BSP_MAX_QUEUE_SIZE: integerFrom(1, 1_000_000),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: integerFrom(1, 1_000_000),
} as const satisfies Record<string, Format>;

export type OtelVariable = keyof typeof OTEL_VARIABLES;

export interface TracingSettings {
  readonly exporters: readonly (typeof EXPORTERS)[number][];
  readonly isJson: boolean;
  readonly sampler: string;
  readonly samplingRatio: number;
  readonly queueSpansMax: number;
  readonly batchSpansMax: number;
  readonly batchDelayMs: number;
  readonly exportLimitMs: number;
}

/** A variable with an invalid value. The value is not shown, since some are secrets. */
export interface IgnoredVariable {
  readonly name: OtelVariable;
  readonly expected: string;
}

export interface ReadVariables {
  /** `null` when tracing is off, or only exporters are asked for that are not supported here. */
  readonly settings: TracingSettings | null;
  readonly ignored: readonly IgnoredVariable[];
}

export function readOtelVariables(environment: Environment): ReadVariables {
  const ignored: IgnoredVariable[] = [];
  const values = new Map<string, string>();
  for (const [name, { expected, isRight }] of Object.entries<Format>(OTEL_VARIABLES)) {
    const text = environment[name]?.trim() ?? '';
    if (text === '') continue;
    if (isRight(text)) values.set(name, text.toLowerCase());
    else ignored.push({ name: name as OtelVariable, expected });
  }
  const exporters = exportersOf(values, new Set(ignored.map(({ name }) => name)));
  const isOn = exporters.length > 0 && values.get('OTEL_SDK_DISABLED') !== 'true';
  return { settings: isOn ? toSettings(values, exporters) : null, ignored };
}

/** Leaves out exporters that are not supported, such as zipkin or OTLP over grpc. No other one replaces them. */
function exportersOf(
  values: ReadonlyMap<string, string>,
  ignored: ReadonlySet<OtelVariable>,
): TracingSettings['exporters'] {
  if (ignored.has('OTEL_TRACES_EXPORTER')) return [];
  const hasEndpoint = ENDPOINTS.some((name) => values.has(name));
  const names = entriesOf(values.get('OTEL_TRACES_EXPORTER') ?? (hasEndpoint ? 'otlp' : 'none'));
  const decisive = PROTOCOLS.find((name) => values.has(name) || ignored.has(name));
  const speaksOtlp = decisive === undefined || !ignored.has(decisive);
  return EXPORTERS.filter((name) => names.includes(name) && (name !== 'otlp' || speaksOtlp));
}

function toSettings(
  values: ReadonlyMap<string, string>,
  exporters: TracingSettings['exporters'],
): TracingSettings {
  const numberOf = (name: OtelVariable, otherwise: number): number => Number(values.get(name) ?? otherwise);
  const protocol = PROTOCOLS.map((name) => values.get(name)).find((value) => value !== undefined);
  return {
    exporters,
    isJson: protocol === 'http/json',
    sampler: values.get('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on',
    samplingRatio: numberOf('OTEL_TRACES_SAMPLER_ARG', 1),
    queueSpansMax: numberOf('OTEL_BSP_MAX_QUEUE_SIZE', 2_048),
    batchSpansMax: numberOf('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512),
    batchDelayMs: numberOf('OTEL_BSP_SCHEDULE_DELAY', 5_000),
    exportLimitMs: numberOf('OTEL_BSP_EXPORT_TIMEOUT', 30_000),
  };
}

function oneOf(names: readonly string[]): Format {
  return { expected: `one of ${names.join(', ')}`, isRight: (text) => names.includes(text.toLowerCase()) };
}

function integerFrom(min: number, max: number): Format {
  return {
    expected: `a whole number from ${min} to ${max}`,
    isRight: (text) => /^\d{1,10}$/.test(text) && Number(text) >= min && Number(text) <= max,
  };
}

function isRatio(text: string): boolean {
  return /^\d*\.?\d+(e-\d+)?$/i.test(text) && Number(text) <= 1;
}

function entriesOf(list: string): string[] {
  return list.split(',').map((entry) => entry.trim());
}

function areExporters(text: string): boolean {
  return entriesOf(text.toLowerCase()).every(
    (entry) => entry === 'none' || EXPORTERS.some((exporter) => exporter === entry),
  );
}
