/** In the examples: those of WeCom's own documentation, so that its verification opens with them. */
export const CORP_ID = 'wx5823bf96d3bd56c7';
export const CALLBACK_TOKEN = 'QDG6eK';
export const ENCODING_AES_KEY = 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C';
export const CORP_SECRET = 'example';
export const MSG_SIGNATURE = '5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3';
export const TIMESTAMP = '1409659589';
export const NONCE = '263014780';
export const ECHOSTR =
  'P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==';

export const OPEN_KF_ID = 'wkAAA';
export const ENDPOINT = 'http://127.0.0.1:8080';
export const SYNC_TOKEN = 'ENC4dQ';
