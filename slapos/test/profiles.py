"""Opens a profile of SlapOS as buildout does, with every ${…} resolved and every recipe initialised, and nothing built
or downloaded: what the URLs of the SlapOS repository hold comes from a folder. For the Python of setup-slapos.
"""
import contextlib
import copy
import hashlib
import logging
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import pkg_resources
import zc.buildout.buildout as stock
import zc.buildout.download as download

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
STAND_IN = REPOSITORY / 'slapos/test/upstream'
# SlapOS' own elsewhere, stock in the Python of setup-slapos.
STOCK = 'zc.buildout', 'zc.recipe.egg'
UPSTREAM = re.compile(r'https://lab\.nexedi\.com/nexedi/slapos/raw/([^/]+)/(.+)')
GETTING, INITIALIZING, LOADING = 'Getting option %s:%s.', 'Initializing section %s.', 'Loading input sections for %r'


class Upstream:
    """The SlapOS repository: a checkout, a git repository, or the stand-in where none is named."""

    def __init__(self, named, work):
        self.named = pathlib.Path(named) if named else None
        self.work = work
        self.revisions = set()
        self.folder = None if named else STAND_IN

    def file(self, url):
        """The file behind a URL of the SlapOS repository; None for other URLs."""
        match = UPSTREAM.match(url)
        if not match:
            return None
        self.revisions.add(match[1])
        if self.folder is None:
            self.folder = self.checkout(match[1])
        return pathlib.Path(os.path.normpath(self.folder / match[2]))

    def checkout(self, revision):
        if (self.named / 'component').is_dir():
            return self.named
        folder = self.work / 'slapos'
        folder.mkdir()
        command = ['git', '-C', self.named, 'archive', revision, 'component', 'stack']
        archive = subprocess.Popen(command, stdout=subprocess.PIPE)
        subprocess.run(['tar', '-x', '-C', folder], stdin=archive.stdout, check=True)
        if archive.wait():
            sys.exit(f'{self.named} has no revision {revision}')
        return folder


@contextlib.contextmanager
def answered_from(upstream, opened):
    """Within, profiles at the URLs of the SlapOS repository are files of `upstream`, and no other URL is opened."""

    def call(self, url, md5sum=None, path=None):
        if '://' not in url:
            return stock_call(self, url, md5sum, path)
        file = upstream.file(url)
        if file is None or path is not None:
            raise stock.zc.buildout.UserError(f'a download: {url}')
        if not file.is_file():
            raise stock.zc.buildout.UserError(f'no such file in the SlapOS repository: {url}')
        return str(file), False

    def open_(base, filename, *rest):
        opened.append(filename)
        return stock_open(base, filename, *rest)

    def copied(key, memo):
        # A key is copied at each of thousands of openings, and nothing writes in the items of its history.
        key = copy.copy(key)
        key.history = list(key.history)
        return key

    stock.SectionKey.__deepcopy__ = copied
    stock_call, stock_open = download.Download.__call__, stock._open
    download.Download.__call__, stock._open = call, open_
    try:
        yield
    finally:
        download.Download.__call__, stock._open = stock_call, stock_open


def normal(source):
    return source if '://' in source else os.path.normpath(source)


