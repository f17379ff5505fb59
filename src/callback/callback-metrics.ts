import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { UP_TO_5_S } from '../metrics/bounds.js';
import type { Count } from '../metrics/count.js';
import { byValue, Metrics, only } from '../metrics/metrics.js';
import type { Observations } from '../metrics/observations.js';
import { KnownCorps } from '../registry/keys/known-corps.js';
import { CALLBACK_OUTCOMES, type CallbackForm, type CallbackOutcome } from './callback-report.js';
import { callbackConfig } from './callback.config.js';

const RESULTS = CALLBACK_OUTCOMES.filter((outcome) => outcome !== 'verified');
/** How a request for the verification of the callback URL may end. */
const VERIFICATION_RESULTS = ['verified', 'refused', 'failed'] as const;
const FORMS = ['encrypted', 'decrypted'] as const;
type Form = (typeof FORMS)[number];

/** One value for each outcome that can occur. */
type ByOutcome<T> = Readonly<Partial<Record<CallbackOutcome, T>>>;

/** Each corp adds one time series per result. */
const CORPS_MAX = 1_000;

/** Counts callbacks and their results since the start, for the metrics and for `/health`. */
@Injectable()
export class CallbackMetrics {
  readonly #callbacks: Record<Form, ByOutcome<Observations>>;
  readonly #verifications: ByOutcome<Count>;
  readonly #corps: CorpCallbacks | null;
  #underWay = 0;

  constructor(
    metrics: Metrics,
    corps: KnownCorps,
    @Inject(callbackConfig.KEY) config: Pick<ConfigType<typeof callbackConfig>, 'metricsCorpLabel'>,
  ) {
    const callbacks = metrics.histogram('wxkf_callback_duration_seconds', UP_TO_5_S);
    this.#callbacks = byValue(FORMS, (form) => byValue(RESULTS, (result) => callbacks({ form, result })));
    const verifications = metrics.counter('wxkf_verification_requests_total');
    this.#verifications = byValue(VERIFICATION_RESULTS, (result) => verifications({ result }));
    metrics.reads('wxkf_callbacks_under_way', () => only(this.#underWay));
    this.#corps = config.metricsCorpLabel ? new CorpCallbacks(metrics, corps) : null;
  }

  /** A verification is counted when it ends. */
  began(form: CallbackForm): void {
    if (form !== 'verification') this.#underWay++;
  }

  /** @param corpId as the request names it, if that has the form of one. */
  ended(form: CallbackForm, outcome: CallbackOutcome, seconds: number, corpId: string | undefined): void {
    if (form === 'verification') {
      this.#verifications[outcome]?.add();
      return;
    }
    this.#underWay--;
    this.#callbacks[form][outcome]?.observe(seconds);
    this.#corps?.add(corpId, outcome);
  }

  /** How many requests, of all forms, had each outcome. */
  toJSON(): Readonly<Record<CallbackOutcome, number>> {
    return byValue(CALLBACK_OUTCOMES, (outcome) => {
      const callbacks = FORMS.map((form) => this.#callbacks[form][outcome]?.count ?? 0);
      return callbacks.reduce((a, b) => a + b, this.#verifications[outcome]?.value ?? 0);
    });
  }
}

/** Counts callbacks by corp. Only known corps get a label, since anybody can make up ids. */
class CorpCallbacks {
  readonly #count: (labels: { corp: string; result: string }) => Count;
  readonly #corps = new Map<string, ByOutcome<Count>>();
  readonly #others: ByOutcome<Count>;

  constructor(
    metrics: Metrics,
    private readonly known: KnownCorps,
  ) {
    this.#count = metrics.counter('wxkf_corp_callbacks_total');
    this.#others = this.#countsOf('other');
  }

  add(corpId: string | undefined, outcome: CallbackOutcome): void {
    const isKnown = corpId !== undefined && this.known.find(corpId) !== null;
    (isKnown ? this.#of(corpId) : this.#others)[outcome]?.add();
  }

  #of(corpId: string): ByOutcome<Count> {
    const known = this.#corps.get(corpId);
    if (known !== undefined) return known;
    if (this.#corps.size >= CORPS_MAX) return this.#others;
    const counts = this.#countsOf(corpId);
    this.#corps.set(corpId, counts);
    return counts;
  }

  #countsOf(corp: string): ByOutcome<Count> {
    return byValue(RESULTS, (result) => this.#count({ corp, result }));
  }
}
