"""Renders the profile of each software type with the SlapOS repository's own templates, stacks and macros, and opens it
as slapgrid would, with every ${…} resolved and every recipe initialised; nothing is installed, and no master asked.

SLAPOS_REPOSITORY names the repository, as for check_production.py.
"""
import json
import os
import re
import sys
import warnings

sys.dont_write_bytecode = True
from profiles import REPOSITORY, UPSTREAM, Profile, Upstream, workshop
import slapos.slap
import zc.buildout.buildout as stock

PRODUCTION = REPOSITORY / 'slapos/software.cfg'
TEMPLATES = ('slapos.recipe.template', 'slapos.recipe.template:jinja2', 'slapos.recipe.build:download',
             'slapos.recipe.build:mkdirectory', 'slapos.cookbook:mkdirectory')
CONNECTION = {'computer-id': 'COMP-1', 'partition-id': 'slappart0', 'server-url': 'http://localhost', 'requested': 'started',
              'key-file': '', 'cert-file': '', 'software-release-url': 'https://example.org/software.cfg'}
FURTHER = {
    'host-name': 'aap.example.org', 'frontend': True, 'caucase-url': 'http://[2001:db8::1]:8009', 'smtp-password': '$ecret',
    'publisher': {'name': 'L’agence', 'privacy': {'account-months': 24, 'recipients': [{'fr': 'a', 'en': 'b'}]}},
    'smtp-url': 'smtp://localhost', 'mail-bounces': 'b@aap.example.org', 'scan-clamd': 'unix:/run/clamav/clamd.ctl', 'restic-repository': '/copies', 'acme-directory-url': 'https://example.org/directory'}
# What upstream's macro gives to what it requests.
GIVEN = {'namebase': 'guichet', 'name': 'guichet0', 'number': '0', 'authorized-key': ' ssh-rsa AAAA',
         'resiliency-backup-periodicity': '*/30 * * * *'}
PULL = {'slave_reference': 'PULL-1', 'slave_title': 'PBS 1 pulling', 'timestamp': '0', 'type': 'pull', 'url': 'ssh://a@[::1]:22//a',
        'server-key': 'ssh-rsa AAAA', 'name': 'a', 'title': 'a', 'notification-id': 'a', 'on-notification': 'http://[::1]:80/get/a',
        'notify': 'http://[::1]:80/notify', 'remove-backup-older-than': '2W'}
CALL = {'slave_reference': 'CALL-1', '_': json.dumps({'host-name': 'a.example.org', 'call-definition': 'id = "a"'})}
# What a request of a software type is answered with.
PUBLISHED = {'attachments': {
    'computer': 'COMP-1', 's3': 'http://[::1]:1', 'admin': 'http://[::1]:2', 'rpc': '[::1]:3', 'zone': 'COMP-1'}}
# Software type, parameters, shared instances, and sections that have to be among the parts.
CASES = [
    ('default', {}, [], ['supervise', 'publish']),
    ('default', FURTHER, [CALL], ['frontend', 'guichet-caucase', 'guichet-caucase-promise', 'scan-promise', 'publish-call-1']),
    ('cluster', {'portal-partitions': 2, 'database-ca': 'PEM', 'attachments-partitions': 4, **FURTHER,
                 '-sla-attachments-4-computer_guid': 'COMP-4',
                 'attachments-layout': {'2': {'retired': True}, '4': {'zone': 'a', 'capacity': 1000}}}, [CALL],
     ['request-cluster', 'request-portal-2', 'attachments-promise', 'publish']),
    ('portal', {'name': 'partition-1', 'public-url': 'https://aap.example.org', 'database-url': 'mysql://a:b@[::1]:3306/a',
                'keys-seed': 'ab', 'garage-nodes': 'COMP-2 http://[::2]:1 http://[::2]:2 [::2]:3 a 1\n     1',
                'garage-token': 'ab', 'attachments-key-id': 'GKab', 'attachments-key-secret': 'ab'}, [],
     ['supervise', 'attachments-promise', 'publish']),
    ('attachments', {'number': 2, 'rpc-secret': 64 * '0', 'admin-token': 32 * 'a'}, [], ['supervise', 'publish']),
    ('portal_import', {}, [], ['importer', 'publish']),
    ('resilient', {'resilient-clone-number': 2, '-sla-1-computer_guid': 'COMP-2', **FURTHER}, [],
     ['request-guichet', 'request-guichet-pseudo-replicating-2', 'request-pbs-guichet-2',
      'request-pull-backup-server-guichet-backup-2', 'publish-connection-information']),
    ('portal_export', {**FURTHER, **GIVEN}, [], ['exporter', 'notifier-exporter', 'sshkeys-sshd', 'cron-entry-backup']),
    ('portal_import', {**FURTHER, **GIVEN}, [], ['importer', 'notify-callback', 'resiliency-takeover-script']),
    ('pull-backup', None, [PULL], ['pbs']),
    ('frozen', None, [], []),
]