class Profile:
    """`parts` of the profile at `path` and whatever they refer to, with `unused_too` also what else is ours; `options`
    are those of [buildout]."""

    def __init__(self, path, upstream, work, unused_too=False, **options):
        self.path, self.upstream, self.opened, self.errors = path, upstream, [], {}
        work.mkdir(exist_ok=True)
        os.chdir(work)
        # Extensions would replace the running buildout and Python.
        always = {'directory': work, 'offline': 'true', 'newest': 'false', 'extensions': '', 'python': 'buildout',
                  'shared-part-list': work / 'shared', 'log-level': 'ERROR'}
        given = [('buildout', name.replace('_', '-'), str(value)) for name, value in {**always, **options}.items()]
        given += [('versions', name, pkg_resources.get_distribution(name).version) for name in STOCK]
        with answered_from(upstream, self.opened):
            try:
                self.buildout = stock.Buildout(str(path), given)
            except stock.zc.buildout.UserError as error:
                sys.exit(f'ERROR {path}: {error}')
            self.buildout._setup_directories()
            logging.disable(logging.ERROR)
            self.sources = {section: {option: normal(key.source) for option, key in options.items()}
                            for section, options in self.buildout._annotated.items()}
            for section in [*self.buildout['buildout']['parts'].split(), *(self.own_sections() if unused_too else [])]:
                self.initialise(section)

    def parents(self, section):
        return self.buildout._raw.get(section, {}).get('<', '').split()

    def own_sections(self):
        """Sections that files of this repository write in, but for those that others only start from."""
        own = [section for section, sources in self.sources.items()
               if section not in ('buildout', 'versions') and any(self.is_own(source) for source in sources.values())]
        bases = {parent for section in own for parent in self.parents(section)}
        return sorted(set(own) - bases)

    @staticmethod
    def is_own(source):
        return source.startswith(f'{REPOSITORY}/') and not source.startswith(f'{STAND_IN}/')

    def initialise(self, section):
        try:
            self.buildout[section]
        except (Exception, SystemExit) as error:
            steps, traceback = [], error.__traceback__
            while traceback:
                doing = traceback.tb_frame.f_locals.get('__doing__')
                if isinstance(doing, tuple) and doing not in steps:
                    steps.append(doing)
                traceback = traceback.tb_next
            # A section left half initialised would hide what else refers to the same fault.
            for text, *names in steps:
                if text == INITIALIZING:
                    self.buildout._data.pop(names[0], None)
            self.errors.setdefault(self.place(section, steps), f'{type(error).__name__}: {error}'.replace('\n', ' '))

    def place(self, section, steps):
        """Where the innermost step was: file, section, and option if it was one."""
        option = None
        for text, *names in steps:
            if text == GETTING:
                section, option = names
            elif text == INITIALIZING:
                section, option = names[0], None
            elif text == LOADING:
                section, option = names[0], '<'
        return self.source(section, option), section, option or ''

    def source(self, section, option=None):
        seen, todo = set(), [section]
        while todo:
            name = todo.pop()
            sources = self.sources.get(name, {})
            if option in sources or not option and sources:
                return sources.get(option) or sources.get('recipe') or next(iter(sources.values()))
            seen.add(name)
            todo += [parent for parent in self.parents(name) if parent not in seen]
        return str(self.path)

    def parts(self):
        return {name: self.buildout[name] for name in self.buildout._parts}

    def check_sums(self):
        """Sums of files that are at hand: this repository's, and the SlapOS repository's if it is not the stand-in."""
        for name, options in self.parts().items():
            pairs = [(options.get('url') or '', options.get('md5sum'), 'md5sum')]
            pairs += [(*patch.partition('#')[::2], 'patches') for patch in (options.get('patches') or '').split()]
            for url, md5sum, option in pairs:
                file = pathlib.Path(url) if url.startswith(f'{REPOSITORY}/') else self.upstream.file(url)
                if file is None or self.upstream.folder == STAND_IN and STAND_IN in file.parents:
                    continue
                place = self.source(name, option), name, option
                if not file.is_file():
                    self.errors.setdefault(place, f'no such file: {url}')
                elif md5sum and hashlib.md5(file.read_bytes()).hexdigest() != md5sum:
                    self.errors.setdefault(place, f'not the sum of {url}: {md5sum}')

    def report_errors(self):
        for (source, section, option), error in sorted(self.errors.items()):
            print(f'ERROR {source}: [{section}] {option}\n      {error}')
        return bool(self.errors)


@contextlib.contextmanager
def workshop():
    with tempfile.TemporaryDirectory(prefix='guichet-profiles-') as work:
        try:
            yield pathlib.Path(work).resolve()
        finally:
            os.chdir('/')
