import { plural } from './plural.js';

export const live = {
  title: 'Live',
  intro: 'Every attempt to deliver, as it is made.',
  connecting: 'Connecting …',
  open: (replica: string) => `Live from replica ${replica}`,
  lost: 'The stream was cut; connecting again …',
  paused: 'Paused',
  pause: 'Pause',
  resume: 'Go on',
  meanwhile: (count: number) => `${count.toLocaleString('en')} came meanwhile`,
  skipped: (count: number) =>
    `${plural(count, 'delivery was', 'deliveries were')} left out: they came faster than this browser could take them.`,
  account: 'Account id',
  outcome: 'Outcome',
  outcomes: { taken: 'Taken', not_taken: 'Not taken' },
  table: 'Latest deliveries, the newest first',
  time: 'Time',
  occasion: 'Sent',
  attempt: (count: number) => `attempt ${count.toLocaleString('en')}`,
  answer: 'Answer',
  took: 'Took',
  replica: 'Replica',
  shown: (count: number) => `The latest ${count.toLocaleString('en')} are shown.`,
  nothing: 'Nothing was delivered yet',
  nothingText: 'Leave this page open: a delivery appears the moment it is made.',
  forms: { encrypted: 'encrypted', decrypted: 'decrypted', message: 'one message' },
};
