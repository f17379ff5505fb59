/**
 * Which endpoints the manager sends to. A registration makes the manager call an address from inside its own network, so
 * services that answer any caller there are refused, and an operator can narrow the list further.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import ipaddr from 'ipaddr.js';
import type { Address } from '../../config/network.js';
import { endpointConfig } from './endpoint.config.js';
import { embeddedIpv4 } from './embedded-ipv4.js';
import {
  type CallbackUrl,
  type Endpoint,
  type EndpointFault,
  readCallbackUrl,
  readEndpoint,
} from './endpoint.js';

/** By the names that the library gives its ranges. All of 0.0.0.0/8 is unspecified; Linux takes 0.0.0.0 for itself. */
const FORBIDDEN_RANGES = new Map([
  ['unspecified', 'an unspecified address'],
  ['linkLocal', 'a link-local address'],
  ['multicast', 'a multicast address'],
  ['broadcast', 'a broadcast address'],
]);

/** Where clouds hand out credentials and settings to any process, besides link-local addresses. */
const METADATA = new Set(
  [
    // AWS: instance metadata (docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html) and
    // credentials of pods (docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html).
    'fd00:ec2::254',
    'fd00:ec2::23',
    // Google: docs.cloud.google.com/compute/docs/metadata/querying-metadata.
    'fd20:ce::254',
    // Azure: learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16.
    '168.63.129.16',
    // Alibaba: alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata; IPv6 as cloud-init's tests have it.
    '100.100.100.200',
    'fd00:100::100:200',
    // Oracle: docs.oracle.com/en/cloud/cloud-at-customer/occ-get-started/retrieve-predefined-instance-metadata.html;
    // IPv6 as cloud-init's DataSourceOracle has it.
    '192.0.0.192',
    'fd00:c1::a9fe:a9fe',
    // Akamai: techdocs.akamai.com/cloud-computing/docs/metadata-service-api.
    'fd00:a9fe:a9fe::1',
    // Scaleway: docs.cloud-init.io/en/latest/reference/datasources/scaleway.html.
    'fd00:42::42',
  ].map((text) => bytesOf(ipaddr.parse(text))),
);

const UNREADABLE: EndpointFault = { must: 'have an address that can be read' };
const NOT_LISTED: EndpointFault = { must: 'be an address or name that PUPPET_ENDPOINT_ALLOW lists' };

@Injectable()
export class EndpointPolicy {
  readonly #allow: ConfigType<typeof endpointConfig>['puppetEndpointAllow'];

  constructor(@Inject(endpointConfig.KEY) { puppetEndpointAllow }: ConfigType<typeof endpointConfig>) {
    this.#allow = puppetEndpointAllow;
  }

  /** @returns an endpoint that may be used. A name is not looked up: its address is judged when it is dialled. */
  read(text: string): Endpoint | EndpointFault {
    return this.#judge(readEndpoint(text));
  }

  /** The same for the URL of a callback bot. */
  readCallbackUrl(text: string): CallbackUrl | EndpointFault {
    return this.#judge(readCallbackUrl(text));
  }

  #judge<T extends Endpoint>(endpoint: T | EndpointFault): T | EndpointFault {
    if ('must' in endpoint) return endpoint;
    const { host } = endpoint;
    const fault = ipaddr.isValid(host) ? this.faultOfAddress(host, host) : this.#faultOfName(host);
    return fault ?? endpoint;
  }

  /** @returns `null` when `address`, to which `host` leads now, may be dialled. */
  faultOfAddress(address: string, host: string): EndpointFault | null {
    if (!ipaddr.isValid(address)) return UNREADABLE;
    const parsed = ipaddr.process(address);
    const forbidden = forbiddenIn(parsed);
    if (forbidden !== null) return { must: `not point to ${forbidden}` };
    const isListed = this.#allow?.hasName(host) || this.#allow?.hasAddress(parsed);
    return this.#allow === undefined || isListed ? null : NOT_LISTED;
  }

  /** Whether `PUPPET_ENDPOINT_ALLOW` lists the name. */
  lists(host: string): boolean {
    return this.#allow?.hasName(host) ?? false;
  }

  #faultOfName(host: string): EndpointFault | null {
    const mayBe = this.#allow === undefined || this.#allow.hasAddresses || this.#allow.hasName(host);
    return mayBe ? null : NOT_LISTED;
  }
}

/** Why nobody may register the address, or an address embedded in it. */
function forbiddenIn(address: Address): string | null {
  for (const one of [address, ...(address instanceof ipaddr.IPv6 ? embeddedIpv4(address) : [])]) {
    const isMetadata = METADATA.has(bytesOf(one));
    const kind = isMetadata ? "a cloud's metadata address" : FORBIDDEN_RANGES.get(one.range());
    if (kind !== undefined) return `${kind} (${one.toString()})`;
  }
  return null;
}

/** The address in one notation, without its interface. */
function bytesOf(address: Address): string {
  return address.toByteArray().join('.');
}
