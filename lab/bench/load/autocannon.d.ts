/** What `generator.ts` uses of autocannon, which brings no types. */
declare module 'autocannon' {
  export type OnResponse = (
    status: number,
    body: string,
    context: unknown,
    headers: Readonly<Record<string, string | undefined>>,
  ) => void;

  /** One connection. Its manual has `setRequests` alone: what else is used here, `test/bench/generator.spec.ts` tries. */
  export interface Client {
    setRequests(requests: readonly { readonly onResponse: OnResponse }[]): void;
    /** Asked for the bytes of each request. */
    getRequestBuffer: () => Buffer;
    /** Before each request, also before one that is sent because the connection closed under the last one. */
    on(event: 'request', listener: () => void): void;
    on(event: 'connError', listener: (error: NodeJS.ErrnoException) => void): void;
    destroy(): void;
  }

  export default function autocannon(options: object): { stop(): void };
}
