"""A client of WXKF-Manager's stream (docs/reference/protocol.md) for bots without an address, with the standard library alone.

The manager is told that an event was taken once its handler has returned; one whose handler raises is refused, and comes
again. Nothing is stored here.
"""

import asyncio
import base64
import hashlib
import json
import logging
import os
import random
import signal
import struct
import threading
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, Union

Json = Dict[str, Any]

STREAM = "/puppetWxkfManager/stream"
HAND_OVER = "/puppetWxkfManager/sessions/handOver"
#: The manager says something every 30 s.
SILENCE_S = 75
ANSWER_LIMIT_S = 15
CLOSE_LIMIT_S = 2
FIRST_PAUSE_S = 0.5
PAUSE_S_MAX = 30.0
#: How long an event stays away that cannot be taken now.
LATER_MS = 5000
#: The manager sends messages of up to 2 MB.
FRAME_BYTES_MAX = 4 * 1024 * 1024
#: Opcodes of WebSocket's frames (RFC 6455, 5.2), and the code of what the manager does not take.
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
INVALID = 1008
#: Whoever speaks WebSocket makes its ``Sec-WebSocket-Accept`` with it (RFC 6455, 1.3).
ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#: A frequency limit, or WeCom is busy.
LATER_ERRCODES = (-1, 45009, 45033)
#: ``msgid`` was sent before.
MSGID_USED = 40058

#: Those that raise KeyboardInterrupt end ``run`` in order; a second one raises it.
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
#: How many events that were taken are remembered.
TAKEN_MAX = 1000

log = logging.getLogger("wxkf_client")


class KeyRefused(Exception):
    """The manager does not take the key or what this client says: to connect again makes no sense."""


class Replaced(Exception):
    """A client with the same ``client_id`` has connected elsewhere."""


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
    #: The ``msgid`` of each text that the message was joined from, in their order, its own last (``session.mergeS`` of the bot).
    #: Empty where it is one message of WeCom's.
    merged: Tuple[str, ...] = ()
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
            merged=tuple((frame.get("message") or {}).get("merged", ())),
        )


Handler = Callable[[Event], Any]
#: A connection that was lost, or could not be made.
LOST = (OSError, EOFError, ValueError, asyncio.TimeoutError, Unreachable)


