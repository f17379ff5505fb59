export const session = {
  title: 'Sign in',
  intro: 'This console is for operators. Sign in with an operator token.',
  introOidc: 'This console is for operators. Sign in with the account of your company.',
  signInWith: (provider: string) => `Sign in with ${provider}`,
  orToken: 'Or sign in with an operator token:',
  notSignedIn: 'You are not signed in.',
  oidcProblem: 'Something went wrong at the sign-in. Try again, or sign in with a token.',
  oidcProblems: {
    AUTH_OIDC_OFF: 'This manager has no sign-in by OIDC. Sign in with a token.',
    AUTH_OIDC_UNREACHABLE:
      'The sign-in service of your company does not answer now. Try again shortly, or sign in with a token. The manager’s log says what is wrong.',
    AUTH_OIDC_NOT_BEGUN:
      'The sign-in took longer than 10 minutes, was begun in another browser, or has ended already. Sign in again.',
    AUTH_OIDC_REFUSED:
      'The sign-in service of your company did not confirm who you are. Sign in again. The manager’s log says what is wrong.',
    AUTH_OIDC_NO_ROLE:
      'Your company’s sign-in service knows you, but you are in no group that may use this manager. Ask whoever runs it to put you into one of OIDC_ADMIN_GROUPS or OIDC_READER_GROUPS.',
    AUTH_OIDC_TOO_MANY: 'Too many tried to sign in from your address within a minute. Wait a minute.',
  },
  claimLookedAt: 'The claim that decides it:',
  token: 'Operator token',
  whereBefore: 'It is your own token, or a secret of ',
  whereAfter:
    ', which is in .env or the environment of the manager, or in the file that AUTH_OPERATOR_TOKEN_FILE names. Whoever runs the manager knows it.',
  signIn: 'Sign in',
  signingIn: 'Signing in …',
  problems: {
    AUTH_WRONG: {
      title: 'This token is not right',
      text: 'Paste it whole and without blanks. If it was changed meanwhile, whoever runs the manager has the new one.',
    },
    AUTH_TOO_MANY_FAILED: {
      title: 'Too many wrong tokens',
      text: 'Too many came from your address within a minute. The right one is taken even now; or wait a minute.',
    },
    AUTH_ROLE_CLOSED: {
      title: 'The console is closed',
      text: 'The manager has no secret for operators. Whoever runs it has to set AUTH_OPERATOR_TOKEN.',
    },
    AUTH_CROSS_SITE: {
      title: 'The manager takes this page for one of another site',
      text: 'Open the console by the address that a proxy passes on as Host, or by the manager’s own address.',
    },
    STORE_UNAVAILABLE: {
      title: 'You cannot sign in just now',
      text: 'The manager’s store does not answer, so it cannot look up who you are. Try again shortly.',
    },
    UNREACHABLE: {
      title: 'The manager does not answer',
      text: 'It may be restarting, or the network between it and this browser may be down. Try again shortly.',
    },
  },
  otherProblem: {
    title: 'You are not signed in',
    text: 'Something went wrong at the sign-in. Try again; whoever runs the manager finds the reason in its log.',
  },
  details: 'Details for whoever runs the manager',
  signOut: 'Sign out',
  signedOut: 'You are signed out.',
  interrupted: {
    ended: {
      title: 'Your session has ended. Sign in again and you are back where you were.',
      text: 'Sessions last 12 hours, or 8 by your company’s sign-in service, and end when the operator token is changed.',
    },
    first: {
      title: 'The manager asks for a sign-in now. Afterwards you are back where you were.',
      text: 'Until now it asked nobody. Meanwhile a secret or a named operator was added.',
    },
  },
  roles: { reader: 'reads only', admin: 'admin' },
  isReader: 'You have the role reader, which may change nothing. Ask an admin to do it.',
};
