import { Module } from '@nestjs/common';
import { OidcCalls } from './oidc-calls.js';
import { OidcProvider } from './oidc-provider.js';
import { OidcSignIn } from './oidc-sign-in.js';
import { OidcController } from './oidc.controller.js';

/** Sign-in to the console by an OpenID provider. `RareCalls` comes from the HTTP module, which is global. */
@Module({ controllers: [OidcController], providers: [OidcCalls, OidcProvider, OidcSignIn] })
export class OidcModule {}
