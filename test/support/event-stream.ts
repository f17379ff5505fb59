/** Reads server-sent events as a browser does. */
export interface ServerEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

export interface EventReader {
  readonly events: readonly ServerEvent[];
  /** All that came, as it came. */
  text(): string;
  /** The first event, past or to come, that `is` accepts. Rejects when the stream ends before. */
  event(is: (event: ServerEvent) => boolean): Promise<ServerEvent>;
  /** Resolves when the other side has ended it, or it was closed. */
  readonly ended: Promise<void>;
  close(): void;
}

export async function readEvents(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventReader> {
  const aborter = new AbortController();
  const response = await fetch(url, { headers, signal: aborter.signal });
  const { body } = response;
  if (!response.ok || body === null) throw new Error(`the stream was answered ${response.status}`);
  const events: ServerEvent[] = [];
  const waiting = new Set<() => void>();
  let text = '';
  let isOver = false;
  const read = async (): Promise<void> => {
    let rest = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = `${rest}${chunk}`.split('\n\n');
      rest = blocks.pop() ?? '';
      events.push(...blocks.filter((block) => !block.startsWith(':')).map(toServerEvent));
      for (const look of waiting) look();
    }
  };
  const ended = read()
    .catch(() => {})
    .then(() => {
      isOver = true;
      for (const look of waiting) look();
    });
  return {
    events,
    text: () => text,
    event: (is) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = events.find(is);
          if (found !== undefined) resolve(found);
          else if (isOver) reject(new Error(`the stream ended before that event:\n${text}`));
          else return;
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
    ended,
    close: () => aborter.abort(),
  };
}

function toServerEvent(block: string): ServerEvent {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)] as const;
    }),
  );
  return {
    event: fields.get('event') ?? 'message',
    id: fields.get('id'),
    data: JSON.parse(fields.get('data') ?? 'null'),
  };
}
