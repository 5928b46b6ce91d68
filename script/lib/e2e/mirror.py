"""Serves a folder on loopback to who has the right Authorization, and says its port. mirror.py FOLDER AUTHORIZATION"""
import functools, http.server, sys


class Mirror(http.server.SimpleHTTPRequestHandler):
    def send_head(self):
        if self.headers.get('Authorization') != sys.argv[2]:
            self.send_error(401)
            return None
        return super().send_head()


with http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Mirror, directory=sys.argv[1])) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
