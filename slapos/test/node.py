"""A SlapOS node of one computer, made for a test and gone after it, and what a test asks of it."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import xml.etree.ElementTree

import psutil
from slapos.slap.standalone import SlapOSNodeCommandError, StandaloneSlapOS

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
PARTITIONS = 14
# Passes of slapgrid that a tree may need to settle, as upstream's tests allow.
PASSES = 20


def free(count):
    """Ports that nobody has at the moment."""
    sockets = [socket.create_server(('::1', 0), family=socket.AF_INET6) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait(what, condition, seconds=120):
    """Waits until a condition holds, and returns what it returned."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, KeyError, IndexError, ValueError, AssertionError, subprocess.CalledProcessError):
            if result := condition():
                return result
        assert time.monotonic() < end, f'waited in vain for {what}'
        time.sleep(0.1)


class Node:
    """The node; its time table is what the test prints in the end."""

    def __init__(self, base, address, values, keep=False):
        self.base, self.address, self.table, self.values = pathlib.Path(base), address, [], values
        if not keep:
            shutil.rmtree(self.base, ignore_errors=True)
        self.base.mkdir(parents=True, exist_ok=True)
        binary = pathlib.Path(sys.prefix) / 'bin'
        os.environ['PATH'] = f'{binary}:{os.environ["PATH"]}'
        self.slapos = StandaloneSlapOS(str(self.base), '127.0.0.1', address['master'], slapos_bin=str(binary / 'slapos'))
        self.slapos.format(PARTITIONS, '127.0.0.1', '::1')

    @contextlib.contextmanager
    def timed(self, what):
        began = time.monotonic()
        yield
        self.table.append((what, time.monotonic() - began))
        print(f'{time.monotonic() - began:7.1f} s  {what}', flush=True)

    def profile(self, name, build):
        """A profile of the release from the system, whose portal calls itself `build`."""
        folder = self.base / 'profiles' / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(REPOSITORY / 'slapos', folder, ignore=shutil.ignore_patterns('test', '*.cfg'))
        lines = [f'{key} = {value}' for key, value in {**self.values, 'build': build}.items()]
        text = f'[buildout]\nextends = {REPOSITORY}/slapos/software-system.cfg\n' + '\n'.join(lines) + '\n'
        (folder / 'software.cfg').write_text(text)
        return str(folder / 'software.cfg')

    def build(self, url):
        self.slapos.supply(url)
        self.slapos.waitForSoftware(error_lines=60)

    def request(self, url, reference, parameters, software_type='default', **more):
        return self.slapos.request(
            software_release=url, software_type=software_type, partition_reference=reference,
            partition_parameter_kw={'_': json.dumps(parameters)}, **more)

    def settle(self, passes=PASSES):
        """Runs slapgrid until every partition and every promise is well; returns the number of passes."""
        for number in range(1, passes + 1):
            try:
                self.slapos.waitForInstance(error_lines=40)
                return number
            except SlapOSNodeCommandError as error:
                last = error
        raise last

    def one_pass(self):
        """One run of slapgrid, as the cron of a real node has it every minute; its exit code. Promises are only asked
        again after a minute, which a test does not wait for."""
        for file in pathlib.Path(self.slapos.instance_directory).glob('*/.slapgrid/promise/cache/guichet-*'):
            file.unlink()
        try:
            self.slapos.waitForInstance(error_lines=40)
            return 0
        except SlapOSNodeCommandError as error:
            self.said = error.args[0]['output']
            return error.args[0]['exitstatus']

    def published(self, partition):
        return json.loads(partition.getConnectionParameterDict()['_'])

    def folder(self, partition):
        return pathlib.Path(self.slapos.instance_directory) / partition.getId()

    def promises(self, folder):
        """Name and message of the promises that are not kept, and how many there are, from their last run."""
        found = [json.loads(file.read_text()) for file in folder.glob('.slapgrid/promise/result/*.json')]
        failed = {one['name']: one['result']['message'] for one in found if one['result']['failed']}
        return failed, len(found)

    def supervisor(self, folder):
        """State and process of the service that slapgrid keeps for a partition of ours."""
        with self.slapos.instance_supervisor_rpc as supervisord:
            return next(one for one in supervisord.getAllProcessInfo()
                        if one['group'] == folder.name and one['name'].startswith('guichet'))

    def stop(self):
        self.slapos.stop()


class Programs:
    """The programs of a partition, as their supervisor has recorded them."""

    def __init__(self, folder):
        self.folder = folder
        self.guichet = tomllib.loads((folder / 'etc/keep.toml').read_text())['keeper']

    def record(self, name):
        return json.loads((self.folder / 'var/run/keep' / f'{name}.json').read_text())

    def pid(self, name):
        process = self.record(name)['process']
        return process['pid'] if process and psutil.pid_exists(process['pid']) else None

    def run(self, *arguments):
        done = subprocess.run([self.guichet, *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 0, f'{arguments}: {done.stdout}{done.stderr}'
        return done.stdout

    def deposit(self, folder, email, url, address, authority):
        """Deposits the sample in a folder of its own, as a program does, and returns what that said."""
        shutil.copytree(REPOSITORY / 'docs/samples/hyper-open-x', folder)
        said = self.run('admin', 'token', email, '--label', 'essai', '--config', self.config)
        (folder / 'token').write_text(next(word for word in said.split() if len(word) > 100))
        (folder / 'ca.pem').write_text(authority)
        return self.run('deposit', folder, '--url', url, '--connect', address, '--ca', folder / 'ca.pem',
                        '--token-file', folder / 'token', '--yes')

    @property
    def config(self):
        return self.folder / 'etc/guichet-1.toml'


def movements(file):
    """Resource, reference and quantity of a consumption report."""
    tree = xml.etree.ElementTree.parse(file).getroot()
    return [(m.findtext('resource').split('/')[-1], m.findtext('reference'), float(m.findtext('quantity')))
            for m in tree.iter('movement')]
