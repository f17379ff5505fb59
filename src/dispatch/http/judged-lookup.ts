import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { HostJudge } from '../../http/outgoing/forward-proxy.js';
import type { EndpointFault } from '../../registry/endpoint/endpoint.js';
import type { EndpointPolicy } from '../../registry/endpoint/endpoint-policy.js';

interface Judged {
  readonly one: LookupAddress;
  /** `null` where it may be dialled. */
  readonly fault: EndpointFault | null;
}

/**
 * Looks a name up for each connection that is made, and gives only addresses that may be dialled. If the name leads
 * elsewhere later, the next connection is judged by the new addresses.
 */
export function judgedLookup(policy: EndpointPolicy): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      const judged = judge(policy, host, found);
      const allowed = judged.filter(({ fault }) => fault === null).map(({ one }) => one);
      const [first] = allowed;
      if (first === undefined) return done(refusal(judged), []);
      if (options.all) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}

/**
 * The same for connections through a forward proxy. It looks the name up itself and chooses among the addresses, so each of them must
 * be one that may be dialled. A name that is not known here must be listed.
 */
export function hostJudge(policy: EndpointPolicy): HostJudge {
  return (host, done) => {
    lookup(host, { all: true }, (error, found) => {
      if (error === null) return done(refusal(judge(policy, host, found)));
      if (policy.lists(host)) return done(null);
      const why = `the name cannot be looked up here (${error.code ?? 'unknown'})`;
      return done(new Error(`${why}, so PUPPET_ENDPOINT_ALLOW has to list it`));
    });
  };
}

function judge(policy: EndpointPolicy, host: string, found: readonly LookupAddress[]): readonly Judged[] {
  return found.map((one) => ({ one, fault: policy.faultOfAddress(one.address, host) }));
}

/** @returns `null` where each may be dialled. */
function refusal(judged: readonly Judged[]): Error | null {
  const refused = judged.find(({ fault }) => fault !== null);
  if (refused === undefined) return null;
  const { one, fault } = refused;
  return new Error(`the name leads to ${one.address}, and an endpoint must ${fault?.must}`);
}
