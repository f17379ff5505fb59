/** No new messages are kept with less room: they must not take what hints and registrations need. */
export const MESSAGE_ROOM_BYTES = 256 * 1_024 * 1_024;
