"""A SlapOS node on this machine with one portal on it, until Ctrl-C; what it holds is there again at the next start.

    laptop.py BASE VALUE=…    `make slapos-laptop` runs it
"""
import json
import pathlib
import sys
import time

import life
import node as nodes

PARAMETERS = 'parameters.json'
# slapgrid looks at the node so often, seconds, as it does on every real one.
PERIOD = 60


def main(base, values):
    base = pathlib.Path(base)
    node = nodes.Node(base, {'master': 4000}, values, keep=True)
    file = base / PARAMETERS
    if not file.exists():
        first = {'host-name': life.HOST, 'demonstration': True, 'officers': ['officier@exemple.fr'], 'rounds': life.rounds()}
        file.write_text(json.dumps(first, indent=2, ensure_ascii=False) + '\n')
    url = node.profile('laptop', 'laptop')
    told = None
    try:
        with node.timed('software release built'):
            node.build(url)
        while True:
            # Whoever changes the file has changed the request.
            partition = node.request(url, 'portail', json.loads(file.read_text()))
            code = node.one_pass()
            if code == 1:
                print(node.said[-1500:], flush=True)
            folder = node.folder(partition)
            failed, _ = node.promises(folder)
            said = f'promises not kept: {", ".join(failed)}' if failed or code else f'ready {node.published(partition)["url"]}'
            if said != told:
                told = said
                print(said, flush=True)
                if not failed and not code:
                    print(f'  parameters {file}\n  authority  {folder}/srv/authority/ca.pem\n'
                          f'  mailbox    {node.published(partition)["url"]}demo/mails\n'
                          f'  operator   {node.published(partition)["operator-url"]}\n  slapos     {base}/bin/slapos', flush=True)
            time.sleep(5 if failed or code else PERIOD)
    except KeyboardInterrupt:
        print('stopping', flush=True)
    finally:
        node.stop()


if __name__ == '__main__':
    main(sys.argv[1], dict(one.split('=', 1) for one in sys.argv[2:]))
