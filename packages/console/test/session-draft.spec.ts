/** What somebody types into the form of a bot's sessions is what the manager is sent. */
import { expect, it } from '@jest/globals';
import type { SessionSettingsAnswer } from '../src/api/answers.gen.js';
import { menuIdsOf, toDraft, toSession } from '../src/pages/bots/sessions/session-draft.js';

const ALL: SessionSettingsAnswer = {
  welcome: {
    menu: {
      head: 'Hello!',
      choices: [
        { text: 'A person', id: 'people' },
        { text: 'Help', url: 'https://a.example' },
        { text: 'Hi' },
      ],
      tail: 'Or just write.',
    },
  },
  people: {
    keywords: ['人工'],
    menuIds: ['people'],
    to: { servicers: ['li'] },
    waiting: 'Wait',
    nobody: 'No',
  },
  hours: {
    timeZone: 'Asia/Shanghai',
    open: [{ days: [1, 7], from: '09:00', to: '24:00' }],
    closed: 'We are away.',
  },
  ended: { text: 'Bye' },
  mergeS: 3,
};

const draftOf = (session: SessionSettingsAnswer | null) => toDraft(session, 'Asia/Shanghai');

it('leaves a session as it is while nothing is typed', () => {
  for (const session of [ALL, { people: { to: 'pool' } }, {}, null] as const)
    expect(toSession(draftOf(session))).toEqual(session);
});

it('leaves out what is empty or not chosen', () => {
  const draft = draftOf(ALL);
  const { welcome, people } = draft;
  expect(
    toSession({
      ...draft,
      welcome: { ...welcome, head: ' ', tail: '' },
      people: { ...people, keywords: [], waiting: ' ', nobody: '', to: 'pool' },
      hours: { ...draft.hours, isOn: false },
      ended: { ...draft.ended, kind: 'none' },
      mergeS: '',
    }),
  ).toEqual({
    welcome: { menu: { choices: ALL.welcome?.menu?.choices } },
    people: { menuIds: ['people'], to: 'pool' },
  });
});

it('sends what is wanted and empty, so that the manager says what is missing', () => {
  const draft = draftOf({});
  const welcome = { ...draft.welcome, kind: 'menu', choices: [] } as const;
  expect(toSession({ ...draft, welcome })).toEqual({ welcome: { menu: { choices: [] } } });
});

it('offers the ids of its menus for handing over', () => {
  expect(menuIdsOf(draftOf(ALL))).toEqual(['people']);
});
