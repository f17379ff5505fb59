import { Module } from '@nestjs/common';
import { ConsoleController } from './console.controller.js';
import { OidcCalls } from './oidc/oidc-calls.js';
import { OidcMetrics } from './oidc/oidc-metrics.js';
import { OidcProvider } from './oidc/oidc-provider.js';
import { OidcSignIn } from './oidc/oidc-sign-in.js';
import { OidcController } from './oidc/oidc.controller.js';
import { SessionController } from './session.controller.js';

/** The console's files, and the sessions of whoever uses it. What it calls a provider with comes from the module of tokens. */
@Module({
  controllers: [OidcController, ConsoleController, SessionController],
  providers: [OidcCalls, OidcMetrics, OidcProvider, OidcSignIn],
})
export class ConsoleModule {}
