"""Chapter of life.py: a portal over two partitions, on a cluster of databases, with its attachments on three nodes of
Garage, and behind a frontend. What it requests of others' software releases is answered by stand-ins (stand_in/)."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tomllib
import urllib.parse

import load
import node as nodes
from node import wait

STAND_IN = pathlib.Path(__file__).resolve().parent / 'stand_in'
CDN, DATABASE = STAND_IN / 'rapid_cdn/software.cfg', STAND_IN / 'repman/software.cfg'
AFTER_SYNC = '[mariadbd]\nrpl_semi_sync_master_wait_point = AFTER_SYNC\n'
EMAIL = 'ada@exemple.fr'
SAMPLE = nodes.REPOSITORY / 'docs/samples/hyper-open-x/P10-liasse.pdf'


class Tree:
    """What one request of the type `cluster` brings with it."""

    def __init__(self, life, https, http):
        self.life, self.node, self.https = life, life.node, https
        self.parameters = {
            'frontend': True, 'frontend-software-url': str(CDN), 'database-software-url': str(DATABASE),
            'https-port': https, 'http-port': http, 'portal-partitions': 1, 'rounds': life.parameters['rounds'],
            'demonstration': True, 'officers': ['officier@exemple.fr'], 'backup-hours': 1,
            # By themselves all would be in one zone: that of this computer.
            'attachments-layout': {str(number): {'zone': f'zone-{number}', 'capacity': 1024} for number in (1, 2, 3)}}

    def request(self, state='started', **changes):
        self.parameters.update(changes)
        return self.node.request(self.life.url, 'grappe', self.parameters, 'cluster', state=state)

    def partitions(self, file):
        """Partitions that have a file, in the order of their making."""
        folder = pathlib.Path(self.node.slapos.instance_directory)
        return sorted(folder / found.relative_to(folder).parts[0] for found in folder.glob(f'*/{file}'))

    @property
    def portals(self):
        return [one for one in self.partitions('etc/guichet-1.toml') if not (one / 'etc/sozu.toml').exists()]

    @property
    def stores(self):
        return self.partitions('etc/garage.toml')

    def settle(self):
        """Runs slapgrid until all is deployed and every promise of ours kept."""
        told = None
        def well():
            nonlocal told
            code = self.node.one_pass()
            results = [self.node.promises(folder) for folder in (self.root, *self.portals, *self.stores)]
            failed = {name: said for one, _ in results for name, said in one.items()}
            if (code or failed) and told != failed:
                told = failed
                print(f'         slapgrid {code}:', ', '.join(failed) or self.node.said[-400:], flush=True)
            return code == 0 and not failed and len(results) == 5 and all(count for _, count in results)
        wait('all promises to be kept', well, 240)

    def browse(self, method, path, body=None, cookie='', host=None):
        """A request of a browser through Sōzu, as the frontend passes it on: by what it was told of us."""
        told = urllib.parse.urlsplit(self.received['url'])
        host = host or self.domain
        connection = load.Pinned(told.hostname, told.port, host, self.received['ssl_proxy_ca_crt'])
        headers = {'Host': host, 'Origin': f'https://{host}', 'Cookie': cookie}
        if body is not None:
            body = urllib.parse.urlencode(body)
            headers['Content-Type'] = 'application/x-www-form-urlencoded'
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheader('Set-Cookie', '').split(';')[0]
        finally:
            connection.close()

    def sign_in(self):
        assert self.browse('POST', '/sign-in', {'email': EMAIL, 'next': '/dossiers'})[0] == 200
        def link():
            # Whichever process sent it has filed it in its own partition.
            for folder in (self.root, *self.portals):
                for file in (folder / 'var/mail').glob('*.json'):
                    for word in json.loads(file.read_text())['body'].split():
                        if '/sign-in/' in word:
                            return urllib.parse.urlsplit(word).path
        path = wait('the link', link, 30)
        status, _, cookie = self.browse('POST', path, {'next': '/dossiers'})
        assert status == 303 and cookie
        return cookie

    def deposit(self, number):
        folder = self.node.base / f'grappe-{number}'
        shutil.rmtree(folder, ignore_errors=True)
        return self.programs.deposit(
            folder, EMAIL, f'https://{self.domain}', f'[::1]:{self.https}',
            self.received['ssl_proxy_ca_crt'])

    @contextlib.contextmanager
    def without(self, folder, *names):
        """Programs of a partition are killed, and do not come back before the end."""
        programs, supervisor = nodes.Programs(folder), self.node.supervisor(folder)['pid']
        old = {name: programs.pid(name) for name in names}
        os.kill(supervisor, signal.SIGSTOP)
        for pid in old.values():
            os.kill(pid, signal.SIGKILL)
        try:
            yield
        finally:
            os.kill(supervisor, signal.SIGCONT)
        wait('new ones', lambda: all(programs.pid(name) not in (None, pid) for name, pid in old.items()))

    def same_piece(self, number=0):
        """An attachment of a deposit is the one that was sent, whoever answers."""
        receipt, = (self.node.base / f'grappe-{number}').glob('receipt-*.json')
        piece = f'/receipts/{receipt.stem.removeprefix("receipt-")}/pieces/P10'
        status, body, _ = self.browse('GET', piece, cookie=self.cookie)
        assert status == 200 and body == SAMPLE.read_bytes(), status

    @staticmethod
    def sql(partition, text):
        command = ['mariadb', f'--socket={partition}/var/s.sock', '--batch', '--skip-column-names', '-e', text]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def cluster(life):
    life.build()
    node, tree = life.node, Tree(life, *life.ports(2))
    with node.timed('build of the two stand-ins'):
        for url in CDN, DATABASE:
            node.build(str(url))
    cdn = node.request(str(CDN), 'cdn', {'domain': 'cdn.localhost'})
    node.one_pass()
    begin(tree, node, cdn)
    deposit(tree, node)
    guest_call(tree, node)
    fewer_processes(tree, node)
    fewer_stores(tree, node)
    next_leader(tree, node)
    end(tree, node, cdn)


def begin(tree, node, cdn):
    """A partition that has to be where there is none keeps the tree waiting; then it is allocated, and all is well."""
    with node.timed('a cluster whose further partition has to be on a computer that is not there'):
        tree.request(**{'-sla-portal-1-computer_guid': 'COMP-elsewhere'})
        wait('the database', lambda: node.one_pass() and tree.partitions('etc/database-url'), 240)
        assert node.one_pass() and not tree.portals
    asked = tree.request(**{'-sla-portal-1-computer_guid': 'local'})
    tree.root = node.folder(asked)
    with node.timed('the same on this computer, until all is there and the database is refused as it comes'):
        def refused():
            node.one_pass()
            return 'No second server confirms' in node.promises(tree.root)[0].get('guichet-database.py', '')
        wait('the promise of the database to be red', refused, 180)
    with node.timed('what docs/runbooks/operators.md has done to the servers, until every promise is kept'):
        for server in tree.partitions('etc/mysql/my.cnf'):
            (server / 'etc/mysql/custom.d/99_guichet.cnf').write_text(AFTER_SYNC)
            tree.sql(server, "set global rpl_semi_sync_master_wait_point = 'AFTER_SYNC'")
        tree.settle()
    tree.programs = nodes.Programs(tree.root)
    tree.further, = tree.portals
    def told():
        node.one_pass()
        tree.received, = json.loads((node.folder(cdn) / 'var/received.json').read_text())
        return tree.received['ssl-proxy-verify'] == 'true'
    wait('the frontend to have our authority', told)
    said = node.published(tree.request())
    tree.domain = urllib.parse.urlsplit(said['url']).netloc
    assert tree.domain == said['host-name'] and tree.domain.endswith('.cdn.localhost'), said
    status, page, _ = tree.browse('GET', '/')
    assert status == 200 and b'Hyper Open X' in page
    for secret in 'keys-seed', 'database-url', 'attachments-key', 'garage-token':
        one, other = (folder / 'etc' / secret for folder in (tree.root, tree.further))
        assert one.read_text() == other.read_text() and other.stat().st_mode & 0o777 == 0o600
    settings = [line for line in tree.programs.run('garage', 'settings').splitlines() if not line.startswith('#')]
    for store in tree.stores:
        assert not set(settings) - set((store / 'etc/garage.toml').read_text().splitlines()), settings


def deposit(tree, node):
    """Attachments are in the object store, and nowhere else."""
    with node.timed('a complete deposit under the frontend\'s domain'):
        tree.deposit(0)
    # The nodes keep so small files beside their metadata, not as blocks: who has them shows once a node is lost, below.
    told = tree.programs.run('promise', 'attachments', '--config', tree.programs.config)
    assert '3 nodes store' in told, told
    assert not any(any((folder / 'srv/guichet/blobs').glob('??/*')) for folder in (tree.root, tree.further))
    tree.cookie = tree.sign_in()
    tree.same_piece()


def guest_call(tree, node):
    """A call of somebody else's is served by every partition."""
    text, host = (nodes.REPOSITORY / 'tests/fixtures/calls/petit-pas.toml').read_text(), 'grappe.localhost'
    with node.timed('a shared request, until its call is served'):
        node.request(tree.life.url, 'appel-grappe', {'host-name': host, 'call-definition': text}, 'cluster', shared=True)
        files = [folder / 'etc/calls/1.toml' for folder in (tree.root, tree.further)]
        wait('both partitions to have it', lambda: node.one_pass() in (0, 2) and all(file.read_text() == text for file in files))
        tree.settle()
        wait('the call', lambda: tree.browse('GET', '/', host=host)[0] == 200)


