"""What profiles for SlapOS expect of zc.buildout and the stock 3.0.1 lacks.

SlapOS has a buildout of its own (3.0.1+slapos010), which PyPI does not have. Run as a program, this file makes the
stock one that is installed beside the running Python understand

  * values that are not texts, written `!py!…` (parameters, requests, keys given to Jinja),
  * `${:_profile_base_location_}`, the folder or URL of the last profile that names the section,
  * `$${` in a value, which recipes see as `${`,
  * the ending `:whl` of a pinned version,
  * one section [buildout] in the file of what is installed: slapos.cookbook:free_port reads it by a parser that refuses
    a second one, where the stock buildout appends one at each change,

and settles two more things that only matter outside SlapOS' own installer (see `main`).
"""
import email
import pathlib
import re
import shutil
import sys
import sysconfig

MARK = '!py!'
HOOK = '\n\nfrom zc.buildout import slapos_compat\nslapos_compat.extend(sys.modules[__name__])\n'
NAMES = {'__builtins__': {'set': set, 'frozenset': frozenset, 'bytearray': bytearray, 'complex': complex}}


def loads(value):
    return eval(value[len(MARK):], dict(NAMES))


def dumps(value):
    # A `$` would be substituted, and a `;` starts a comment.
    text = repr(value).replace('$', '\\x24').replace(';', '\\x3b')
    if eval(text, dict(NAMES)) != value:
        raise TypeError('an option cannot hold this value', value)
    return MARK + text


def cook(text):
    return loads(text) if text.startswith(MARK) else text.replace('$${', '${')


def extend(buildout):
    """Replaces in the module zc.buildout.buildout what the constructs need."""
    import zc.buildout.configparser
    import zc.buildout.easy_install as easy_install

    buildout.dumps, buildout.loads = dumps, loads
    stock_open, stock_save, stock_parse = buildout._open, buildout._save_options, zc.buildout.configparser.parse
    stock_versions, stock_update = easy_install.normalize_versions, buildout.Buildout._update_installed
    bases, opening = {}, []

    class Options(buildout.Options):
        def _text(self, option, seen=None):
            text = super().get(option, None, seen)
            return bases.get(self.name) if text is None and option == '_profile_base_location_' else text

        def get(self, option, default=None, seen=None):
            text = self._text(option, seen)
            if text is None:
                return default
            # A substitution, which alone has `seen`, wants the value as it is written.
            return cook(text) if seen is None else text

        def _sub(self, template, seen):
            return super()._sub(template, [] if seen is None else seen)

        def __getitem__(self, option):
            text = self._text(option)
            if text is None:
                raise buildout.MissingOption('Missing option: %s:%s' % (self.name, option))
            return cook(text)

        def __setitem__(self, option, value):
            super().__setitem__(option, value if isinstance(value, str) else dumps(value))

    def open_(*args):
        opening.append(None)
        try:
            result = stock_open(*args)
        finally:
            own = opening.pop()
        # After the profiles that this one extends, so that the last one to name a section wins.
        if own:
            bases.update(own)
        return result

    def parse(file, name, *args, **options):
        result = stock_parse(file, name, *args, **options)
        if opening:
            base = name.split(' (downloaded as ')[0].rpartition('/')[0]
            opening[-1] = dict.fromkeys(result, base)
        return result

    def save(section, options, file):
        # `copy` gives the texts, where reading gives the values.
        stock_save(section, options.copy(), file)

    def update_installed(self, **changes):
        # The stock way first, for what it does; then the last value of each option under one heading.
        stock_update(self, **changes)
        path = pathlib.Path(self['buildout']['installed'])
        heading, *parts = re.split(r'(?m)^(?=\[)', path.read_text())
        own = [part for part in parts if part.startswith('[buildout]\n')]
        options = dict(line.split(' = ', 1) for part in own for line in part.splitlines() if ' = ' in line)
        lines = ['[buildout]', *(f'{option} = {value}' for option, value in options.items())]
        path.write_text('\n'.join(lines) + '\n\n' + ''.join(part for part in parts if part not in own))

    buildout.Buildout._update_installed = update_installed
    buildout.Options = buildout.Buildout.Options = Options
    buildout._open, buildout._save_options, zc.buildout.configparser.parse = open_, save, parse
    easy_install.normalize_versions = lambda versions: {
        name: version.split(':')[0] for name, version in stock_versions(versions).items()}


def replace(path, old, new):
    text = path.read_text()
    if new in text:
        return
    if text.count(old) != 1:
        sys.exit(f'{path}: not the expected version')
    path.write_text(text.replace(old, new))


def main(folder):
    shutil.copy(__file__, folder / 'zc/buildout/slapos_compat.py')
    path = folder / 'zc/buildout/buildout.py'
    if HOOK not in path.read_text():
        path.write_text(path.read_text() + HOOK)

    # The path of the watchdog, which repairs what crashed, is that of SlapOS' installer.
    replace(folder / 'slapos/grid/slapgrid.py', "WATCHDOG_PATH = '/opt/slapos/bin/slapos-watchdog'",
            "WATCHDOG_PATH = os.path.join(sys.prefix, 'bin', 'slapos-watchdog')")

    # This buildout knows a distribution by the name of its folder, where newer wheels write `_` for a dot.
    for info in folder.glob('*.dist-info'):
        name = email.message_from_bytes((info / 'METADATA').read_bytes())['Name']
        stem, _, version = info.name.partition('-')
        if '.' in name and stem != name:
            info.rename(info.with_name(f'{name}-{version}'))


if __name__ == '__main__':
    main(pathlib.Path(sysconfig.get_path('purelib')))
