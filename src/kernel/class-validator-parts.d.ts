/** The package has no types for its parts; its index has all under the same names. */
declare module 'class-validator/cjs/*' {
  export * from 'class-validator';
}
