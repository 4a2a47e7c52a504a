"""Checks slapos/software.cfg, the profile for production, without building or downloading anything.

The SlapOS repository that it extends comes from SLAPOS_REPOSITORY, a checkout or a git repository with the revision;
where none is named, from the stand-in in slapos/test/upstream, which only tells faults of our own files.
"""
import collections
import json
import os
import re
import sys
import time

import jinja2
from jinja2 import meta

sys.dont_write_bytecode = True
from profiles import REPOSITORY, STAND_IN, STOCK, Profile, Upstream, workshop
import zc.buildout.configparser as configparser

PROFILE = REPOSITORY / 'slapos/software.cfg'
MONITOR = REPOSITORY / 'buildout/monitor-system.cfg.jinja2.in'


def check_stand_ins(profile):
    """What the stand-ins have must be upstream's too, or they would pass what upstream refuses."""
    for file in sorted(STAND_IN.rglob('*.cfg')):
        with file.open() as text:
            for section, options in configparser.parse(text, str(file)).items():
                there = profile.buildout.get(section) or profile.buildout._raw.get(section, {})
                for option in options:
                    if option not in there:
                        profile.errors[str(file), section, option] = 'not so upstream'


def check_monitor(profile, upstream):
    """The sections of the monitor's stand-in must be upstream's, word for word."""
    template = (upstream.folder / 'stack/monitor/instance-monitor.cfg.jinja2.in').read_text()
    for section in re.split(r'(?m)^(?=\[)', MONITOR.read_text())[1:]:
        if section.strip() not in template:
            profile.errors[str(MONITOR), section.split(']')[0][1:], ''] = 'not so upstream'


def check_requested(upstream):
    """The release that a cluster requests has to be of the same revision: its parameters were read there."""
    schema = json.loads((REPOSITORY / 'slapos/instance-cluster-input-schema.json').read_text())
    upstream.file(schema['properties']['database-software-url']['default'])


def check_keys(profile):
    """What slapos/instance.cfg.in names must be what [instance-profile] gives it."""
    file = REPOSITORY / 'slapos/instance.cfg.in'
    lines = profile.buildout['instance-profile']['context'].splitlines()
    given = {words[1] for words in map(str.split, lines) if words}
    used = meta.find_undeclared_variables(jinja2.Environment().parse(file.read_text()))
    for key in used - given:
        profile.errors[str(file), 'instance-profile', key] = 'not in the context'


def check_versions(profile):
    """The packages of the tests must be those of production."""
    file = REPOSITORY / 'buildout/versions.cfg'
    with file.open() as text:
        ours = configparser.parse(text, str(file))['versions']
    theirs = {name.lower(): version.split(':')[0] for name, version in profile.buildout['versions'].items()}
    for name, version in ours.items():
        there = theirs.get(name.lower())
        if there != version and name not in STOCK:
            profile.errors[str(file), 'versions', name] = f'{version} here, {there} upstream'


def check_schemas(profile):
    """What the default type takes, those that request it or are requested in its place take too."""
    folder = REPOSITORY / 'slapos'
    read = lambda name: json.loads((folder / f'instance-{name}-schema.json').read_text())['properties']
    for kind, others in {'input': ('cluster', 'resilient', 'copy'), 'output': ('resilient', 'copy')}.items():
        for other in others:
            for missing in set(read(f'default-{kind}')) - set(read(f'{other}-{kind}')):
                profile.errors[str(folder / f'instance-{other}-{kind}-schema.json'), 'properties', missing] = 'not there'


def main():
    start = time.monotonic()
    with workshop() as work:
        upstream = Upstream(os.environ.get('SLAPOS_REPOSITORY'), work)
        profile = Profile(PROFILE, upstream, work / 'buildout', unused_too=True)
        profile.check_sums()
        check_keys(profile)
        check_schemas(profile)
        check_requested(upstream)
        if upstream.folder != STAND_IN:
            check_stand_ins(profile)
            check_monitor(profile, upstream)
            check_versions(profile)
        parts = profile.parts()
        without_sum = [name for name, part in parts.items() if not part.get('md5sum')
                       and re.match('https?://', part.get('url') or '') and not upstream.file(part['url'])]
        for name in without_sum:
            source = profile.source(name, 'url')
            if profile.is_own(source):
                profile.errors[source, name, 'url'] = 'downloaded without md5sum'
        revisions = ', '.join(sorted(upstream.revisions))
        if len(upstream.revisions) > 1:
            profile.errors[str(PROFILE), 'buildout', 'extends'] = f'several revisions: {revisions}'

        print(f'SlapOS repository: {"stand-in" if upstream.folder == STAND_IN else upstream.named}, {revisions}')
        print(f'{len(profile.opened)} openings of {len({os.path.normpath(name) for name in profile.opened})} profiles, '
              f'{len(profile.buildout._raw)} sections, {len(parts)} parts, {time.monotonic() - start:.1f} s')
        for recipe, count in collections.Counter(part['recipe'] for part in parts.values()).most_common():
            print(f'{count:5} {recipe}')
        print(f'downloaded without md5sum: {" ".join(without_sum) or "none"}')
        return profile.report_errors()


if __name__ == '__main__':
    sys.exit(main())
