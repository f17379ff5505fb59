import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { OTEL_VARIABLES, readOtelVariables } from './otel-variables.js';

const ENDPOINT = 'http://collector:4318';
const ON = { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT };
const DEFAULTS = {
  exporters: ['otlp'],
  isJson: false,
  sampler: 'parentbased_always_on',
  samplingRatio: 1,
  queueSpansMax: 2_048,
  batchSpansMax: 512,
  batchDelayMs: 5_000,
  exportLimitMs: 30_000,
};

it.each<[string, Record<string, string>]>([
  ['nothing is set', {}],
  ['everything is empty', Object.fromEntries(Object.keys(OTEL_VARIABLES).map((name) => [name, '']))],
  ['there is no exporter but a sampler', { OTEL_TRACES_SAMPLER: 'always_on', OTEL_SERVICE_NAME: 'x' }],
  ['the exporter is none', { ...ON, OTEL_TRACES_EXPORTER: 'none' }],
  ['it is disabled', { ...ON, OTEL_SDK_DISABLED: 'true' }],
  ['it is disabled in capitals', { OTEL_TRACES_EXPORTER: 'otlp,console', OTEL_SDK_DISABLED: 'TRUE' }],
])('asks for nothing where %s', (_what, environment) => {
  expect(readOtelVariables(environment)).toEqual({ settings: null, ignored: [] });
});

it.each<[Record<string, string>]>([
  [ON],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector/own/path' }],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }],
  [{ OTEL_TRACES_EXPORTER: ' OTLP ', OTEL_SDK_DISABLED: 'false' }],
  [{ ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }],
])('asks with %j for spans by OTLP, all of them, in batches', (environment) => {
  expect(readOtelVariables(environment)).toEqual({ settings: DEFAULTS, ignored: [] });
});

it.each<[Record<string, string>, object]>([
  [{ OTEL_TRACES_EXPORTER: 'console' }, { exporters: ['console'] }],
  [{ OTEL_TRACES_EXPORTER: 'console, otlp' }, { exporters: ['otlp', 'console'] }],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, { isJson: true }],
  [
    { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
    { isJson: true },
  ],
  [
    { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' },
    { sampler: 'traceidratio', samplingRatio: 0.01 },
  ],
  [{ OTEL_TRACES_SAMPLER: 'ParentBased_Always_Off' }, { sampler: 'parentbased_always_off' }],
  [
    { OTEL_BSP_MAX_QUEUE_SIZE: '10', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5' },
    { queueSpansMax: 10, batchSpansMax: 5 },
  ],
  [
    { OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BSP_EXPORT_TIMEOUT: '200' },
    { batchDelayMs: 100, exportLimitMs: 200 },
  ],
])('takes %j', (environment, changes) => {
  expect(readOtelVariables({ ...ON, ...environment })).toEqual({
    settings: { ...DEFAULTS, ...changes },
    ignored: [],
  });
});

it.each([
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.1'],
  ['OTEL_TRACES_SAMPLER_ARG', '-0.5'],
  ['OTEL_TRACES_SAMPLER_ARG', 'all'],
  ['OTEL_BSP_SCHEDULE_DELAY', '0'],
  ['OTEL_BSP_MAX_QUEUE_SIZE', '1e3'],
  ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '-1'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '2147483648'],
  ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd'],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'collector:4318'],
  ['OTEL_SDK_DISABLED', 'yes'],
])('goes on without a wrong %s (%s), and names it without its value', (name, value) => {
  const { settings, ignored } = readOtelVariables({ ...ON, [name]: value });
  expect(settings).toEqual(DEFAULTS);
  expect(ignored).toEqual([{ name, expected: expect.stringMatching(/\w/) }]);
  expect(JSON.stringify(ignored)).not.toContain(JSON.stringify(value).slice(1, -1));
});

it.each([
  ['OTEL_TRACES_EXPORTER', 'zipkin'],
  ['OTEL_TRACES_EXPORTER', 'otlp,zipkin'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'grpc'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://collector:4317'],
])('puts nothing in the place of %s=%s, which is not known here', (name, value) => {
  const { settings, ignored } = readOtelVariables({ ...ON, [name]: value });
  expect(settings).toBeNull();
  expect(ignored.map((one) => one.name)).toEqual([name]);
});

it('speaks the protocol of traces, whatever that of other signals is', () => {
  const environment = { ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
  const { settings } = readOtelVariables({
    ...environment,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
  });
  expect(settings?.isJson).toBe(true);
});

it('prints spans, whatever the protocol is', () => {
  const environment = { OTEL_TRACES_EXPORTER: 'otlp,console', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
  expect(readOtelVariables(environment).settings?.exporters).toEqual(['console']);
});

it('honours the variables that docs/reference/traces.md names, and no other', () => {
  const rows = [...readFileSync('docs/reference/traces.md', 'utf8').matchAll(/^\| (`OTEL_[^|]*`) \|/gm)];
  const named = rows.flatMap(([, cell = '']) => cell.split(', ').map((name) => name.replaceAll('`', '')));
  expect(named).toEqual(Object.keys(OTEL_VARIABLES));
});
