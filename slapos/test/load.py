"""Requests over TLS at a steady rate, each of which has to succeed."""
import http.client
import socket
import ssl
import threading
import urllib.parse


class Pinned(http.client.HTTPSConnection):
    """A connection to an address, for a name that its certificate has to bear."""

    def __init__(self, address, port, host, authority):
        context = ssl.create_default_context(cadata=authority)
        # An authority of one's own that says nothing of certificate transparency or key identifiers is one, too.
        context.verify_flags &= ~getattr(ssl, 'VERIFY_X509_STRICT', 0)
        super().__init__(host, port, timeout=10, context=context)
        self.address, self.tls = address, context

    def connect(self):
        plain = socket.create_connection((self.address, self.port), self.timeout)
        self.sock = self.tls.wrap_socket(plain, server_hostname=self.host)


def get(target, path='/'):
    """Status and text of a page, over a connection of its own."""
    connection = Pinned(*target)
    try:
        connection.request('GET', path, headers={'Host': f'{target[2]}:{target[1]}'})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def post(target, path, form):
    """Status of the answer to a form, over a connection of its own."""
    connection, origin = Pinned(*target), f'{target[2]}:{target[1]}'
    headers = {'Host': origin, 'Origin': f'https://{origin}', 'Content-Type': 'application/x-www-form-urlencoded'}
    try:
        connection.request('POST', path, body=urllib.parse.urlencode(form), headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def serial(target):
    """Serial number of the certificate that is served."""
    connection = Pinned(*target)
    try:
        connection.connect()
        return connection.sock.getpeercert()['serialNumber']
    finally:
        connection.close()


class Load:
    """Threads that ask for pages until they are told to stop."""

    def __init__(self, target, threads=4):
        self.target, self.answered, self.failed = target, 0, []
        self.enough, self.lock = threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(threads)]

    def work(self):
        while not self.enough.wait(0.02):
            try:
                status, _ = get(self.target)
                fault = None if status == 200 else f'status {status}'
            except (OSError, http.client.HTTPException) as error:
                fault = repr(error)
            with self.lock:
                self.answered += fault is None
                if fault:
                    self.failed.append(fault)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.enough.set()
        for thread in self.threads:
            thread.join()
