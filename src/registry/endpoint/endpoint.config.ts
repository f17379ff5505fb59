import { defineNamespace } from '../../config/namespace.js';

/** At which endpoints puppets and bots may be. */
export const endpointConfig = defineNamespace('endpoint', ({ puppetEndpointAllow }) => ({
  puppetEndpointAllow,
}));
