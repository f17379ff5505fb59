/** All that a place has stored. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import mongoose from 'mongoose';
import type { Place } from './place.js';
import { findIn } from './secret-forms.js';

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

/** Those of the secrets that are stored in any form. */
export async function findStored(place: Place, secrets: readonly string[]): Promise<string[]> {
  return findIn(await storedBytes(place), secrets);
}
