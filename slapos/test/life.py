"""The life of a portal on a SlapOS node: built, requested, broken, repaired, changed and upgraded under load, exported,
destroyed and brought back elsewhere. Prints how long each part took.

    life.py BASE VALUE=… [chapters=begin,change]    for the Python of setup-slapos, as an ordinary user; `make test-slapos` runs it
"""
import datetime
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import urllib.request

import caucase_server
import load
import node as nodes
import resilient
from cluster import cluster
from node import free, wait

HOST, GUEST = 'guichet.localhost', 'appel.localhost'


def rounds():
    today = datetime.date.today()
    return f'''[[rounds]]
call = "hyper-open-x"
id = "demonstration"
title = {{ fr = "Relève d'essai à 100 ${{ }}", en = "Trial round" }}
opens_at = "{today - datetime.timedelta(days=1)}T00:00:00"
closes_at = "{today + datetime.timedelta(days=30)}T00:00:00"
envelope_cents = 100_000_000
bricks = ["slapos", "rapid-cdn", "sozu", "biscuit", "repman", "wendelin", "opensvc"]
demonstration = true
note = {{ fr = "Essai.", en = "Trial." }}
'''


class Life:
    def __init__(self, base, values):
        self.ports = free
        master, self.https, http, other_https, other_http = free(5)
        self.node = nodes.Node(base, {'master': master}, values)
        self.timed = self.node.timed
        self.parameters = {
            'host-name': HOST, 'https-port': self.https, 'http-port': http, 'demonstration': True,
            'rounds': rounds(), 'officers': ['officier@exemple.fr'], 'backup-hours': 1}
        self.elsewhere = {**self.parameters, 'https-port': other_https, 'http-port': other_http}
        self.receipts, self.url = 0, None

    # ---- what it is made of ----

    def request(self, url=None, **changes):
        self.parameters.update(changes)
        return self.node.request(url or self.url, 'portail', self.parameters)

    def green(self):
        """Runs slapgrid until all promises are kept."""
        told = None
        def well():
            nonlocal told
            code = self.node.one_pass()
            failed, count = self.node.promises(self.folder)
            if (failed or code) and told != failed:
                told = failed
                print(f'         slapgrid {code}:', ', '.join(failed) or self.node.said[-600:], flush=True)
            return code == 0 and not failed and count
        return wait('all promises to be kept', well, 90)

    def red(self, name):
        """Runs slapgrid until a promise is broken, and says why."""
        def broken():
            self.node.one_pass()
            return self.node.promises(self.folder)[0].get(f'guichet-{name}.py')
        return wait(f'{name} to be red', broken, 120)

    def target(self, host=HOST, port=None):
        return '::1', port or self.https, host, self.authority

    def deposit(self):
        said = self.programs.deposit(
            self.node.base / f'dossier-{self.receipts}', f'ada{self.receipts}@exemple.fr', f'https://{HOST}:{self.https}',
            f'[::1]:{self.https}', (self.folder / 'srv/authority/ca.pem').read_text())
        self.receipts += 1
        return said

    def chain(self, programs=None):
        programs = programs or self.programs
        return int(programs.run('admin', 'chain', '--config', programs.config).split()[0])

    # ---- the story ----

    def build(self):
        if not self.url:
            self.url = self.node.profile('one', 'one')
            with self.timed('build of the release (tools from the system)'):
                self.node.build(self.url)
            # What a build has written is no burden on the service that is tried next.
            os.sync()

    def begin(self):
        self.build()
        with self.timed('first instantiation, until every promise is kept'):
            self.request()
            self.node.one_pass()
            self.partition = self.request()
            self.folder = self.node.folder(self.partition)
            wait('the authority', (self.folder / 'srv/authority/ca.pem').is_file)
            print('        ', self.green(), 'promises kept', flush=True)
        said = self.node.published(self.request())
        assert said['url'] == f'https://{HOST}:{self.https}/' and said['address'] == '[::1]', said
        self.authority, self.operator = said['authority'], said['operator-url']
        self.programs = nodes.Programs(self.folder)
        status, page = load.get(self.target())
        assert status == 200 and 'Hyper Open X' in page, page
        with self.timed('a complete deposit through Sōzu on the partition\'s address'):
            print('        ', self.deposit().splitlines()[0])
        assert self.chain() == 1

    def refuse(self):
        """A wrong parameter is refused with its name and reason, and what runs goes on."""
        self.node.request(self.url, 'portail', {**self.parameters, 'portal-processes': 'many', 'colour': 'red'})
        assert self.node.one_pass() != 0
        log = (self.node.base / 'var/log/slapos-node-instance.log').read_text()
        for words in ("$.portal-processes: 'many' is not of type 'integer'", "'colour' was unexpected"):
            assert words in log, f'{words} is not in the log'
        assert load.get(self.target())[0] == 200
        self.request()
        with self.timed('a second pass over a portal that did not change'):
            assert self.node.one_pass() == 0

    def repair(self):
        with self.timed('a process that is stuck (SIGSTOP), until it is another one'):
            old = self.programs.pid('portal-1')
            os.kill(old, signal.SIGSTOP)
            wait('another portal-1', lambda: self.programs.pid('portal-1') not in (None, old))
        for name in 'mariadb', 'sozu', 'edge', 'portal-1', 'portal-2':
            old = self.programs.pid(name)
            with self.timed(f'kill -9 of {name}, until the page is there again'):
                os.kill(old, signal.SIGKILL)
                wait(f'another {name}', lambda: self.programs.pid(name) not in (None, old))
                wait('the page', lambda: load.get(self.target())[0] == 200)
        before = {name: self.programs.pid(name) for name in ('mariadb', 'sozu', 'portal-2')}
        with load.Load(self.target()) as under, self.timed('kill -9 of the supervisor, until slapgrid has it again'):
            os.kill(self.node.supervisor(self.folder)['pid'], signal.SIGKILL)
            wait('the supervisor to be gone', lambda: self.supervisor_state() == 'EXITED')
            self.node.one_pass()
            wait('the supervisor', lambda: self.supervisor_state() == 'RUNNING')
        assert not under.failed, under.failed[:3]
        after = {name: self.programs.pid(name) for name in before}
        assert before == after, f'{before} {after}: what it had started goes on'
        self.green()

    def supervisor_state(self):
        return self.node.supervisor(self.folder)['statename']

    def promises(self):
        """Each promise broken by its cause, and kept again once that is mended."""
        with self.timed('promises red by their cause, and green again by themselves'):
            for frozen, red in ('edge', 'certificates'), ('portal-1', 'process-1'), ('mariadb', 'database'):
                os.kill(self.programs.pid(frozen), signal.SIGSTOP)
                self.tell(red)
                self.green()
            sozu = self.programs.pid('sozu')
            for _ in range(5):
                os.kill(sozu, signal.SIGKILL)
                old, sozu = sozu, wait('another Sōzu', lambda: self.programs.pid('sozu') not in (None, sozu)
                                       and self.programs.pid('sozu'))
            self.tell('programs')
            self.green()
            sets = self.folder / 'srv/backup/guichet'
            sets.rename(sets.with_name('away'))
            sets.mkdir()
            (sets / 'sets').write_text('in the way of new ones')
            self.tell('backup')
            (sets / 'sets').unlink()
            self.green()
            self.request(**{'disk-reserve': 1000000000})
            self.tell('disk')
            self.request(**{'disk-reserve': 100})
            self.green()
            # Nobody listens there: the mail waits, and leaves once there is a way again.
            self.request(**{'smtp-url': f'smtp://[::1]:{free(1)[0]}', 'mail-late-seconds': 5})
            self.node.one_pass()
            wait('a mail to be asked for',
                 lambda: load.post(self.target(), '/sign-in', {'email': 'ada@exemple.fr', 'next': '/'}) == 200)
            self.tell('outbox')
            self.request(**{'smtp-url': '', 'mail-late-seconds': 300})
            self.green()
            forge = "update deposit set receipt = replace(receipt, 'Guindeau', '{}')"
            self.sql(forge.format('Guindaud'))
            self.tell('chain')
            self.sql(forge.replace("'Guindeau', '{}'", "'Guindaud', 'Guindeau'"))
            self.green()

        feed = lambda: urllib.request.urlopen(self.operator.replace('/en', '/incidents.atom')).read().decode()
        for promise in 'chain', 'backup':
            wait(f'the incident of {promise} to be closed', lambda: f'Closed: guichet-{promise}' in feed())

    def tell(self, name):
        print(f'         red: {name}:', self.red(name).split('output: ')[-1][:200], flush=True)

    def sql(self, text):
        socket_file = self.folder / 'srv/mariadb/mariadb.sock'
        subprocess.run(['mariadb', f'--socket={socket_file}', 'guichet', '-e', text], check=True)

    def change(self):
        """A parameter changes under load: only the portal's processes are others, and no request fails."""
        before = {name: self.programs.pid(name) for name in ('mariadb', 'sozu', 'edge', 'portal-1', 'portal-2')}
        with load.Load(self.target()) as under:
            with self.timed('a parameter changed under load'):
                self.request(officers=['officier@exemple.fr', 'seconde@exemple.fr'])
                self.node.one_pass()
                self.changed('portal-1', before)
                self.changed('portal-2', before)
            self.green()
        print(f'         {under.answered} requests, {len(under.failed)} failed', flush=True)
        assert not under.failed and under.answered > 50, under.failed[:3]
        for name in 'mariadb', 'sozu':
            assert self.programs.pid(name) == before[name], f'{name} was restarted'

    def changed(self, name, before):
        wait(f'another {name}', lambda: self.programs.pid(name) not in (None, before[name])
             and not self.programs.record(name)['outdated'])

    def upgrade(self):
        """Another build of the release under load: no request fails, no deposit is lost."""
        url = self.node.profile('two', 'two')
        with self.timed('build of another release'):
            self.node.build(url)
        before = {name: self.programs.pid(name) for name in ('mariadb', 'sozu', 'portal-1', 'portal-2')}
        with load.Load(self.target()) as under:
            with self.timed('upgrade under load, until every promise is kept'):
                self.request(url)
                self.node.one_pass()
                self.changed('portal-1', before)
                self.deposit()
                self.changed('portal-2', before)
                self.green()
            self.deposit()
        print(f'         {under.answered} requests, {len(under.failed)} failed', flush=True)
        assert not under.failed and under.answered > 50, under.failed[:3]
        assert self.chain() == self.receipts
        assert self.programs.pid('mariadb') == before['mariadb'] and self.programs.pid('sozu') == before['sozu']
        self.url, self.programs = url, nodes.Programs(self.folder)
        assert self.node.published(self.request())['build'] == 'two'

    def second_call(self):
        """A call of somebody else's by a shared instance; a definition that is wrong harms nobody."""
        text = (nodes.REPOSITORY / 'tests/fixtures/calls/petit-pas.toml').read_text()
        ask = lambda definition: self.node.request(
            self.url, 'appel', {'host-name': GUEST, 'call-definition': definition}, shared=True)
        with load.Load(self.target()) as under:
            with self.timed('a second call by a shared request'):
                ask(text)
                self.node.settle()
                wait('the second call', lambda: load.get(self.target(GUEST))[0] == 200)
            said = self.node.published(ask(text))
            assert said['url'] == f'https://{GUEST}:{self.https}/', said
            ask('id = "nothing that would do"')
            self.node.one_pass()
            self.tell('calls')
            ask(text)
            self.green()
            # An address inside the operator's network is not asked, and says so.
            self.node.request(self.url, 'appel', {'host-name': GUEST, 'call-url': 'https://[::1]/a.toml'}, shared=True)
            self.node.one_pass()
            self.tell('calls')
            ask(text)
            self.green()
        assert not under.failed, under.failed[:3]

    def account(self):
        with self.timed('slapos node report'):
            self.node.slapos.waitForReport()
        journal = (self.folder / 'srv/guichet/consumption.jsonl').read_text()
        assert f'"deposits":{{"hyper-open-x":{self.receipts}}}' in journal, journal
        tariff = self.node.base / 'tariff.toml'
        tariff.write_text('customer = "essai"\ndossier_cents = 0\ndeposit_cents = 250\nstorage_gib_month_cents = 40\n'
                          'cpu_hour_cents = 3\nvat_ppm = 200_000\n')
        month = datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m')
        draft = self.programs.run('admin', 'invoice', '--month', month, '--tariff', tariff, '--config', self.programs.config)
        assert f'"deposit","hyper-open-x",{self.receipts}.000000,250,{250 * self.receipts}' in draft, draft
        log = (self.node.base / 'var/log/slapos-node-report.log').read_text()
        assert 'guichet_deposit' in log and 'guichet_storage' in log, log[-2000:]

    def disaster(self):
        """Export, destroy, import elsewhere; every receipt verifies."""
        sets = self.node.base / 'sets'
        with self.timed('export'):
            subprocess.run([self.folder / 'bin/guichet-exporter'], check=True)
        shutil.copytree(self.folder / 'srv/backup/guichet', sets)
        self.destroy('portail', self.folder)
        with self.timed('import elsewhere, until every receipt verifies'):
            ask = lambda software_type: self.node.request(self.url, 'ailleurs', self.elsewhere, software_type)
            ask('portal_import')
            self.node.settle()
            folder = self.node.folder(ask('portal_import'))
            shutil.copytree(sets, folder / 'srv/backup/guichet', dirs_exist_ok=True)
            wait('its database', (folder / 'srv/mariadb/mariadb.sock').exists, 60)
            subprocess.run([folder / 'bin/guichet-importer'], check=True)
            ask('default')
            self.folder = folder
            self.node.one_pass()
            self.green()
        self.programs = nodes.Programs(folder)
        self.authority = (folder / 'srv/authority/ca.pem').read_text()
        assert self.chain() == self.receipts
        assert load.get(self.target(port=self.elsewhere['https-port']))[0] == 200

    def destroy(self, reference, folder):
        with self.timed(f'destruction of {reference}'):
            self.node.request(self.url, reference, {}, state='destroyed')
            wait('the partition to be empty', lambda: self.node.slapos.waitForReport() or not any(folder.iterdir()))

    def end(self):
        folder = self.folder
        processes = [self.programs.pid(name) for name in ('mariadb', 'sozu', 'edge', 'portal-1', 'portal-2')]
        self.destroy('ailleurs', folder)
        wait('the programs to be gone', lambda: not any(pathlib.Path(f'/proc/{pid}').exists() for pid in processes))
        for url in {self.url, self.node.base / 'profiles/one/software.cfg'}:
            self.node.slapos.supply(str(url), state='destroyed')
        self.node.slapos.waitForSoftware()
        assert not os.listdir(self.node.slapos.software_directory)

    STORY = (begin, refuse, repair, promises, change, caucase_server.caucase, upgrade, second_call, account, cluster,
             disaster, resilient.resilient, end)


def main(base, values):
    # For whoever works on one of them.
    chapters = values.pop('chapters', '').split(',') if values.get('chapters') else []
    life = Life(base, values)
    try:
        for chapter in (one for one in Life.STORY if not chapters or one.__name__ in chapters):
            print(f'{chapter.__name__}:', flush=True)
            chapter(life)
    finally:
        life.node.stop()
    print('\n| what | seconds |\n|---|---|')
    for what, seconds in life.node.table:
        print(f'| {what} | {seconds:.1f} |')


if __name__ == '__main__':
    main(sys.argv[1], dict(one.split('=', 1) for one in sys.argv[2:]))
