/** The databases inside the one LMDB file. A name, once released, keeps its meaning. */
export const DATABASES = {
  /** Key: openKfId. Value: `StoredPuppet`. */
  puppets: 'puppets',
} as const;

/** Room for the databases of later versions; LMDB wants the number when it opens. */
export const MAX_DATABASES = 16;
