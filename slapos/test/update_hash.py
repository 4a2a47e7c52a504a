"""Writes into slapos/buildout.hash.cfg the sums of the files that it names; with --check, only tells the wrong ones."""
import hashlib
import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent
ENTRY = re.compile(r'^(filename = (.+)\nmd5sum =).*$', re.MULTILINE)


def main(check):
    path = FOLDER / 'buildout.hash.cfg'
    text, wrong = path.read_text(), []

    def entry(match):
        file = FOLDER / match[2]
        new = f'{match[1]} {hashlib.md5(file.read_bytes()).hexdigest()}' if file.is_file() else match[0]
        if new != match[0] or not file.is_file():
            wrong.append(match[2] if file.is_file() else f'{match[2]} (no such file)')
        return new

    updated = ENTRY.sub(entry, text)
    for name in wrong:
        print(f'{path.name}: {name}', file=sys.stderr)
    if not check:
        path.write_text(updated)
    return any('no such file' in name for name in wrong) or bool(check and wrong)


if __name__ == '__main__':
    sys.exit(main('--check' in sys.argv[1:]))
