/** Files at the local WeCom (90253, 90254). */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PNG, SimulatorClient } from '../../../test/support/simulator.js';

const MB = 1_048_576;
let client: SimulatorClient;

beforeEach(async () => {
  client = await SimulatorClient.start();
});

afterEach(() => client.close());

async function download(mediaId: string, headers: Record<string, string> = {}): Promise<Response> {
  const token = await client.accessToken();
  return fetch(`${client.simulator.url}/cgi-bin/media/get?access_token=${token}&media_id=${mediaId}`, {
    headers,
  });
}

const bytes = (size: number, head = '') =>
  Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(size - head.length, 7)]);

it('takes a file and gives it back byte for byte, with its name and type', async () => {
  const answer = await client.upload('image', PNG, '图片.png');
  expect(answer).toEqual({
    errcode: 0,
    errmsg: 'ok',
    type: 'image',
    media_id: expect.any(String),
    created_at: String(client.clock.nowMs() / 1_000),
  });
  const response = await download(answer.media_id);
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
  expect(response.headers.get('content-disposition')).toContain(encodeURIComponent('图片.png'));
  expect(Buffer.from(await response.arrayBuffer())).toEqual(PNG);
});

it('gives a part of a file', async () => {
  const { media_id } = await client.upload('file', Buffer.from('0123456789'));
  const response = await download(media_id, { range: 'bytes=2-4' });
  expect([response.status, response.headers.get('content-range'), await response.text()]).toEqual([
    206,
    'bytes 2-4/10',
    '234',
  ]);
});

it('answers a file that is not there with 200 and JSON', async () => {
  const { media_id } = await client.upload('image', PNG);
  await client.clock.advance(3 * 86_400_000);
  for (const id of [media_id, 'nowhere']) {
    const response = await download(id);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ errcode: 40007 });
  }
});

it.each([
  ['image', 'of an unknown kind', bytes(100), 40004],
  ['image', 'larger than 10 MB', bytes(10 * MB + 1, '\xff\xd8\xff'), 40009],
  ['voice', 'no AMR', bytes(100), 40004],
  ['voice', 'larger than 2 MB', bytes(2 * MB + 1, '#!AMR\n'), 40006],
  ['video', 'no MP4', bytes(100), 40004],
  ['video', 'larger than 10 MB', bytes(10 * MB + 1, '\0\0\0\x20ftyp'), 40011],
  ['file', 'of five bytes', bytes(5), 40006],
  ['file', 'larger than 20 MB', bytes(20 * MB + 1), 40006],
  ['film', 'of no known type', bytes(100), 40005],
])('refuses %s %s', async (type, _what, content, errcode) => {
  expect((await client.upload(type, content)).errcode).toBe(errcode);
});

it.each([
  ['voice', bytes(2 * MB, '#!AMR\n')],
  ['video', bytes(10 * MB, '\0\0\0\x20ftyp')],
  ['file', bytes(20 * MB)],
  ['file', bytes(6)],
])('takes %s up to its limit', async (type, content) => {
  expect((await client.upload(type, content)).errcode).toBe(0);
});

describe('a form', () => {
  async function post(body: string, contentType: string) {
    const url = `${client.simulator.url}/cgi-bin/media/upload?type=file&access_token=${await client.accessToken()}`;
    const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': contentType } });
    return (await response.json()) as { errcode: number };
  }

  it('is read as the official example has it', async () => {
    const boundary = '-------------------------acebdf13572468';
    const body = [
      `--${boundary}`,
      'Content-Disposition: form-data; name="media";filename="wework.txt"; filelength=6',
      'Content-Type: application/octet-stream',
      '',
      'mytext',
      `--${boundary}--`,
      '',
    ].join('\r\n');
    expect((await post(body, `multipart/form-data; boundary=${boundary}`)).errcode).toBe(0);
  });

  it.each([
    ['{"media":"x"}', 'application/json'],
    [
      '--b\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\nmytext\r\n--b--\r\n',
      'multipart/form-data; boundary=b',
    ],
    [
      '--b\r\nContent-Disposition: form-data; name="media"\r\n\r\nmytext\r\n--b--\r\n',
      'multipart/form-data; boundary=b',
    ],
    [
      '--b\r\nContent-Disposition: form-data; name="media"; filename="a"\r\n\r\nmytext',
      'multipart/form-data; boundary=b',
    ],
  ])('without the file is refused: %j', async (body, contentType) => {
    expect((await post(body, contentType)).errcode).toBe(41005);
  });
});
