/** What takes traces in, on a real socket: OTLP over HTTP, of which the JSON form is read. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** `''` where it begins its trace. */
  readonly parentSpanId: string;
  readonly kind: 'internal' | 'server' | 'client';
  readonly isFault: boolean;
  readonly traceState: string | undefined;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly resource: Readonly<Record<string, string | number>>;
}

export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  readonly requests: readonly { readonly headers: IncomingHttpHeaders; readonly body: Buffer }[];
  /** The first span, past or to come, that `is` accepts. */
  span(is: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan>;
  /** Resolves with the next request, whose answer is its caller's affair where `answer` gives none. */
  nextRequest(): Promise<void>;
  close(): Promise<void>;
}

type Answer = (response: ServerResponse) => void;

const ACCEPT: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
};

export async function startOtlpReceiver(answer: Answer = ACCEPT): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
  const waiting = new Set<(spans: readonly ReceivedSpan[]) => void>();
  const requestsWaiting: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    requests.push({ headers: request.headers, body });
    if (request.headers['content-type'] === 'application/json') {
      const received = readSpans(body);
      spans.push(...received);
      for (const see of [...waiting]) see(received);
    }
    for (const resolve of requestsWaiting.splice(0)) resolve();
    answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    span: (is) =>
      new Promise((resolve) => {
        const see = (received: readonly ReceivedSpan[]): void => {
          const found = received.find(is);
          if (found === undefined) return;
          waiting.delete(see);
          resolve(found);
        };
        waiting.add(see);
        see(spans);
      }),
    nextRequest: () => new Promise((resolve) => void requestsWaiting.push(resolve)),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string };
}

interface OtlpSpan extends Pick<ReceivedSpan, 'name' | 'traceId' | 'spanId' | 'traceState'> {
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly status: { readonly code: number };
  readonly attributes: readonly Attribute[];
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

function readSpans(body: Buffer): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body.toString()) as OtlpRequest;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) => scope.spans.map((span) => toSpan(span, resource.attributes))),
  );
}

/** Numbers of opentelemetry-proto, trace/v1/trace.proto. */
const KINDS = ['internal', 'internal', 'server', 'client'] as const;
const ERROR = 2;

function toSpan(span: OtlpSpan, resource: readonly Attribute[]): ReceivedSpan {
  const { name, traceId, spanId, parentSpanId = '', traceState } = span;
  return {
    name,
    traceId,
    spanId,
    parentSpanId,
    kind: KINDS[span.kind] ?? 'internal',
    isFault: span.status.code === ERROR,
    traceState,
    attributes: toRecord(span.attributes),
    resource: toRecord(resource),
  };
}

function toRecord(attributes: readonly Attribute[]): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue } }) => [key, stringValue ?? Number(intValue)]),
  );
}
