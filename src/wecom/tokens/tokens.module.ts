import { Inject, Module } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { RareCalls } from '../../http/outgoing/rare-calls.js';
import { OutgoingSockets } from '../../metrics/outgoing-sockets.js';
import { RegistryModule } from '../../registry/registry.module.js';
import { SecretCheck } from '../../registry/puppets/secret-check.js';
import { wecomConfig } from '../client/wecom.config.js';
import { WecomMetrics } from '../outcomes/wecom-metrics.js';
import { AccessTokenStore } from './access-token.store.js';
import { AccessTokens } from './access-tokens.js';
import { TokenAnswers } from './token-answers.js';
import { TokenSecretCheck } from './token-secret-check.js';
import { TokenController } from './token.controller.js';
import { TokenSource } from './token-source.js';

@Module({
  imports: [RegistryModule],
  controllers: [TokenController],
  providers: [
    AccessTokenStore,
    AccessTokens,
    TokenAnswers,
    TokenSource,
    WecomMetrics,
    { provide: SecretCheck, useClass: TokenSecretCheck },
  ],
  exports: [AccessTokens, TokenAnswers, WecomMetrics, SecretCheck],
})
export class TokensModule {
  constructor(
    calls: RareCalls,
    sockets: OutgoingSockets,
    @Inject(wecomConfig.KEY) { accessTokenUrl, wecomApiUrl }: ConfigType<typeof wecomConfig>,
  ) {
    const origins = new Set([accessTokenUrl.origin, wecomApiUrl.origin]);
    sockets.watch('wecom', { sockets: () => calls.sockets(origins) });
  }
}
