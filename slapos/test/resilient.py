"""The chapter of life.py on a portal with a copy elsewhere. With tools from the system, nothing carries a set from one
partition to the other: the chapter does, in the place of upstream's backup server."""
import copy
import pathlib
import shutil
import subprocess

import node as nodes
from node import wait


def resilient(life):
    """A portal and its copy by one request; what is exported is imported, again and again."""
    https, http = nodes.free(2)
    parameters = {**life.parameters, 'https-port': https, 'http-port': http, '-sla-1-computer_guid': 'local'}
    ask = lambda state='started': life.node.request(life.url, 'double', parameters, 'resilient', state=state)
    importers = lambda: {file.parent.parent for file in pathlib.Path(life.node.slapos.instance_directory).glob('*/bin/*importer')}
    before = importers()

    with life.timed('a portal and its copy by one request'):
        ask()
        life.node.settle()
    said = life.node.published(ask())
    assert said['url'].endswith(f':{https}/') and 'takeover-guichet-1-url' in said and said['authority'], said
    there = {'portal-1' in (one / 'etc/keep.toml').read_text(): one for one in importers() - before}
    source, target = there[True], there[False]

    portal = copy.copy(life)
    portal.https, portal.folder, portal.programs, portal.receipts = https, source, nodes.Programs(source), 0
    portal.node = copy.copy(life.node)
    portal.node.base = life.node.base / 'double'
    for receipts in 1, 2:
        portal.deposit()
        subprocess.run([source / 'bin/guichet-exporter'], check=True)
        shutil.copytree(source / 'srv/backup/guichet', target / 'srv/backup/guichet', dirs_exist_ok=True)
        with life.timed('export imported by the copy, until every receipt verifies'):
            subprocess.run([target / 'bin/guichet-importer'], check=True)
        assert life.chain(nodes.Programs(target)) == receipts

    ask('destroyed')
    wait('the partitions to be empty', lambda: life.node.slapos.waitForReport() or not importers() - before)
