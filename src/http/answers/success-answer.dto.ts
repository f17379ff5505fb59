/** Answer of a route that only confirms that it did what was asked. */
export class SuccessAnswer {
  readonly code!: 0;
  readonly message!: 'success';
}

export const SUCCESS_ANSWER: SuccessAnswer = { code: 0, message: 'success' };
