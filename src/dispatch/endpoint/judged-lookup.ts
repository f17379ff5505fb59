import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { EndpointPolicy } from '../../registry/endpoint/endpoint-policy.js';

/**
 * Looks a name up for each connection that is made, and gives only addresses that may be dialled. If the name leads
 * elsewhere later, the next connection is judged by the new addresses.
 */
export function judgedLookup(policy: EndpointPolicy): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      const judged = found.map((one) => ({ one, fault: policy.faultOfAddress(one.address, host) }));
      const allowed = judged.filter(({ fault }) => fault === null).map(({ one }) => one);
      const [first] = allowed;
      if (first === undefined) return done(refusal(judged), []);
      if (options.all) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}

function refusal(judged: readonly { one: LookupAddress; fault: { must: string } | null }[]): Error {
  const [first] = judged;
  return new Error(`the name leads to ${first?.one.address}, and an endpoint must ${first?.fault?.must}`);
}
