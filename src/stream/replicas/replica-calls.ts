import { Injectable } from '@nestjs/common';
import {
  type Attempt,
  type AttemptResult,
  failedAttempt,
  HALVES_MS,
  type OnEnd,
} from '../../dispatch/endpoint/attempt.js';
import { hasPulledOf, type Parcel } from '../../dispatch/endpoint/parcel.js';
import type { Count } from '../../metrics/count.js';
import { byValue, Metrics } from '../../metrics/metrics.js';
import type { KnownConnection } from '../../registry/bots/connected-bots.js';
import { ReplicaClient, ReplicaError } from './replica-client.js';
import { ReplicaSync } from './replica-sync.js';
import { type PassedEvent, toPassedEvent } from './passed.js';
import { FAILURE_STAGES } from '../../queue/failure.js';

export const EVENTS = '/puppetWxkfManager/replicas/events';
/** Time for the way to the other replica and back. */
const WAY_MS = 500;
const OK = 200;
const RESULTS = ['taken', 'not_taken', 'unreachable'] as const;

/** Passes events to the replica that has the connection of the client. */
@Injectable()
export class ReplicaCalls {
  readonly #passedOn: Readonly<Record<(typeof RESULTS)[number], Count>>;

  constructor(
    private readonly sync: ReplicaSync,
    private readonly calls: ReplicaClient,
    metrics: Metrics,
  ) {
    const passedOn = metrics.counter('wxkf_stream_passed_on_total');
    this.#passedOn = byValue(RESULTS, (result) => passedOn({ result }));
  }

  /**
   * @param limitMs the limit of `EventsUnderWay.start` at the other replica. It counts twice: for the turn and for the
   *   acknowledgement.
   */
  pass(connection: KnownConnection, parcel: Parcel, limitMs: number, onEnd: OnEnd): Attempt {
    const replica = this.sync.find(connection.replicaId);
    if (replica === null)
      return failedAttempt('connect', 'the replica of the connection is not known', onEnd);
    const body: PassedEvent = toPassedEvent(connection, parcel);
    const hasPulled = hasPulledOf(parcel);
    const result = this.calls
      .call(replica, EVENTS, body, 2 * limitMs + WAY_MS, async () => {
        return (await hasPulled?.()) === true ? HALVES_MS - limitMs : 0;
      })
      .then(readResult, (error: unknown) => this.#toFailure(connection.replicaId, error))
      .then((ended) => {
        const came = ended.taken ? 'taken' : ended.stage === 'connect' ? 'unreachable' : 'not_taken';
        this.#passedOn[came].add();
        onEnd(ended);
        return ended;
      });
    // The other replica may have sent the event already.
    return { result, withdraw: () => false };
  }

  #toFailure(replicaId: string, error: unknown): AttemptResult & { taken: false } {
    if (!(error instanceof ReplicaError)) throw error;
    const { stage, message: reason } = error;
    // The replica may be dead, and its clients may be connected elsewhere already.
    if (stage === 'connect' || stage === 'reset') this.sync.doubt(replicaId);
    // A replica that refuses the call says nothing about the bot. So the event is only put off.
    return { taken: false, stage: stage === 'status' ? 'saturated' : stage, reason };
  }
}

type Ended = Omit<AttemptResult & { taken: false }, 'taken'> & { readonly taken: boolean };

/** Reads the answer defensively, since the other replica may run another version. */
function readResult(answer: unknown): AttemptResult {
  const { result } = answer as { readonly result?: Partial<Ended> };
  if (result?.taken === true) return { taken: true, status: result.status ?? OK };
  const stage = FAILURE_STAGES.find((one) => one === result?.stage) ?? 'reset';
  const { reason = '', status, retryAfterMs, hasPulled, isOfAccount } = result ?? {};
  return {
    taken: false,
    stage,
    reason,
    ...(status !== undefined && { status }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(hasPulled === true && { hasPulled }),
    ...(isOfAccount === true && { isOfAccount }),
  };
}
