import { expect, it } from '@jest/globals';
import { addressFilter } from '../src/pages/overview/address-filter.js';

it('finds the accounts of an address by what is in their URLs', () => {
  expect(addressFilter({ address: '10.0.0.7:8080', port: 8_080 })).toBe('10.0.0.7:8080');
  expect(addressFilter({ address: 'bot.example:443', port: 443 })).toBe('bot.example');
  expect(addressFilter({ address: '[::1]:80', port: 80 })).toBe('[::1]');
  expect(addressFilter({ address: 'bot.example', port: null })).toBe('bot.example');
  expect(addressFilter({ address: null, port: null })).toBeNull();
});
