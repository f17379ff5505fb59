import { defineNamespace } from '../../config/namespace.js';
import { oidcOf } from '../../config/oidc.js';

/** The provider by which operators sign in; `null` when none is set. */
export const oidcConfig = defineNamespace('oidc', (config) => ({ provider: oidcOf(config) }));
