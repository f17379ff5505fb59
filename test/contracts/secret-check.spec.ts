import { describe } from '@jest/globals';
import { TokenSecretCheck } from '../../src/wecom/tokens/token-secret-check.js';
import { CORP, clock, closeAll, open, openWecom, wecom } from '../support/token-replicas.js';
import { answer, drop, usual } from '../support/wecom-faults.js';
import { type OpenedCheck, secretCheckContract } from './secret-check.contract.js';

const BEHAVIOURS = { accept: usual, refuse: answer(40001), 'break off': drop() };

async function openReal(): Promise<OpenedCheck> {
  await openWecom();
  wecom.addSecret(CORP, 'the-secret');
  return {
    secrets: new TokenSecretCheck(open(), clock),
    wecom: (does) => wecom.behave('gettoken', BEHAVIOURS[does]),
    close: closeAll,
  };
}

describe('by way of access tokens', () => secretCheckContract(openReal));
