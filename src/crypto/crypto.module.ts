import { Module } from '@nestjs/common';
import { WecomCiphers } from './wecom-ciphers.js';

@Module({ providers: [WecomCiphers], exports: [WecomCiphers] })
export class CryptoModule {}
