/** What somebody without a secret can send to take memory or time from the manager; those who have one must not notice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { newApp } from '../../../test/support/wecom.js';
import { drain } from '../drain.js';
import { Intruder, type Intrusion } from '../intruder.js';
import { Caller, Load } from '../load.js';
import { Manager } from '../manager.js';
import { ManagerWatch } from '../manager-watch.js';
import { Oracle } from '../oracle.js';
import { Others } from '../others.js';
import { stablePort } from '../ports.js';
import { closeHosts, openHosts } from '../puppets.js';
import type { Run } from '../run.js';
import { type Row, type Scenario, toRow, unless } from '../scenario.js';

const ORIGINS = 40;
const RATE_PER_S = 200;
/** Of one address, as many as the manager lets in. */
const CONNECTIONS = 2_000;
/** As busy as a manager may be, so that its heap has grown to what it is then. */
const WARM_UP_RATE_PER_S = 2_000;
/** Beyond what the same callbacks took without them. */
const RSS_GROWTH_MB_MAX = 80;
const P99_TIMES_MAX = 2;
/** Or by so much: where a callback takes 2 ms, one garbage collection takes more than as long again. */
const P99_ALLOWANCE_MS = 10;
/** The largest file that anybody may have. */
const FILE_PATH = '/docs/swagger-ui-bundle.js';
const FILE = `GET ${FILE_PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
/** As many as may wait, and the one that they wait for. */
const AHEAD_MAX = 17;
/** All but the last bytes of what a callback may have at most. */
const BODY_BYTES = 131_072;
const HALF_SENT = `Content-Length: ${BODY_BYTES}\r\n\r\n${'x'.repeat(BODY_BYTES - 10)}`;

/** Well-formed, as long as a general parser would take it, and signed by nobody. Its connection is then opened again. */
const UNSIGNED = `<xml a="1">${'<a b="1">1</a>'.repeat(4_600)}<Encrypt>abc</Encrypt></xml>`;
const unsignedOf = (corpId: string): string =>
  `POST /callback/${corpId}?msg_signature=${'a'.repeat(40)}&timestamp=1&nonce=1 HTTP/1.1\r\nHost: localhost\r\n` +
  `Connection: close\r\nContent-Length: ${UNSIGNED.length}\r\n\r\n${UNSIGNED}`;

interface Kind extends Pick<Intrusion, 'connections' | 'reads'> {
  readonly title: string;
  readonly sent: (corpId: string) => string;
}

const KINDS: readonly Kind[] = [
  {
    title: '9 connections, 1,500 requests ahead',
    connections: 9,
    sent: () => FILE.repeat(1_500),
    reads: false,
  },
  {
    // More of them would be a test of the kernel, whose buffers are full of what nobody reads.
    title: '200 connections, as many requests ahead as are served',
    connections: 200,
    sent: () => FILE.repeat(AHEAD_MAX),
    reads: false,
  },
  {
    title: `${CONNECTIONS} half-sent callbacks`,
    connections: CONNECTIONS,
    sent: () => `POST /callback/ww1 HTTP/1.1\r\nHost: localhost\r\n${HALF_SENT}`,
    reads: true,
  },
  {
    title: `${CONNECTIONS} half-sent bodies that no route takes`,
    connections: CONNECTIONS,
    sent: () => `POST /nowhere HTTP/1.1\r\nHost: localhost\r\n${HALF_SENT}`,
    reads: true,
  },
  {
    title: '28 connections, unsigned XML of 64 kB again and again',
    connections: 28,
    sent: unsignedOf,
    reads: true,
  },
];

export const intruders: Scenario = {
  name: 'intruders',
  runs: 'alone',
  run: async (run) => {
    const rows: Row[] = [];
    for (const kind of KINDS) rows.push(await intrusionOf(run, kind));
    return rows;
  },
};

async function intrusionOf(run: Run, kind: Kind): Promise<Row> {
  const phaseMs = run.isShort ? 2_000 : 20_000;
  const oracle = new Oracle();
  const seen = await seenDuring(run, kind, oracle, phaseMs);
  const { without, during, othersP99, failures, opened } = seen;
  return toRow(
    {
      injection: `intruders: ${kind.title}`,
      length: `${phaseMs / 1_000} s`,
      load: `${RATE_PER_S}/s over ${ORIGINS} origins`,
    },
    oracle,
    {
      othersP99,
      remarks: [
        `memory ${without.rssMb.toFixed(0)} MB without and ${during.rssMb.toFixed(0)} MB with them (bound: ${RSS_GROWTH_MB_MAX} MB more)`,
        `event loop late by ${without.loopDelayMs.toFixed(0)} ms at most without and ${during.loopDelayMs.toFixed(0)} ms with them`,
        `${opened} connections were opened`,
      ],
      broken: [
        ...unless(failures === 0, `${failures} callbacks of others were not answered 200`),
        // A short run has not filled the heap before, nor time enough for latencies.
        ...(run.isShort ? [] : boundsOf(seen)),
      ],
    },
  );
}

type Seen = Awaited<ReturnType<typeof seenDuring>>;

function boundsOf({ without, during, othersP99: { beforeMs, duringMs } }: Seen): string[] {
  const p99MsMax = Math.max(beforeMs * P99_TIMES_MAX, beforeMs + P99_ALLOWANCE_MS);
  return [
    ...unless(during.rssMb <= without.rssMb + RSS_GROWTH_MB_MAX, 'memory grew beyond its bound'),
    ...unless(
      duringMs <= p99MsMax,
      `others' p99 rose to more than ${P99_TIMES_MAX} times, and by more than ${P99_ALLOWANCE_MS} ms`,
    ),
  ];
}

/** One manager from its start to its end: warmed up, without the intruder, with them, and drained. */
async function seenDuring(run: Run, { title, sent, ...intrusion }: Kind, oracle: Oracle, phaseMs: number) {
  const hosts = await openHosts(ORIGINS, oracle);
  const app = newApp();
  const accounts = hosts.map((host) => host.newAccount(app));
  const port = await stablePort();
  const watch = new ManagerWatch(run.folder('watch'));
  const manager = await Manager.start(run, { port, env: { ...(await run.newStore()), ...watch.env } });
  await manager.register(accounts);

  const caller = new Caller(port, oracle);
  const others = new Others();
  const random = run.random(title);
  const loadOf = (ratePerS: number) =>
    new Load({
      ratePerS,
      pick: () => random.pick(accounts),
      send: (account) => caller.send(account),
      onAnswer: (_account, answer) => others.add(answer),
    }).start();
  others.enter('warm-up');
  const warmUp = loadOf(run.isShort ? RATE_PER_S : WARM_UP_RATE_PER_S);
  await sleep(phaseMs);
  await warmUp.stop();
  const failuresBefore = others.failures;
  // A thread that starts takes time from this one, and a file is read when it is first asked for.
  const intruder = new Intruder({ port, localAddress: '127.0.0.66', sent: sent(app.corpId), ...intrusion });
  await (await fetch(`${manager.url}${FILE_PATH}`)).arrayBuffer();
  const load = loadOf(RATE_PER_S);
  others.enter('without');
  const without = await watch.peaks(manager, phaseMs);
  others.enter('with');
  intruder.begin();
  const during = await watch.peaks(manager, phaseMs);
  const opened = await intruder.stop();
  others.enter('after');
  await load.stop();
  await drain(run, oracle, manager, accounts);
  caller.close();
  await manager.stop();
  await closeHosts(hosts);
  const othersP99 = others.compare('without', 'with');
  return { without, during, opened, othersP99, failures: others.failures - failuresBefore };
}
