"""A bot that WXKF-Manager gives messages (docs/messages.md): it answers each text with the same text."""
import base64, hmac, json, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from os import environ as env
from urllib.request import Request, urlopen

def call(path, body=None):
    headers = {"authorization": f"Bearer {env['BOT_KEY']}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(env["MANAGER_URL"] + path, data, headers), timeout=4) as response:
        return json.load(response)

def is_signed(headers, body):
    at, given = headers["webhook-timestamp"] or "0", headers["webhook-signature"] or ""
    key = base64.b64decode(env["SIGNING_SECRET"].removeprefix("whsec_"))
    mac = hmac.digest(key, f"{headers['webhook-id']}.{at}.".encode() + body, "sha256")
    is_same = hmac.compare_digest(f"v1,{base64.b64encode(mac).decode()}", given)
    return is_same and abs(time.time() - int(at)) < 300

def take(message, msgid):  # The same msgid for every attempt of a message: WeCom sends no second reply.
    if message["msgtype"] == "text":
        token = call(f"/cgi-bin/gettoken?corpid={env['CORP_ID']}&corpsecret={env['CORP_SECRET']}")["access_token"]
        to = {"touser": message["external_userid"], "open_kfid": env["KF_ID"], "msgid": msgid}
        call(f"/cgi-bin/kf/send_msg?access_token={token}", {**to, "msgtype": "text", "text": message["text"]})

class Bot(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            status = 200 if is_signed(self.headers, body) else 401
            if status == 200: take(json.loads(body), self.headers["webhook-id"])
        except (OSError, KeyError): status = 503
        self.send_response(status)
        self.end_headers()

server = ThreadingHTTPServer(("", int(env.get("PORT", "8080"))), Bot)
bot = {"kfId": env["KF_ID"], "kfName": "Echo", "corpId": env["CORP_ID"], "corpSecret": env["CORP_SECRET"]}
bot["endpoint"] = env.get("SELF_URL", f"http://127.0.0.1:{server.server_port}")
call("/puppetWxkfManager/register", {**bot, "takes": "message"})
server.serve_forever()
