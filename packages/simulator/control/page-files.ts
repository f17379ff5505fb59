/** The built page. Its files have hashed names; its policy forbids whatever it does not need. */
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Beside this program when it is built. */
export const PAGE_DIR = fileURLToPath(new URL('../page/', import.meta.url));

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

export const SAFE_HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
};

export async function sendPageFile(response: ServerResponse, pageDir: string, path: string): Promise<void> {
  const name = path === '/' ? 'index.html' : path.slice(1);
  const contentType = CONTENT_TYPES[extname(name)];
  const isPlain = /^(assets\/)?[\w.-]+$/.test(name);
  const bytes = isPlain && contentType !== undefined ? await readIfThere(join(pageDir, name)) : null;
  if (bytes === null) return sendMissing(response, path);
  response.writeHead(200, { ...SAFE_HEADERS, 'Content-Type': contentType, 'Content-Length': bytes.length });
  response.end(bytes);
}

function sendMissing(response: ServerResponse, path: string): void {
  const why =
    path === '/' ? 'The page is not built: `npm run build:all` builds it.' : 'There is no such page.';
  response.writeHead(404, { ...SAFE_HEADERS, 'Content-Type': 'text/plain; charset=utf-8' }).end(`${why}\n`);
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch {
    return null;
  }
}