class Master:
    """A master that says what an instance is requested with; of what instances publish in JSON, only PUBLISHED is there."""

    def __init__(self, software_type, parameters, shared):
        self.answer = {
            'slap_software_type': software_type, 'slave_instance_list': shared, 'timestamp': '0', 'instance_title': 'a',
            'root_instance_title': 'a', 'ip_list': [('', '127.0.0.1'), ('', '::1')],
            **({} if parameters is None else {'_': json.dumps(parameters)})}

    def __call__(self):
        return self

    registerComputerPartition = lambda self, *_, **__: self
    initializeConnection = setConnectionDict = lambda self, *_, **__: None
    getInstanceParameterDict = lambda self: dict(self.answer)
    getConnectionParameterDict = lambda self: {}
    getState = getStatus = lambda self: 'started'
    getInstanceGuid = lambda self: 'SOFTINST-1'

    def request(self, _, software_type, *__, **___):
        self.requested = software_type
        return self

    def getConnectionParameter(self, name):
        if name != '_':
            return 'published'
        if self.requested not in PUBLISHED:
            raise slapos.slap.NotFoundError(name)
        return json.dumps(PUBLISHED[self.requested])

    def error(self, text, **_):
        print(text)


def local(work, upstream):
    """The production profile with the SlapOS repository's files at their places in a folder."""
    text = PRODUCTION.read_text().replace('../buildout/', f'{REPOSITORY}/buildout/')
    profile = work / 'software.cfg'
    profile.write_text(re.sub(UPSTREAM.pattern, lambda match: str(upstream.file(match[0])), text))
    return profile


def render(profile, work):
    """Installs the parts that are files made from files at hand; their needs come first."""
    for name in profile.buildout._parts:
        part = profile.buildout[name]
        # What is elsewhere, or made by a command, is not there.
        if part['recipe'] in TEMPLATES and os.path.exists(part.get('url') or work):
            part.recipe.install()


def sections(**contents):
    lines = []
    for name, options in contents.items():
        lines += [f'[{name.replace("_", "-")}]', *(f'{key} = {value}' for key, value in options.items())]
    return '\n'.join(lines) + '\n'


def instance(number, case, software, upstream, work):
    """Opens an instance's profile; returns it, or the one that chooses it if there is something wrong with that."""
    software_type, parameters, shared, _ = case
    slapos.slap.slap = Master(software_type, parameters, [dict(one) for one in shared])
    file = work / f'{number}.cfg'
    file.write_text(sections(buildout={'extends': software / 'instance.cfg'}, slap_connection=CONNECTION))
    chosen = Profile(file, upstream, work / f'chosen-{number}')
    if chosen.errors:
        return chosen
    render(chosen, work)
    section, option = chosen.buildout['switch-softwaretype'][software_type].split(':')
    configuration = {'recipe': 'slapos.cookbook:switch-softwaretype.noop',
                     '-switch-softwaretype.noop': stock.dumps(dict(chosen.buildout['slap-configuration']))}
    file.write_text(sections(buildout={'extends': chosen.buildout[section][option]}, slap_connection=CONNECTION,
                             slap_configuration=configuration))
    release = work / f'instance-{number}' / 'software_release'
    release.mkdir(parents=True)
    (release / 'buildout.cfg').touch()
    profile = Profile(file, upstream, release.parent)
    if not profile.errors:
        render(profile, work)
    return profile


def main():
    # Upstream's own types have no schema.
    warnings.simplefilter('ignore')
    with workshop() as work:
        upstream = Upstream(os.environ['SLAPOS_REPOSITORY'], work)
        software = Profile(local(work, upstream), upstream, work / 'software')
        failed = software.report_errors()
        render(software, work)
        for number, case in enumerate(CASES):
            profile = instance(number, case, work / 'software', upstream, work)
            missing = set(case[3]) - set(profile.parts())
            failed |= profile.report_errors() or bool(missing)
            print(f'{case[0]}: {len(profile.parts())} parts{", but not " if missing else ""}{" ".join(missing)}')
        return failed


if __name__ == '__main__':
    sys.exit(main())
