import { createServer, type Server } from 'node:http';

/** Answers every token request, so that a corpSecret counts as accepted and nothing is asked of WeCom. */
export async function startWecom(): Promise<{ url: string; server: Server }> {
  const answer = JSON.stringify({ errcode: 0, errmsg: 'ok', access_token: 'bench', expires_in: 7200 });
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the stand-in for WeCom has no port');
  return { url: `http://127.0.0.1:${address.port}`, server };
}
