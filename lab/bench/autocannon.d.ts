/** What its manual says of what is used here; autocannon brings no types. */
declare module 'autocannon' {
  export interface Request {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  }

  export interface Client {
    setRequests(requests: readonly Request[]): void;
  }

  export interface Result {
    readonly '2xx': number;
    readonly non2xx: number;
    /** Time-outs too. */
    readonly errors: number;
  }

  export interface Run extends PromiseLike<Result> {
    on(event: 'start', listener: () => void): this;
    on(
      event: 'response',
      listener: (client: Client, status: number, bytes: number, responseMs: number) => void,
    ): this;
  }

  export default function autocannon(options: object): Run;
}
