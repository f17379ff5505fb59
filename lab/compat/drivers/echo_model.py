"""A model that echoes, for programs that are started whole: what OpenAI and Dify answer to a chat message.

It belongs to the program's process, so that it is there whenever the program is.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def start(name):
    """Returns its base URL. Each answer begins with `name`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers['content-length'])))
            answer = dify_answer if self.path.endswith('/chat-messages') else openai_answer
            body = json.dumps(answer(name, request)).encode()
            self.send_response(200)
            self.send_header('content-type', 'application/json')
            self.send_header('content-length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f'http://127.0.0.1:{server.server_port}/v1'


def openai_answer(name, request):
    said = [each['content'] for each in request['messages'] if each['role'] == 'user'][-1]
    return {
        'id': 'echo',
        'object': 'chat.completion',
        'model': request.get('model', 'echo'),
        'choices': [
            {
                'index': 0,
                'message': {'role': 'assistant', 'content': f'{name}: {said}'},
                'finish_reason': 'stop',
            }
        ],
        'usage': {'prompt_tokens': 1, 'completion_tokens': 1, 'total_tokens': 2},
    }


def dify_answer(name, request):
    return {
        'event': 'message',
        'mode': 'chat',
        'message_id': 'echo',
        'conversation_id': 'echo',
        'answer': f'{name}: {request["query"]}',
        'metadata': {},
        'created_at': 0,
    }
