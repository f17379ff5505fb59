import { HttpModule } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { RegistryModule } from '../../registry/registry.module.js';
import { SecretCheck } from '../../registry/puppets/secret-check.js';
import { HTTP_OPTIONS } from '../client/http-service.js';
import { WecomClient } from '../client/wecom-client.js';
import { WecomMetrics } from '../outcomes/wecom-metrics.js';
import { AccessTokenStore } from './access-token.store.js';
import { AccessTokens } from './access-tokens.js';
import { TokenSecretCheck } from './token-secret-check.js';
import { TokenSource } from './token-source.js';

@Module({
  imports: [HttpModule.register(HTTP_OPTIONS), RegistryModule],
  providers: [
    AccessTokenStore,
    AccessTokens,
    TokenSource,
    WecomClient,
    WecomMetrics,
    { provide: SecretCheck, useClass: TokenSecretCheck },
  ],
  exports: [AccessTokens, WecomClient, WecomMetrics, SecretCheck],
})
export class TokensModule {}
