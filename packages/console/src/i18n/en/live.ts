export const live = {
  connecting: 'Connecting …',
  open: (replica: string) => `Live from replica ${replica}`,
  lost: 'The stream was cut; connecting again …',
  outcome: 'Outcome',
  time: 'Time',
  attempt: (count: number) => `attempt ${count.toLocaleString('en')}`,
  answer: 'Answer',
  took: 'Took',
  replica: 'Replica',
};
