import { secretIdOf } from '../../src/kernel/secret-id.js';
import {
  type OnAccepted,
  SecretCheck,
  type SecretQuestion,
  type SecretVerdict,
} from '../../src/registry/puppets/secret-check.js';

/** WeCom as the registry sees it, of one mind about all secrets. */
export class FakeSecretCheck extends SecretCheck {
  readonly asked: (SecretQuestion & { readonly limitMs: number })[] = [];
  #listen: OnAccepted = () => {};

  constructor(public verdict: SecretVerdict | Promise<SecretVerdict> = 'accepted') {
    super();
  }

  override async check(question: SecretQuestion, limitMs: number): Promise<SecretVerdict> {
    this.asked.push({ ...question, limitMs });
    const verdict = await this.verdict;
    if (verdict === 'accepted') this.grant(question);
    return verdict;
  }

  override onAccepted(listen: OnAccepted): void {
    this.#listen = listen;
  }

  /** As when somebody else asked WeCom for a token. */
  grant({ corpId, corpSecret }: Pick<SecretQuestion, 'corpId' | 'corpSecret'>): void {
    this.#listen(corpId, secretIdOf(corpId, corpSecret));
  }
}
