/** States in a word, for tags. */
export const states = {
  account: {
    failing: 'Failing',
    silent: 'No replies',
    waiting: 'Waiting',
    unserved: 'No bot',
    paused: 'Paused',
    offline: 'Away',
    unseen: 'Replies not seen',
    working: 'Working',
    quiet: 'Quiet',
  },
};
