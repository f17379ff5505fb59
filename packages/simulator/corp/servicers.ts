/** Who serves the customers of a kf account (接待人员, 94645), and who of them is at work. */
import { Refused } from '../api/answers.js';

/** `suspended` (暂时挂起) is a kind of having stopped. */
export const SERVICER_STATUSES = ['serving', 'stopped', 'suspended'] as const;
export type ServicerStatus = (typeof SERVICER_STATUSES)[number];

export interface Servicer {
  readonly openKfId: string;
  readonly userid: string;
  readonly status: ServicerStatus;
}

const FIRST_USERIDS = ['zhangsan', 'lisi'];
const SERVICERS_MAX = 2_000;

export class Servicers {
  /** By account and userid; in the order in which they were added. */
  readonly #servicers: ReadonlyMap<string, Map<string, ServicerStatus>>;

  constructor(openKfIds: readonly string[]) {
    const first = () => new Map(FIRST_USERIDS.map((userid) => [userid, 'serving' as const]));
    this.#servicers = new Map(openKfIds.map((openKfId) => [openKfId, first()]));
  }

  list(openKfId: string): Servicer[] {
    return [...this.#of(openKfId)].map(([userid, status]) => ({ openKfId, userid, status }));
  }

  /** @returns false when they were there before. @throws Refused when the account has 2,000. */
  add(openKfId: string, userid: string): boolean {
    const servicers = this.#of(openKfId);
    if (servicers.has(userid)) return false;
    if (servicers.size >= SERVICERS_MAX) throw new Refused(40058, `more than ${SERVICERS_MAX} servicers`);
    servicers.set(userid, 'serving');
    return true;
  }

  /** @returns false when they were not there. */
  delete(openKfId: string, userid: string): boolean {
    return this.#of(openKfId).delete(userid);
  }

  /** @returns false when they had that status before. @throws Refused for somebody who does not serve the account. */
  setStatus(openKfId: string, userid: string, status: ServicerStatus): boolean {
    this.require(openKfId, userid);
    const isNew = this.#of(openKfId).get(userid) !== status;
    this.#of(openKfId).set(userid, status);
    return isNew;
  }

  /** @throws Refused for somebody who does not serve the account. */
  require(openKfId: string, userid: string): void {
    if (!this.#of(openKfId).has(userid)) throw new Refused(95014);
  }

  /**
   * Only somebody at work is given a customer (94669). No page says which code refuses the others: it is the code that the page
   * has for servicers who have not activated WeCom.
   * @throws Refused
   */
  requireServing(openKfId: string, userid: string): void {
    if (this.#of(openKfId).get(userid) !== 'serving') throw new Refused(95014);
  }

  #of(openKfId: string): Map<string, ServicerStatus> {
    return this.#servicers.get(openKfId) ?? new Map();
  }
}