def fewer_processes(tree, node):
    """The further partition serves alone: pages, sessions and attachments."""
    with tree.without(tree.root, 'portal-1', 'portal-2'):
        with node.timed('the processes of the first partition killed, until the further one answers for all'):
            wait('the page', lambda: tree.browse('GET', '/')[0] == 200)
        for _ in range(30):
            tree.same_piece()
    with node.timed('until every promise is kept again'):
        tree.settle()


def fewer_stores(tree, node):
    """With the node that both partitions prefer lost, what one of them takes in, the other one gives out."""
    url = tomllib.loads((tree.root / 'etc/guichet-1.toml').read_text())['attachments']['url']
    first = url.split('endpoint=http://')[1].split('&')[0]
    preferred, = (store for store in tree.stores if f'api_bind_addr = "{first}"' in (store / 'etc/garage.toml').read_text())
    with tree.without(preferred, 'garage'):
        with node.timed('a node of the attachments killed, until a deposit through the further partition has its receipt'):
            with tree.without(tree.root, 'portal-1', 'portal-2'):
                wait('the page', lambda: tree.browse('GET', '/')[0] == 200)
                tree.deposit(1)
        with node.timed('its attachment through the first partition'):
            with tree.without(tree.further, 'partition-1-portal-1', 'partition-1-portal-2'):
                wait('the page', lambda: tree.browse('GET', '/')[0] == 200)
                for number in 0, 1:
                    tree.same_piece(number)
        wait('the promise to tell', lambda: node.one_pass() and 'guichet-attachments.py' in node.promises(tree.root)[0])
    with node.timed('until the node is back and every promise is kept'):
        tree.settle()


