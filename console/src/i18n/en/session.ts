export const session = {
  title: 'Sign in',
  intro: 'This console is for operators. Sign in with an operator token.',
  token: 'Operator token',
  whereBefore: 'It is one of the secrets in the manager’s setting ',
  whereAfter: ' (or in the file that AUTH_OPERATOR_TOKEN_FILE names). Whoever runs the manager knows it.',
  signIn: 'Sign in',
  signingIn: 'Signing in …',
  wrong: 'This token is not right.',
  signOut: 'Sign out',
  signedOut: 'You are signed out.',
  ended: 'Your session has ended. Sign in again and you are back where you were.',
  endedWhy: 'Sessions last 12 hours, and end when the operator token is changed.',
};
