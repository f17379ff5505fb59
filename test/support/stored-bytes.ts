/** All that a place has stored, and the forms in which a secret may be in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import mongoose from 'mongoose';
import type { Place } from './place.js';

/** Of every file of the folder, or of every document of the database. */
export async function storedBytes({ env }: Place): Promise<Buffer> {
  const { DATA_DIR, MONGO_URI } = env;
  if (MONGO_URI !== undefined) return Buffer.from(JSON.stringify(await documentsOf(MONGO_URI)));
  const files = readdirSync(DATA_DIR ?? '', { recursive: true, withFileTypes: true });
  return Buffer.concat(
    files.filter((file) => file.isFile()).map((file) => readFileSync(join(file.parentPath, file.name))),
  );
}

async function documentsOf(uri: string): Promise<unknown[]> {
  const client = await mongoose.mongo.MongoClient.connect(uri);
  try {
    const collections = await client.db().collections();
    return (await Promise.all(collections.map((collection) => collection.find().toArray()))).flat();
  } finally {
    await client.close();
  }
}

/** Whole, in hexadecimal, in base64 from any of its first three bytes on, and as the bytes that it is base64 of. */
export function formsOf(secret: string): Buffer[] {
  const bytes = Buffer.from(secret);
  const inBase64 = [0, 1, 2].flatMap((from) =>
    (['base64', 'base64url'] as const).map((encoding) => {
      const part = bytes.subarray(from);
      return part.subarray(0, part.length - (part.length % 3)).toString(encoding);
    }),
  );
  const texts = [secret, bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...inBase64];
  return [...texts.map((text) => Buffer.from(text)), Buffer.from(secret, 'base64')];
}

/** Those of the secrets that are stored in any form. */
export async function findStored(place: Place, secrets: readonly string[]): Promise<string[]> {
  const bytes = await storedBytes(place);
  return secrets.filter((secret) => formsOf(secret).some((form) => bytes.includes(form)));
}
