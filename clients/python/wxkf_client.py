"""A client of WXKF-Manager's stream (docs/protocol.md) for bots without an address, with the standard library alone.

It asks for events by long poll, which needs nothing but HTTP. The manager is told that an event was taken once its handler has
returned; one whose handler raises is refused, and comes again. Nothing is stored here.
"""

import hashlib
import json
import logging
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Union

Json = Dict[str, Any]

#: How long the manager may hold a request that has nothing to answer.
WAIT_S = 25
#: While handlers run, what they have taken is acknowledged this often at least.
LOOK_S = 0.5
ANSWER_LIMIT_S = 15
FIRST_PAUSE_S = 0.5
PAUSE_S_MAX = 30.0
#: A frequency limit, or WeCom is busy.
LATER_ERRCODES = (-1, 45009, 45033)
#: ``msgid`` was sent before.
MSGID_USED = 40058

#: How many events that were taken are remembered.
TAKEN_MAX = 1000

log = logging.getLogger("wxkf_client")


class KeyRefused(Exception):
    """The manager does not take the key, or not for a stream: to ask again makes no sense."""


class Unreachable(Exception):
    """The manager or WeCom does not answer, or cannot now. A handler that raises it refuses nothing."""


class WecomError(Exception):
    """WeCom, or the manager in its name, refused a call."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"{errcode} {errmsg}")
        self.errcode = errcode


@dataclass
class Event:
    """What the manager gives a bot."""

    #: The same for every attempt.
    id: str
    #: Counted from 1.
    attempt: int
    open_kfid: str
    corp_id: str
    age_ms: int
    #: WeCom's sync token, of a bot that takes events.
    token: Optional[str]
    #: One entry of WeCom's ``kf/sync_msg``, of a bot that takes messages.
    message: Optional[Json]
    #: How many replies its handler has sent.
    replies: int = field(default=0, compare=False)

    @classmethod
    def of(cls, frame: Mapping[str, Any]) -> "Event":
        return cls(
            id=frame["id"],
            attempt=frame["attempt"],
            open_kfid=frame["openKfId"],
            corp_id=frame["corpId"],
            age_ms=frame["ageMs"],
            token=frame.get("token"),
            message=frame.get("message"),
        )


Handler = Callable[[Event], Any]
#: Ids by ``ack`` and ``nack``.
Answers = Dict[str, List[str]]


class Client:
    """Gives the events of a bot to handlers.

    :param manager: where the manager is: ``https://kf.example.com``
    :param key: of a bot of kind stream or callback
    :param client_id: the same over restarts, and another one for each process that runs at the same time
    :param corp_secret: the Secret of the bot's app; ``reply`` and ``wecom`` need it
    :param workers: how many handlers run at the same time, each for another kf account
    """

    def __init__(
        self, manager: str, key: str, client_id: str, corp_secret: str = "", workers: int = 16
    ) -> None:
        self._base = manager.rstrip("/")
        self._key = key
        self._client_id = client_id
        self._corp_secret = corp_secret
        self._workers = workers
        self._on_message: Optional[Handler] = None
        self._on_event: Optional[Handler] = None

    def on_message(self, handler: Handler) -> Handler:
        """Takes each message of a bot that takes messages; a decorator."""
        self._on_message = handler
        return handler

    def on_event(self, handler: Handler) -> Handler:
        """Takes each event of a bot that takes events; a decorator."""
        self._on_event = handler
        return handler

    def run(self) -> None:
        """Goes on until KeyboardInterrupt; then lets handlers end, and acknowledges what they took.

        :raises KeyRefused:
        """
        running: Dict[str, "Future[str]"] = {}
        answers: Answers = {"ack": [], "nack": []}
        # If an acknowledgement was late or lost the event comes again, and is acknowledged at once.
        taken: Dict[str, None] = {}
        failures = 0
        with ThreadPoolExecutor(self._workers) as pool:
            try:
                while True:
                    if running:
                        wait(running.values(), LOOK_S, FIRST_COMPLETED)
                    _add_ended(running, answers)
                    taken.update(dict.fromkeys(answers["ack"]))
                    while len(taken) > TAKEN_MAX:
                        del taken[next(iter(taken))]
                    try:
                        events = self._ask(answers, 0 if running else WAIT_S)
                    except Unreachable as error:
                        pause_s = min(PAUSE_S_MAX, FIRST_PAUSE_S * 2**failures) * random.uniform(0.5, 1.5)
                        failures += 1
                        log.warning("%s; asking again in %.1f s", error, pause_s)
                        time.sleep(pause_s)
                        continue
                    failures, answers = 0, {"ack": [], "nack": []}
                    for event in events:
                        if event.id in taken:
                            answers["ack"].append(event.id)
                        # One that takes long comes again meanwhile.
                        elif event.id not in running:
                            running[event.id] = pool.submit(self._handle, event)
            except KeyboardInterrupt:
                wait(running.values())
                try:
                    _add_ended(running, answers)
                    self._ask(answers, 0)
                except Unreachable as error:
                    log.warning("%s; what was taken last comes again", error)

    def reply(self, event: Event, content: Union[str, Json]) -> None:
        """Sends the customer a text, or another kind of message as ``{"msgtype": …}``.

        Replies of one event are sent once, though its handler runs again.

        :raises WecomError, Unreachable:
        """
        name = hashlib.sha256(f"{event.id} {event.replies}".encode()).hexdigest()[:32]
        event.replies += 1
        body = {"msgtype": "text", "text": {"content": content}} if isinstance(content, str) else content
        touser = (event.message or {}).get("external_userid")
        try:
            head = {"touser": touser, "open_kfid": event.open_kfid, "msgid": name}
            self.wecom(event.corp_id, "kf/send_msg", {**head, **body})
        except WecomError as error:
            if error.errcode != MSGID_USED or event.attempt == 1:
                raise

    def wecom(self, corp_id: str, path: str, body: Json) -> Json:
        """Calls WeCom's API through the manager: ``kf/sync_msg`` and others.

        :raises WecomError, Unreachable:
        """
        query = urllib.parse.urlencode({"corpid": corp_id, "corpsecret": self._corp_secret})
        token = _checked(self._call(f"/cgi-bin/gettoken?{query}"))["access_token"]
        return _checked(self._call(f"/cgi-bin/{path}?access_token={token}", body))

    def _ask(self, answers: Answers, wait_s: int) -> List[Event]:
        body = {"clientId": self._client_id, "waitS": wait_s, **answers}
        answer = self._call("/puppetWxkfManager/events", body, wait_s)
        return [Event.of(frame) for frame in answer["events"]]

    def _handle(self, event: Event) -> str:
        """Which list of answers the event belongs to; an empty string where it belongs to none."""
        handler = self._on_event if event.message is None else self._on_message
        if handler is None:
            log.error("%s: nothing handles %s", event.id, "events" if event.message is None else "messages")
            return ""
        try:
            handler(event)
            return "ack"
        except Unreachable as error:
            log.warning("%s comes again: %s", event.id, error)
            return ""
        except Exception:
            log.exception("%s was refused, and comes again", event.id)
            return "nack"

    def _call(self, path: str, body: Optional[Json] = None, wait_s: int = 0) -> Json:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._base + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=wait_s + ANSWER_LIMIT_S) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            if error.code in (401, 403):
                raise KeyRefused(text) from None
            raise Unreachable(f"the manager answered {error.code} {text[:200]}") from None
        except (OSError, ValueError) as error:
            raise Unreachable(f"the manager does not answer: {error}") from None


def _add_ended(running: Dict[str, "Future[str]"], answers: Answers) -> None:
    """Takes out what has ended, and adds it to the answers that it belongs to."""
    for name, future in [(name, future) for name, future in running.items() if future.done()]:
        del running[name]
        if future.result():
            answers[future.result()].append(name)


def _checked(answer: Json) -> Json:
    errcode, errmsg = answer.get("errcode", 0), answer.get("errmsg", "")
    if errcode in LATER_ERRCODES:
        raise Unreachable(f"{errcode} {errmsg}")
    if errcode != 0:
        raise WecomError(errcode, errmsg)
    return answer