def next_leader(tree, node):
    """The database server that leads is lost, with nothing that was acknowledged."""
    leader = next(one for one in tree.partitions('etc/mysql/my.cnf') if tree.sql(one, 'select @@read_only') == '0')
    with node.timed('the leader of the database killed, until another deposit has its receipt'):
        os.kill(int((leader / 'var/pid').read_text()), signal.SIGKILL)
        wait('a deposit', lambda: tree.deposit(2), 90)
    chain = tree.programs.run('admin', 'chain', '--config', tree.programs.config)
    assert chain.split()[0] == '3', chain
    with node.timed('until it follows again and every promise is kept'):
        tree.settle()
        running = "select variable_value from information_schema.global_status where variable_name = 'Slave_running'"
        wait('its replication', lambda: (tree.sql(leader, 'select @@read_only'), tree.sql(leader, running)) == ('1', 'ON'))


def end(tree, node, cdn):
    folders = [tree.root, tree.further, *tree.stores, node.folder(cdn), *tree.partitions('etc/mysql/my.cnf')]
    with node.timed('destruction of the tree'):
        tree.request(state='destroyed')
        node.request(str(CDN), 'cdn', {}, state='destroyed')
        wait('its partitions to be empty',
             lambda: node.slapos.waitForReport() or not any(any(folder.iterdir()) for folder in folders))
    for url in CDN, DATABASE:
        node.slapos.supply(str(url), state='destroyed')
    node.slapos.waitForSoftware()