class _Socket:
    """A WebSocket (RFC 6455) that carries JSON objects."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self.is_ready = reader, writer, False

    @classmethod
    async def open(cls, base: str, key: str) -> "_Socket":
        url = urllib.parse.urlsplit(base)
        is_secure = url.scheme == "https"
        port = url.port or (443 if is_secure else 80)
        reader, writer = await asyncio.open_connection(url.hostname, port, ssl=is_secure or None)
        nonce = base64.b64encode(os.urandom(16)).decode()
        head = [f"GET {url.path}{STREAM} HTTP/1.1", f"Host: {url.netloc.rpartition('@')[2]}"]
        head += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        head += [f"Sec-WebSocket-Key: {nonce}", f"Authorization: Bearer {key}", "", ""]
        writer.write("\r\n".join(head).encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        status = int(answer.split()[1])
        accept = base64.b64encode(hashlib.sha1((nonce + ACCEPT_GUID).encode()).digest())
        if status != 101 or accept not in answer:
            writer.close()
            raise (KeyRefused if status in (401, 403) else Unreachable)(f"the manager answered {status}")
        return cls(reader, writer)

    def send(self, frame: Json) -> None:
        self._write(TEXT, json.dumps(frame).encode())

    async def receive(self) -> Json:
        text = b""
        while True:
            is_last, opcode, data = await self._read(FRAME_BYTES_MAX - len(text))
            if opcode == PING:
                self._write(PONG, data)
            elif opcode == CLOSE:
                code, reason = int.from_bytes(data[:2], "big"), data[2:].decode(errors="replace")
                is_refused = code == INVALID and not self.is_ready
                raise (KeyRefused if is_refused else Unreachable)(f"the manager closed: {code} {reason}")
            elif opcode < CLOSE:
                text += data
                if is_last:
                    return json.loads(text)

    async def close(self) -> None:
        """Waits until the manager has closed, so that it has read what was sent last."""
        self._write(CLOSE, struct.pack("!H", 1000))
        try:
            await asyncio.wait_for(self._reader.read(), CLOSE_LIMIT_S)
        except LOST:
            pass
        self.drop()

    def drop(self) -> None:
        self._writer.close()

    async def _read(self, size_max: int) -> Tuple[bool, int, bytes]:
        first, size = await self._reader.readexactly(2)
        if size > 125:
            size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
        if size > size_max:
            raise ValueError(f"a frame of {size} bytes came")
        return first > 127, first & 15, await self._reader.readexactly(size)

    def _write(self, opcode: int, data: bytes) -> None:
        """Whole frames, masked as those of a client are; they are short."""
        size, mask = len(data), os.urandom(4)
        head = bytes([128 | opcode, 128 | size]) if size < 126 else struct.pack("!BBH", 128 | opcode, 254, size)
        self._writer.write(head + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(data)))


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
        self._pool = ThreadPoolExecutor(workers)
        self._on_message: Optional[Handler] = None
        self._on_event: Optional[Handler] = None
        self._socket: Optional[_Socket] = None
        self._running: Dict[str, "asyncio.Task[None]"] = {}
        #: If an acknowledgement was late or lost the event comes again, and is acknowledged at once.
        self._taken: Dict[str, None] = {}
        self._failures = 0

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

        :raises KeyRefused, Replaced:
        """
        loop = asyncio.new_event_loop()
        interrupted = loop.create_future()

        def interrupt(number: int, _frame: Any) -> None:
            signal.signal(number, signal.default_int_handler)
            loop.call_soon_threadsafe(interrupted.cancel)

        # Python raises KeyboardInterrupt wherever the loop is by then, and what that was doing is lost: an acknowledgement, or the
        # end of a handler that is then waited for without end. Other threads get no signals.
        is_main = threading.current_thread() is threading.main_thread()
        taken = [one for one in INTERRUPTS if is_main and signal.getsignal(one) is signal.default_int_handler]
        for one in taken:
            signal.signal(one, interrupt)
        try:
            loop.run_until_complete(self._stay_until(interrupted))
        finally:
            for one in taken:
                signal.signal(one, signal.default_int_handler)
            self._pool.shutdown()
            loop.close()

    async def _stay_until(self, interrupted: "asyncio.Future[None]") -> None:
        connected = asyncio.ensure_future(self._stay_connected())
        await asyncio.wait([connected, interrupted], return_when=asyncio.FIRST_COMPLETED)
        if connected.done():
            return connected.result()
        # Until Python 3.11 ``wait_for`` may swallow the first one.
        while not connected.done():
            connected.cancel()
            await asyncio.sleep(0)
        if self._running:
            await asyncio.wait(list(self._running.values()))
        if self._socket is not None:
            await self._socket.close()

    async def _stay_connected(self) -> None:
        while True:
            try:
                await self._connect()
                while self._socket is not None:
                    await self._take_frame(await asyncio.wait_for(self._socket.receive(), SILENCE_S))
            except LOST as error:
                lost, self._socket = self._socket, None
                if lost is not None:
                    lost.drop()
                pause_s = min(PAUSE_S_MAX, FIRST_PAUSE_S * 2**self._failures) * random.uniform(0.5, 1.5)
                self._failures += 1
                log.warning("%s; connecting again in %.1f s", error or type(error).__name__, pause_s)
                await asyncio.sleep(pause_s)

    async def _connect(self) -> None:
        """The connection before stays until the new one stands: a manager that stops goes on for a while."""
        opened = await asyncio.wait_for(_Socket.open(self._base, self._key), ANSWER_LIMIT_S)
        opened.send({"type": "hello", "version": 1, "clientId": self._client_id})
        before, self._socket = self._socket, opened
        if before is not None:
            await before.close()

    async def _take_frame(self, frame: Json) -> None:
        kind, name, reason = frame["type"], frame.get("id", ""), frame.get("reason")
        if kind == "ready":
            self._failures, self._socket.is_ready = 0, True
        elif kind == "ping":
            self._send({"type": "pong", "at": frame["at"]})
        elif kind == "event" and name in self._taken:
            self._send({"type": "ack", "id": name})
        # One that takes long comes again meanwhile.
        elif kind == "event" and name not in self._running:
            self._running[name] = asyncio.ensure_future(self._take(Event.of(frame)))
        elif kind == "goaway" and reason == "auth":
            raise KeyRefused("the key does not count any more")
        elif kind == "goaway" and reason == "replaced":
            raise Replaced("the same client has connected elsewhere")
        elif kind == "goaway" and reason == "drain":
            await asyncio.sleep(frame["reconnectAfterMs"] / 1000)
            try:
                await self._connect()
            except LOST as error:
                log.info("the manager stops, and no other takes this client: %s", error)

    async def _take(self, event: Event) -> None:
        answer = await asyncio.get_running_loop().run_in_executor(self._pool, self._handle, event)
        if answer["type"] == "ack":
            self._taken[event.id] = None
            if len(self._taken) > TAKEN_MAX:
                del self._taken[next(iter(self._taken))]
        del self._running[event.id]
        self._send({**answer, "id": event.id})

    def _send(self, frame: Json) -> None:
        """What is lost with its connection comes again."""
        if self._socket is not None:
            self._socket.send(frame)

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

    def hand_over(self, event: Event, text: Optional[str] = None) -> str:
        """Hands the customer over to people, as ``session.people`` of the bot says. Safe to repeat.

        :param text: what the customer is told, in place of ``session.people.waiting``
        :returns: what became of the customer: ``moved``, ``already``, ``nobody`` or ``closed``; with the last two the bot goes on
        :raises WecomError: the manager refuses it
        :raises Unreachable:
        """
        customer = (event.message or {}).get("external_userid")
        body = {"openKfId": event.open_kfid, "externalUserId": customer}
        return self._call(HAND_OVER, body if text is None else {**body, "text": text})["outcome"]

    def wecom(self, corp_id: str, path: str, body: Json) -> Json:
        """Calls WeCom's API through the manager: ``kf/sync_msg`` and others.

        :raises WecomError, Unreachable:
        """
        query = urllib.parse.urlencode({"corpid": corp_id, "corpsecret": self._corp_secret})
        token = _checked(self._call(f"/cgi-bin/gettoken?{query}"))["access_token"]
        return _checked(self._call(f"/cgi-bin/{path}?access_token={token}", body))

    def _handle(self, event: Event) -> Json:
        handler = self._on_event if event.message is None else self._on_message
        if handler is None:
            log.error("%s: nothing handles %s", event.id, "events" if event.message is None else "messages")
            return {"type": "nack", "retryAfterMs": LATER_MS}
        try:
            handler(event)
            return {"type": "ack"}
        except Unreachable as error:
            log.warning("%s comes again: %s", event.id, error)
            return {"type": "nack", "retryAfterMs": LATER_MS}
        except Exception:
            log.exception("%s was refused, and comes again", event.id)
            return {"type": "nack"}

    def _call(self, path: str, body: Optional[Json] = None) -> Json:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._base + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_LIMIT_S) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            if error.code < 500 and error.code != 429:
                raise WecomError(error.code, text[:200]) from None
            raise Unreachable(f"the manager answered {error.code} {text[:200]}") from None
        except (OSError, ValueError) as error:
            raise Unreachable(f"the manager does not answer: {error}") from None


def _checked(answer: Json) -> Json:
    errcode, errmsg = answer.get("errcode", 0), answer.get("errmsg", "")
    if errcode in LATER_ERRCODES:
        raise Unreachable(f"{errcode} {errmsg}")
    if errcode != 0:
        raise WecomError(errcode, errmsg)
    return answer
