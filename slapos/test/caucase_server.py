"""A caucase server of a test's own, its operator, and the chapter of life.py that they belong to."""
import contextlib
import pathlib
import socket
import subprocess
import sys
import urllib.request

import load
from node import wait

BINARIES = pathlib.Path(sys.prefix) / 'bin'
# Its clients renew what has less than 31 days left: each time that they look.
VALIDITY_DAYS = 20


def free_pair():
    """A port that nobody has, with the one after it, which caucase takes for HTTPS."""
    while True:
        with socket.create_server(('::1', 0), family=socket.AF_INET6) as first, contextlib.suppress(OSError):
            port = first.getsockname()[1]
            with socket.create_server(('::1', port + 1), family=socket.AF_INET6):
                return port


class Caucase:
    """Signs nothing by itself but the certificate of its one operator."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        netloc = f'[::1]:{free_pair()}'
        self.url = f'http://{netloc}'
        self.user = folder / 'user.pem'
        with (folder / 'log').open('w') as log:
            self.process = subprocess.Popen([
                BINARIES / 'caucased', '--db', folder / 'caucase.sqlite', '--server-key', folder / 'server.pem',
                '--cors-key-store', folder / 'cors.key', '--netloc', netloc, '--service-crt-validity', str(VALIDITY_DAYS),
            ], stdout=log, stderr=log)

    def __enter__(self):
        wait('caucase', self.authority)
        request = self.folder / 'user.csr.pem'
        subprocess.run(['openssl', 'req', '-new', '-batch', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=operator',
                        '-keyout', self.user, '-out', request], check=True, capture_output=True)
        number = self.client('--mode', 'user', '--send-csr', request).split()[0]
        self.client('--mode', 'user', '--get-crt', number, self.user)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def authority(self):
        """The certificate that it publishes for those who check what it signed."""
        with urllib.request.urlopen(f'{self.url}/cas/crt/ca.crt.pem') as answer:
            return answer.read().decode()

    def client(self, *arguments):
        files = [f'--{name}={self.folder / name}.pem' for name in ('ca-crt', 'user-ca-crt', 'crl', 'user-crl')]
        command = [BINARIES / 'caucase', '--ca-url', self.url, *files, *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f'{arguments}: {done.stdout}{done.stderr}'
        return done.stdout

    def sign(self, number):
        self.client('--user-key', self.user, '--sign-csr', number)


def caucase(life):
    """An authority of the operator's own signs the certificate, renews it, and goes away; no request fails."""
    with Caucase(life.node.base / 'caucase') as server:
        ours, theirs = life.target(), (*life.target()[:3], server.authority())
        served = lambda target: load.serial(target) if load.get(target)[0] == 200 else None

        def waiting():
            life.node.one_pass()
            return life.node.published(life.request())['caucase-request']

        with load.Load((*ours[:3], ours[3] + theirs[3])) as under:
            with life.timed('a certificate by caucase, from the parameter to its request'):
                life.request(**{'caucase-url': server.url})
                number = wait('a request to sign', waiting)
            life.tell('caucase')
            server.sign(number)
            with life.timed('a certificate signed by caucase, until Sōzu serves it'):
                wait('what caucase has signed', lambda: served(theirs))
            life.green()
            assert life.node.published(life.request())['authority'] == theirs[3]
            first = served(theirs)
            with life.timed('a certificate renewed by caucase, until Sōzu serves it'):
                # It looks at its start, else once in a while.
                life.programs.run('supervise', 'restart', 'caucase', '--plan', life.folder / 'etc/keep.toml')
                wait('another certificate', lambda: served(theirs) not in (None, first))
            life.request(**{'caucase-url': ''})
            life.green()
            wait('its own authority', lambda: served(ours))
        print(f'         {under.answered} requests, {len(under.failed)} failed', flush=True)
        assert not under.failed and under.answered > 50, under.failed[:3]
