"""Fails when slapos/software-system.cfg, which the tests build, differs from slapos/software.cfg, which production
builds, in more than the substitutions of TABLE. Both are opened whole, every recipe initialised, nothing built.
"""
import os
import sys

sys.dont_write_bytecode = True
from profiles import REPOSITORY, Profile, Upstream, workshop

OWN = [str(REPOSITORY / name) for name in ('buildout/guichet.cfg', 'slapos/buildout.hash.cfg')]
# What the profile of a test gives; here they only need to be there.
MACHINE = dict(rust_location='/rust', cargo_home='/cargo', cargo_target='/target', sozu_location='/sozu', garage_location='/garage', build='test')
# (section, option) that may differ, and why.
TABLE = {
    ('guichet-source', '*'): 'only production clones; the tests build the working copy',
    ('guichet', 'shared'): 'a shared part does not notice that the working copy changed',
    ('guichet', 'path'): 'the working copy, not a clone of a published revision',
    ('guichet', 'build'): 'a working copy has no revision; the test names its builds',
    ('guichet', 'target'): 'what cargo compiled is kept from one test to the next',
    ('guichet', 'cargo-options'): 'the profile and the libraries that the other tests have compiled already',
    ('guichet', 'environment'): 'CARGO_HOME too, for the libraries that are on the machine',
}
# Those whose value may only have more lines, at its end.
LONGER = {('guichet', 'environment')}


def written(profile, section):
    """The options of a section as they are written, and the folder that its files come from."""
    options = dict(profile.buildout._raw.get(section, {}))
    if section == 'buildout':
        return {'parts': options['parts']}
    if section in profile.buildout._parts:
        options['_profile_base_location_'] = profile.buildout[section].get('_profile_base_location_')
    return options


def differences(production, system):
    for section, sources in sorted(production.sources.items()):
        if not set(sources.values()) & set(OWN):
            continue
        pair = written(production, section), written(system, section)
        for option in sorted(set(pair[0]) | set(pair[1])):
            if pair[0].get(option) != pair[1].get(option):
                yield section, option, *(options.get(option) for options in pair)


def main():
    with workshop() as work:
        upstream = Upstream(os.environ.get('SLAPOS_REPOSITORY'), work)
        production = Profile(REPOSITORY / 'slapos/software.cfg', upstream, work / 'production')
        system = Profile(REPOSITORY / 'slapos/software-system.cfg', upstream, work / 'system', **MACHINE)
        failed = production.report_errors() + system.report_errors()
        found = list(differences(production, system))
        changed = {(section, option) for section, sources in production.sources.items()
                   if set(sources.values()) & set(OWN) and section != 'buildout' and (section, '*') not in TABLE
                   for option, source in sources.items() if source not in OWN}
    for section, option in sorted(changed):
        failed = True
        print(f'ERROR [{section}] {option}: production changes what our own files say')
    used = set()
    for section, option, ours, theirs in found:
        entry = next((key for key in ((section, option), (section, '*')) if key in TABLE), None)
        if entry and (entry not in LONGER or theirs.splitlines()[:len(ours.splitlines())] == ours.splitlines()):
            used.add(entry)
            continue
        failed = True
        print(f'ERROR [{section}] {option}: {ours!r} in production, {theirs!r} from the system')
    for section, option in sorted(set(TABLE) - used):
        failed = True
        print(f'ERROR [{section}] {option}: in the table, and the same in both')
    if not failed:
        print(f'{len(production.parts())} parts in production, {len(system.parts())} from the system; '
              f'our own sections differ in {len(found)} options, all in the table')
    return bool(failed)


if __name__ == '__main__':
    sys.exit(main())
